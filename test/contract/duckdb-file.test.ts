/** What is DuckDB's own: the file, its lock, its scratch folder, and a kill at any moment. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { Random } from '#src/kernels/random.js'
import { claimOwner, readOwner } from '#src/store/duckdb/owner.js'
import { openStore } from '#src/store/open.js'
import { batchOf } from '../support/batches.js'
import { stateOf } from '../support/store-state.js'

const loadBatches = 30
const writer = fileURLToPath(new URL('../support/duckdb-writer.js', import.meta.url))

let folder = ''
let path = ''
const children: ChildProcess[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringfence-file-'))
  path = join(folder, 'store.duckdb')
})
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  rmSync(folder, { recursive: true, force: true })
})

const start = (...args: string[]) => {
  const child = spawn(process.execPath, [writer, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let output = ''
  let errors = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  child.stderr.on('data', (data) => {
    errors += data
  })
  const ended = once(child, 'close')
  return {
    child,
    ended,
    errors: () => errors,
    output: () => output,
    opened: async () => {
      while (!output.includes('open')) {
        if (child.exitCode !== null) throw new Error(`the process ended: ${errors}`)
        await wait(10)
      }
    },
  }
}

const loadWhole = async (...options: string[]): Promise<{ readonly milliseconds: number; readonly output: string }> => {
  const begin = performance.now()
  const { child, ended, errors, output } = start('load', path, ...options)
  await ended
  expect([child.exitCode, errors()]).toEqual([0, ''])
  return { milliseconds: performance.now() - begin, output: output() }
}

const state = async (): Promise<string> => {
  const store = await openStore(path)
  try {
    return JSON.stringify(await stateOf(store))
  } finally {
    await store.close()
  }
}

const emptyFolder = (): void => {
  rmSync(folder, { recursive: true })
  mkdirSync(folder)
}

test('a kill at any moment, then the same load again, ends with the same store as one clean load', async () => {
  await (await openStore(path)).close()
  // Every state that whole batches lead to, the empty store first.
  const states = [await state()]
  const { output } = await loadWhole('states')
  for (const line of output.trim().split('\n').slice(1)) states.push(line.slice(line.indexOf(' ') + 1))
  expect(states).toHaveLength(loadBatches + 1)
  const clean = states.at(-1)
  expect(await state()).toBe(clean)
  emptyFolder()
  const { milliseconds, output: plain } = await loadWhole()
  const statements = plain
    .trim()
    .split('\n')
    .map((line) => Number(line.split(' ')[1]))
  expect(await state()).toBe(clean)
  emptyFolder()

  const random = new Random(Date.now())
  let killed = 0
  let reached = 0
  /** After a kill the store holds whole batches: the acknowledged ones, perhaps the one under way, and all from before. */
  const check = async (run: ReturnType<typeof start>): Promise<void> => {
    await run.ended
    if (run.child.signalCode === 'SIGKILL') killed++
    const acknowledged = Number.parseInt(run.output().trim().split('\n').at(-1)!, 10) || 0
    // Killed before the file was there.
    if (!existsSync(path)) return
    reached = Math.max(reached, acknowledged)
    const batches = states.indexOf(await state())
    expect(batches).toBeGreaterThanOrEqual(reached)
    reached = batches
  }
  for (let attempt = 0; attempt < 5; attempt++) {
    const run = start('load', path)
    await wait(random.float() * milliseconds * (attempt < 2 ? 0.3 : 1))
    run.child.kill('SIGKILL')
    await check(run)
  }
  expect(killed).toBeGreaterThan(2)
  await loadWhole()
  expect(await state()).toBe(clean)
  expect(readdirSync(folder)).toEqual(['store.duckdb'])

  // Between two statements of a new store: while it is migrated, and then in the first batches.
  for (let attempt = 0; attempt < 12; attempt++) {
    emptyFolder()
    reached = 0
    const [from, to] = attempt < 3 ? [0, statements[0]!] : [statements[0]!, statements[3]!]
    await check(start('load', path, String(from + 1 + random.below(to - from))))
  }
  await loadWhole()
  expect(await state()).toBe(clean)
}, 400_000)

