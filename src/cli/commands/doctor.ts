/** `ringfence doctor`: is everything there that the service needs, and what to do where it is not. */
import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { availableParallelism, freemem, tmpdir, totalmem } from 'node:os'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { RingfenceError } from '../../errors.js'
import { loadBackend } from '../../model/backend.js'
import { isServerStore, openStore } from '../../store/open.js'
import { version } from '../../version.js'
import { type Act, type Context, isService } from '../context.js'
import { ServiceClient } from '../service/client.js'
import { count } from '../table.js'

interface Check {
  readonly name: string
  readonly state: 'ok' | 'warning' | 'fault'
  readonly detail: string
  readonly advice: string | null
}

const ok = (name: string, detail: string): Check => ({ name, state: 'ok', detail, advice: null })

/** The lowest version that package.json's `engines` allows. */
const LEAST_NODE: readonly [number, number] = [20, 19]
const MB = 2 ** 20
/** Node.js with its libraries, a small graph and DuckDB's own buffers. */
const LEAST_MEMORY = 1024 * MB
const LEAST_DISK = 1024 * MB

const checkNode = (): Check => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const fits = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])
  const detail = `Node.js ${process.versions.node} on ${process.platform} ${process.arch}, ${availableParallelism()} cores`
  if (fits) return ok('node', detail)
  return { name: 'node', state: 'fault', detail, advice: `Install Node.js ${LEAST_NODE.join('.')} or newer.` }
}

const checkMemory = (): Check => {
  const constrained = process.constrainedMemory()
  const total = constrained > 0 && constrained < totalmem() ? constrained : totalmem()
  const detail = `${count(Math.round(total / MB))} MB, ${count(Math.round(freemem() / MB))} MB of the machine free`
  if (total >= LEAST_MEMORY) return ok('memory', detail)
  return {
    name: 'memory',
    state: 'warning',
    detail,
    advice: 'Give it 1 GB or more; ringfence detect --estimate says what your data needs.',
  }
}

const checkDuckDb = async (): Promise<Check> => {
  try {
    const { DuckDBInstance, version: engine } = await import('@duckdb/node-api')
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    const rows = await connection.runAndReadAll('SELECT 6 * 7')
    connection.closeSync()
    instance.closeSync()
    if (Number(rows.getRows()[0]?.[0]) !== 42) throw new Error('the engine computes wrongly')
    return ok('duckdb', `DuckDB ${engine()} answers`)
  } catch (error) {
    return {
      name: 'duckdb',
      state: 'fault',
      detail: error instanceof Error ? error.message : String(error),
      advice: 'Run npm ci again on this machine: the native part must be the one for this system.',
    }
  }
}

const checkTensorFlow = async (): Promise<Check> => {
  try {
    const { title, reason } = await loadBackend()
    return ok('model', `${title}: ${reason}`)
  } catch (error) {
    const known = error instanceof RingfenceError ? error : new RingfenceError('internal', String(error))
    return { name: 'model', state: 'fault', detail: known.message, advice: known.advice }
  }
}

const checkDisk = async (name: string, path: string): Promise<Check> => {
  const { bavail, bsize } = await statfs(path)
  const detail = `${count(Math.round((bavail * bsize) / MB))} MB free at ${path}`
  if (bavail * bsize >= LEAST_DISK) return ok(name, detail)
  return { name, state: 'warning', detail, advice: 'Free some space: a load needs about as much as the data itself.' }
}

const checkStore = async (context: Context): Promise<Check> => {
  const { store: location } = context
  try {
    if (isService(location)) {
      await new ServiceClient(location, context.signal).json('/health/ready')
      return ok('store', `the service at ${location} answers and is ready`)
    }
    if (!isServerStore(location) && !existsSync(location))
      return ok('store', `${location} is not there yet; ringfence ingest makes it`)
    const store = await openStore(location, { migrate: false, create: false })
    try {
      await store.ping()
      const status = await store.migrationStatus()
      const open = status.filter((each) => each.state !== 'applied').length
      if (status.some((each) => each.state === 'changed'))
        throw new RingfenceError('migration.checksum', `${location} has a migration that differs from its file.`)
      return ok(
        'store',
        `${store.location} (${store.engine}) answers, ${open === 0 ? 'up to date' : `${open} migrations pending`}`,
      )
    } finally {
      await store.close()
    }
  } catch (error) {
    const known = error instanceof RingfenceError ? error : new RingfenceError('internal', String(error))
    return { name: 'store', state: 'fault', detail: known.message, advice: known.advice }
  }
}

const runDoctor = async (context: Context): Promise<void> => {
  const folder = isServerStore(context.store) || isService(context.store) ? '.' : dirname(resolve(context.store))
  const checks = [
    checkNode(),
    checkMemory(),
    await checkDuckDb(),
    await checkTensorFlow(),
    await checkDisk('disk', existsSync(folder) ? folder : '.'),
    await checkDisk('scratch', tmpdir()),
    await checkStore(context),
  ]
  const fault = checks.some((check) => check.state === 'fault')
  await context.result(
    { version, healthy: !fault, checks },
    [
      `ringfence ${version}`,
      ...checks.map(
        (check) =>
          `${check.state.padEnd(8)} ${check.name.padEnd(8)} ${check.detail}${check.advice === null ? '' : `\n${' '.repeat(18)}What to do: ${check.advice}`}`,
      ),
    ].join('\n'),
  )
  if (fault) context.exit = 2
}

export const addDoctor = (program: Command, act: Act): void => {
  program
    .command('doctor')
    .description(
      'Checks Node.js, memory, disk, DuckDB, TensorFlow and the store, and says what to do where something is missing. Exit code 2 when it is.',
    )
    .addHelpText('after', '\nExamples:\n  ringfence doctor\n  ringfence doctor --store neo4j://db:7687 --json')
    .action((_options: unknown, command: Command) => act(command, runDoctor))
}
