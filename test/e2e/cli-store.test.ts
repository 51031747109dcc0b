import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { snapshotDigest } from '#src/graph/snapshot-digest.js'
import { openStore } from '#src/store/open.js'
import { likes, oneObject, ringfence, start, temporary } from './cli-command.js'

let folder: ReturnType<typeof temporary>
beforeEach(() => {
  folder = temporary()
})
afterEach(() => folder.remove())

const contentOf = async (path: string): Promise<{ digest: string; interactions: number; entities: number }> => {
  const store = await openStore(path, { create: false })
  try {
    return { digest: snapshotDigest(buildSnapshot(await store.readGraph(null))), ...(await store.counts()) }
  } finally {
    await store.close()
  }
}

describe('a load that is cut off', () => {
  // More than one batch of a load.
  const SIZE = 600_000

  test('by a kill at any moment and run again ends with the same store as one clean run', async () => {
    const simulated = await ringfence([
      'simulate',
      '--out',
      folder.path('world'),
      '--interactions',
      String(SIZE),
      '--quiet',
    ])
    expect(simulated.exit).toBe(0)
    const files = [folder.path('world/interactions.csv'), folder.path('world/entities.csv')]
    const clean = folder.path('clean.duckdb')
    const begin = performance.now()
    expect((await ringfence(['ingest', ...files, '--store', clean])).exit).toBe(0)
    const took = performance.now() - begin

    const broken = folder.path('broken.duckdb')
    let killed = 0
    for (const share of [0.2, 0.35, 0.5]) {
      const running = start(['ingest', ...files, '--store', broken])
      await wait(took * share)
      running.child.kill('SIGKILL')
      if ((await running.ended).signal === 'SIGKILL') killed++
    }
    expect(killed).toBeGreaterThanOrEqual(2)
    const again = await ringfence(['ingest', ...files, '--store', broken, '--json'])
    expect(again.exit).toBe(0)
    const { accepted, duplicates } = oneObject(again)
    expect(Number(accepted) + Number(duplicates)).toBe(SIZE)
    expect(await contentOf(broken)).toEqual(await contentOf(clean))
  })

  test('by Ctrl-C ends with exit code 130, keeps whole batches, and says how to go on', async () => {
    await ringfence(['simulate', '--out', folder.path('world'), '--interactions', String(SIZE), '--quiet'])
    const store = folder.path('graph.duckdb')
    const running = start(['ingest', folder.path('world/interactions.csv'), '--store', store, '--json'])
    // The store is open, and a part of the file at most is read.
    while (!existsSync(`${store}.tmp`)) await wait(5)
    running.child.kill('SIGINT')
    const ended = await running.ended
    expect(ended.exit).toBe(130)
    const result = oneObject(ended)
    expect(Number(result.accepted)).toBeLessThan(SIZE)
    expect(ended.stderr).toMatch(/The load was cancelled: .*\n {2}What to do: Run the same command again/)
    expect((await contentOf(store)).interactions).toBe(Number(result.accepted))
  })
})

describe('a store that is in use', () => {
  test('is refused with who holds it; exit code 2', async () => {
    writeFileSync(folder.path('likes.csv'), likes(5))
    const path = folder.path('graph.duckdb')
    const held = await openStore(path)
    try {
      const ended = await ringfence(['ingest', folder.path('likes.csv'), '--store', path, '--json'])
      expect(ended.exit).toBe(2)
      const { error } = oneObject(ended) as { error: { code: string; detail: string } }
      expect(error.code).toBe('store.locked')
      expect(error.detail).toContain(String(process.pid))
    } finally {
      await held.close()
    }
  })

  test('is refused while standard input is silent, and its rejects file is let alone', async () => {
    const path = folder.path('graph.duckdb')
    const rejects = `${path}.rejected.ndjson`
    writeFileSync(rejects, "the holder's")
    const held = await openStore(path)
    try {
      const { ended } = start(['ingest', '-', '--store', path, '--json'], { keepOpen: true })
      const { exit, stdout } = await ended
      expect([exit, stdout]).toEqual([2, expect.stringContaining('store.locked')])
      expect(readFileSync(rejects, 'utf8')).toBe("the holder's")
    } finally {
      await held.close()
    }
  })
})