test('where the file cannot grow the load says so, and what was acknowledged is kept', async () => {
  // The shell's limit on the size of a file stands for a full disk; in blocks of 512 bytes or, in bash, of 1,024.
  const child = spawn('/bin/sh', ['-c', `ulimit -f 1400; exec "$0" "$@"`, process.execPath, writer, 'load', path], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let output = ''
  let errors = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  child.stderr.on('data', (data) => {
    errors += data
  })
  await once(child, 'close')
  expect(child.exitCode).toBe(1)
  expect(errors).toContain("code: 'store.full'")
  const acknowledged = Number.parseInt(output.trim().split('\n').at(-1)!, 10) || 0
  expect(acknowledged).toBeLessThan(loadBatches)
  const kept = await state()
  const { output: states } = await loadWhole('states')
  // What was known adds nothing, so the load passes through the state that was kept, unless that was the empty one.
  if (acknowledged > 0) expect(states).toContain(kept)
  else expect(JSON.parse(kept).interactions).toBe(0)
})

test('a second process is told who holds the file, and where it is served', async () => {
  const { child, opened } = start('hold', path)
  await opened()
  await expect(openStore(path)).rejects.toMatchObject({
    code: 'store.locked',
    detail: expect.stringContaining(`process ${child.pid}`),
    facts: { pid: child.pid, address: null },
  })
  child.kill('SIGKILL')
  await once(child, 'exit')

  const serving = start('hold', path, 'http://127.0.0.1:8080')
  await serving.opened()
  await expect(openStore(path)).rejects.toMatchObject({
    code: 'store.locked',
    detail: expect.stringContaining('--store http://127.0.0.1:8080'),
    facts: { pid: serving.child.pid, address: 'http://127.0.0.1:8080' },
  })
  serving.child.kill('SIGKILL')
  await once(serving.child, 'exit')
  expect(readOwner(path)).toBeNull()
  await (await openStore(path)).close()
})

test('an owner is named until it lets go', async () => {
  const release = claimOwner(path, { address: 'http://127.0.0.1:9' })
  expect(readOwner(path)).toMatchObject({ pid: process.pid, address: 'http://127.0.0.1:9' })
  release()
  expect(readOwner(path)).toBeNull()
  expect(readdirSync(folder)).toEqual([])
  writeFileSync(`${path}.owner.json`, '{"pid":')
  expect(readOwner(path)).toBeNull()
})

test('one process opens a file once', async () => {
  const store = await openStore(path)
  await expect(openStore(path)).rejects.toMatchObject({ code: 'store.locked', facts: { pid: process.pid } })
  expect(await store.counts()).toEqual({ entities: 0, interactions: 0 })
  await store.close()
  await (await openStore(path)).close()
})

test('two processes that make the same new store end with one', async () => {
  const both = [start('load', path), start('load', path)]
  await Promise.all(both.map(({ ended }) => ended))
  const codes = both.map(({ child }) => child.exitCode)
  expect(codes).toContain(0)
  for (const { child, errors } of both) if (child.exitCode !== 0) expect(errors()).toContain('is held by process')
  const made = await state()
  await loadWhole()
  expect(await state()).toBe(made)
})

test('a file that is no store is refused, and left as it was', async () => {
  const text = 'id,type,actor,target\n'.repeat(2000)
  writeFileSync(path, text)
  await expect(openStore(path)).rejects.toMatchObject({ code: 'store.damaged' })
  expect(readFileSync(path, 'utf8')).toBe(text)

  await expect(openStore(folder)).rejects.toMatchObject({ code: 'store.damaged' })

  const foreign = join(folder, 'foreign.duckdb')
  const instance = await DuckDBInstance.create(foreign)
  const connection = await instance.connect()
  await connection.run('CREATE TABLE sales (amount INTEGER)')
  connection.closeSync()
  instance.closeSync()
  await expect(openStore(foreign)).rejects.toMatchObject({
    code: 'store.damaged',
    detail: expect.stringContaining('sales'),
  })

  const short = join(folder, 'short.duckdb')
  await (await openStore(short)).close()
  truncateSync(short, 5000)
  await expect(openStore(short)).rejects.toMatchObject({ code: 'store.damaged' })
})

test('a store that is not there is made only when that is wanted', async () => {
  await expect(openStore(path, { create: false })).rejects.toMatchObject({ code: 'file.missing' })
  await expect(openStore(join(folder, 'none', 'store.duckdb'))).rejects.toMatchObject({ code: 'file.missing' })
  expect(readdirSync(folder)).toEqual([])
  await expect(openStore('postgres://user:secret@host/db')).rejects.toMatchObject({
    code: 'usage',
    message: expect.not.stringContaining('secret'),
  })
})

test('what a killed process left is removed, and nothing is left beside a closed store', async () => {
  mkdirSync(`${path}.tmp`)
  writeFileSync(join(`${path}.tmp`, 'interactions.tsv'), 'left over')
  // No process has the greatest number that Linux gives, nor more.
  writeFileSync(`${path}.creating-${2 ** 22 + 1}`, 'left over')
  const store = await openStore(path)
  await store.writeBatch(batchOf([{ id: '1', type: 'like', actor: 'user:a', target: 'video:v' }]))
  expect(readdirSync(`${path}.tmp`).filter((file) => file !== 'spill')).toEqual([])
  await store.close()
  expect(readdirSync(folder)).toEqual(['store.duckdb'])
})

test('a batch with a line that cannot be read adds nothing, and the next one is taken', async () => {
  const store = await openStore(path)
  const good = batchOf(
    Array.from(
      { length: 3000 },
      (_, i) => ({ id: `${i}`, type: 'like', actor: `user:${i}`, target: 'video:v' }) as const,
    ),
  )
  const broken = Buffer.concat([good.interactions, Buffer.from('3001\t6\tx\t1\ta\t2\tv\t\t\t0\tnot a number\t\n')])
  await expect(store.writeBatch({ ...good, interactions: broken, interactionCount: 3001 })).rejects.toThrow()
  await expect(store.writeBatch({ ...good, interactionCount: 3001 })).rejects.toThrow('3001')
  expect(await store.counts()).toEqual({ entities: 0, interactions: 0 })
  expect(await store.writeBatch(good)).toMatchObject({ accepted: 3000 })
  await store.close()
})

test('more markets than a code can number are refused, and nothing of the batch stays', async () => {
  const store = await openStore(path)
  const lines = (count: number) =>
    batchOf(
      Array.from(
        { length: count },
        (_, i) => ({ id: `${i}`, type: 'like', actor: 'user:a', target: 'video:v', market: `m${i}` }) as const,
      ),
    )
  await expect(store.writeBatch(lines(65_536))).rejects.toMatchObject({ code: 'store.full' })
  expect(await store.counts()).toEqual({ entities: 0, interactions: 0 })
  expect(await store.writeBatch(lines(65_535))).toMatchObject({ accepted: 65_535 })
  expect(buildSnapshot(await store.readGraph(null)).markets).toHaveLength(65_536)
  await store.close()
})

test('keys are made anew where the engine hashes in another way than when they were made', async () => {
  const batch = batchOf([
    { id: '1', type: 'like', actor: 'user:a', target: 'video:v' },
    { id: '2', type: 'like', actor: 'user:b', target: 'video:v' },
  ])
  const store = await openStore(path)
  await store.writeBatch(batch)
  await store.close()

  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  await connection.run("UPDATE settings SET value = 'of another engine' WHERE name = 'hash-probe'")
  await connection.run('UPDATE interactions SET key = key + 1')
  await connection.run('UPDATE entities SET key = key + 1')
  connection.closeSync()
  instance.closeSync()

  const again = await openStore(path)
  expect(await again.writeBatch(batch)).toEqual({ accepted: 0, duplicates: 2, conflicts: [], entities: 0 })
  expect(await again.readEntity('user', 'a')).not.toBeNull()
  await again.close()
})

test('the view for people shows names', async () => {
  const store = await openStore(path)
  await store.writeBatch(
    batchOf([
      { id: '1', type: 'like', actor: 'user:a', target: 'video:v', at: '2026-01-02T03:04:05.678Z', market: 'US' },
    ]),
  )
  await store.close()
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  const shown = await connection.run('SELECT * REPLACE ("at"::VARCHAR AS "at") FROM readable_interactions')
  expect(await shown.getRowObjectsJson()).toEqual([
    {
      type: 'like',
      id: '1',
      actor: 'user:a',
      target: 'video:v',
      at: '2026-01-02 03:04:05.678',
      market: 'US',
      scenario: 'content',
      weight: 1,
      attributes: null,
    },
  ])
  connection.closeSync()
  instance.closeSync()
})
