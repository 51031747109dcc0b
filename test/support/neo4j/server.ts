/**
 * A real Neo4j Community server for tests and benchmarks: the one that RINGFENCE_TEST_NEO4J_URI names, else a container
 * where an engine answers, else the server's jars under Java. Whatever is started here ends with the process that started it,
 * however that one dies, because it watches a pipe from it.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import neo4j from 'neo4j-driver'
import { launcherFolder, neo4jJars } from './jars.js'

const run = promisify(execFile)

export interface Neo4jAddress {
  readonly uri: string
  readonly user: string
  readonly password: string
  readonly database: string
}

export interface Neo4jServer extends Neo4jAddress {
  /** `given`, `docker` or `java`. */
  readonly from: string
  stop(): Promise<void>
}

export interface Unavailable {
  /** Why there is no server here, for a person. */
  readonly unavailable: string
}

const CONTAINER_IMAGE = 'neo4j:5.26-community'
/** A container may have to be pulled first; the Java server answers in 10 s on two cores, more on busy ones. */
const START_MS = 180_000
const STOP_MS = 10_000
const DOCKER_INFO_MS = 10_000
/** Small, so that the tests fit beside others on a machine of two cores. */
const HEAP = '-Xmx1g'

const message = (error: unknown): string => {
  const { stderr } = error as { stderr?: string }
  return (stderr?.trim() || (error as Error).message).slice(0, 500)
}

/** Ends the server by closing the pipe that it watches; kills it where it does not listen. */
const stopChild = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.stdin?.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await exited
  clearTimeout(timer)
}

/** Lets this process end while the server still runs: the server then ends by itself. */
const letGo = (child: ChildProcess): void => {
  child.unref()
  for (const stream of child.stdio) (stream as { unref?: () => void } | null)?.unref?.()
}

const answers = async (address: Neo4jAddress, child: ChildProcess): Promise<void> => {
  const driver = neo4j.driver(address.uri, neo4j.auth.basic(address.user, address.password))
  try {
    for (const giveUp = Date.now() + START_MS; ; await sleep(500)) {
      try {
        await driver.verifyConnectivity({ database: address.database })
        return
      } catch (error) {
        if (child.exitCode !== null || Date.now() > giveUp) throw error
      }
    }
  } finally {
    await driver.close()
  }
}

const startContainer = async (): Promise<Neo4jServer> => {
  await run('docker', ['info'], { timeout: DOCKER_INFO_MS })
  const password = randomBytes(12).toString('hex')
  const name = `ringfence-test-neo4j-${randomBytes(6).toString('hex')}`
  // The container ends when its standard input does; its data goes with it.
  const script = '/startup/docker-entrypoint.sh neo4j & cat > /dev/null'
  const options = ['--rm', '-i', '--name', name, '-p', '127.0.0.1::7687', '-e', 'NEO4J_AUTH', '--entrypoint', 'sh']
  const child = spawn('docker', ['run', ...options, CONTAINER_IMAGE, '-c', script], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, NEO4J_AUTH: `neo4j/${password}` },
  })
  let complaint = ''
  child.stderr?.on('data', (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(-500)
  })
  try {
    let port = ''
    for (const giveUp = Date.now() + START_MS; port === ''; await sleep(500)) {
      if (child.exitCode !== null || Date.now() > giveUp) throw new Error(complaint.trim() || 'the container ended')
      const { stdout } = await run('docker', ['port', name, '7687']).catch(() => ({ stdout: '' }))
      port = /:(\d+)\s*$/m.exec(stdout)?.[1] ?? ''
    }
    const address = { uri: `bolt://127.0.0.1:${port}`, user: 'neo4j', password, database: 'neo4j' }
    await answers(address, child)
    letGo(child)
    return { ...address, from: 'docker', stop: () => stopChild(child) }
  } catch (error) {
    await stopChild(child)
    throw error
  }
}

const startJava = async (): Promise<Neo4jServer> => {
  await run('java', ['-version'])
  const jars = await neo4jJars()
  const home = await mkdtemp(join(tmpdir(), 'ringfence-neo4j-'))
  const password = randomBytes(12).toString('hex')
  const opens = ['nio', 'io'].map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`)
  const options = [HEAP, '-XX:+UseSerialGC', ...opens, '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED']
  const launcher = join(launcherFolder, 'Launcher.java')
  const child = spawn('java', [...options, '-cp', join(jars, '*'), launcher, home], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, RINGFENCE_TEST_NEO4J_PASSWORD: password },
  })
  const stop = async () => {
    await stopChild(child)
    await rm(home, { recursive: true, force: true, maxRetries: 3 })
  }
  let complaint = ''
  child.stderr?.on('data', (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(-500)
  })
  const listening = async (): Promise<string> => {
    for await (const line of createInterface({ input: child.stdout! })) {
      const port = /^listening (\d+)$/.exec(line)?.[1]
      if (port !== undefined) return port
    }
    throw new Error(`the Java server ended: ${complaint.trim()}`)
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS)
  try {
    const port = await listening()
    child.stdout?.resume()
    letGo(child)
    return {
      uri: `bolt://127.0.0.1:${port}`,
      user: 'neo4j',
      password,
      database: 'neo4j',
      from: 'java',
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Tests empty the database of the server that they are given: never name one with data that matters. */
export const startNeo4j = async (): Promise<Neo4jServer | Unavailable> => {
  const { RINGFENCE_TEST_NEO4J_URI: uri, RINGFENCE_TEST_NEO4J_USER: user } = process.env
  if (uri) {
    return {
      uri,
      user: user || 'neo4j',
      password: process.env.RINGFENCE_TEST_NEO4J_PASSWORD ?? '',
      database: process.env.RINGFENCE_TEST_NEO4J_DATABASE || 'neo4j',
      from: 'given',
      stop: async () => {},
    }
  }
  const reasons: string[] = []
  for (const [what, start] of [
    ['Docker', startContainer],
    ['Java and Maven', startJava],
  ] as const) {
    try {
      return await start()
    } catch (error) {
      reasons.push(`${what}: ${message(error)}`)
    }
  }
  return { unavailable: `RINGFENCE_TEST_NEO4J_URI is not set; ${reasons.join('; ')}` }
}