describe('commands that read', () => {
  test('do not make a store that is not there', async () => {
    for (const args of [['detect'], ['rings'], ['migrate', '--status']]) {
      const ended = await ringfence([...args, '--store', folder.path('none.duckdb'), '--json'])
      expect(ended.exit).toBe(2)
      expect((oneObject(ended) as { error: { code: string } }).error.code).toBe('file.missing')
    }
  })

  test('take the store from RINGFENCE_STORE, and --store before it', async () => {
    writeFileSync(folder.path('likes.csv'), likes(5))
    const env = { RINGFENCE_STORE: folder.path('from-env.duckdb') }
    expect((await ringfence(['ingest', folder.path('likes.csv')], { env })).exit).toBe(0)
    expect((await contentOf(folder.path('from-env.duckdb'))).interactions).toBe(5)
    const other = folder.path('other.duckdb')
    expect((await ringfence(['--store', other, 'ingest', folder.path('likes.csv')], { env })).exit).toBe(0)
    expect((await contentOf(other)).interactions).toBe(5)
    expect((await ringfence(['ingest', folder.path('likes.csv')], { cwd: folder.path('.') })).exit).toBe(0)
    expect((await contentOf(folder.path('ringfence.duckdb'))).interactions).toBe(5)
  })

  test('migrate --status lists the migrations, doctor finds a healthy machine', async () => {
    const path = folder.path('graph.duckdb')
    expect((await ringfence(['migrate', '--store', path])).exit).toBe(0)
    const status = oneObject(await ringfence(['migrate', '--status', '--store', path, '--json'])) as {
      migrations: { version: number; state: string }[]
    }
    expect(status.migrations.length).toBeGreaterThan(0)
    expect(status.migrations.every((migration) => migration.state === 'applied')).toBe(true)
    const doctor = await ringfence(['doctor', '--store', path, '--json'])
    expect(doctor.exit).toBe(0)
    expect(oneObject(doctor)).toMatchObject({ healthy: true })
  })

  test('doctor says what is wrong with a store, and what to do; exit code 2', async () => {
    writeFileSync(folder.path('graph.duckdb'), 'this is no DuckDB file, whatever its name says')
    const doctor = await ringfence(['doctor', '--store', folder.path('graph.duckdb')])
    expect(doctor.exit).toBe(2)
    expect(doctor.stdout).toMatch(/fault {4}store .*\n +What to do: /)
  })
})

describe('keys', () => {
  test('are shown once when made, listed without their hash, and revoked once', async () => {
    const on = ['--store', folder.path('graph.duckdb'), '--json']
    const made = oneObject(await ringfence(['keys', 'create', '--role', 'ingest', '--name', 'event pipeline', ...on]))
    expect(made).toMatchObject({ role: 'ingest', name: 'event pipeline', revokedAt: null })
    expect(made.key).toMatch(/^ringfence_[0-9a-f]{12}_[\w-]{43}$/)
    const listed = await ringfence(['keys', 'list', ...on])
    const { key, ...shown } = made
    expect(oneObject(listed)).toEqual({ keys: [shown] })
    expect(listed.stdout).not.toContain(String(key))
    expect((await ringfence(['keys', 'revoke', String(made.id), ...on])).exit).toBe(0)
    const again = await ringfence(['keys', 'revoke', String(made.id), ...on])
    expect(again.exit).toBe(2)
    expect((oneObject(again) as { error: { code: string } }).error.code).toBe('key.unknown')
    const bare = await ringfence([
      'keys',
      'create',
      '--role',
      'admin',
      '--name',
      'me',
      '--store',
      folder.path('graph.duckdb'),
    ])
    expect(bare.stdout).toMatch(/^ringfence_[0-9a-f]{12}_[\w-]{43}\n$/)
    expect((await ringfence(['keys', 'create', '--role', 'boss', '--name', 'me', ...on])).exit).toBe(2)
    expect((await ringfence(['keys', ...on])).exit).toBe(2)
  })

  test('and jobs of an empty store are empty lists', async () => {
    const on = ['--store', folder.path('graph.duckdb'), '--json']
    await ringfence(['migrate', ...on])
    expect(oneObject(await ringfence(['keys', 'list', ...on]))).toEqual({ keys: [] })
    expect(oneObject(await ringfence(['jobs', ...on]))).toEqual({ jobs: [] })
    expect((await ringfence(['jobs', 'show', 'none', ...on])).exit).toBe(2)
  })
})
