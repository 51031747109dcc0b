import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  addressOf,
  type Ended,
  likes,
  oneObject,
  type Running,
  ringfence,
  start,
  stop,
  temporary,
} from './cli-command.js'

let folder: ReturnType<typeof temporary>
let services: Running[]
beforeEach(() => {
  folder = temporary()
  services = []
})
afterEach(async () => {
  for (const { child } of services) child.kill('SIGKILL')
  await Promise.all(services.map(({ ended }) => ended))
  folder.remove()
})

const here = () => ({ cwd: folder.path('.') })
const run = (...args: string[]): Promise<Ended> => ringfence(args, here())

const serve = async (args: readonly string[]): Promise<{ readonly service: Running; readonly address: string }> => {
  const service = start(args, here())
  services.push(service)
  return { service, address: await addressOf(service) }
}

/** A port that something else listens on, for as long as `work` runs. */
const withTakenPort = async (work: (port: number) => Promise<void>): Promise<void> => {
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
  const address = holder.address()
  try {
    await work(typeof address === 'object' && address ? address.port : 0)
  } finally {
    await new Promise((resolve) => holder.close(resolve))
  }
}

const without = (object: Record<string, unknown>, ...names: string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))

describe('a served store', () => {
  test('takes, detects and lists over HTTP what the same commands give on a file', async () => {
    const made = await run('simulate', '--out', folder.path('world'), '--interactions', '30k', '--json')
    expect(made.exit).toBe(0)
    const files = ['interactions.csv', 'entities.csv'].map((name) => folder.path(`world/${name}`))
    // The same key with other content, an unknown type, a broken time: rejected on either way.
    writeFileSync(
      folder.path('bad.csv'),
      `${likes(4)}l2,like,user:other,video:v9,2026-01-05T10:00:00Z,US,,,\nx1,nothing,user:a,video:b,,,,,\nx2,like,user:a,video:b,soon,,,,\nx3,like,user:a,video:b,,,,,"{""text"":""ä"",""big"":12345678901}"\n`,
    )
    const { service, address } = await serve(['serve', '--store', folder.path('served.duckdb'), '--port', '0'])
    const local = ['--store', folder.path('local.duckdb')]
    const remote = ['--store', address]
    const both = (...args: string[]): Promise<[Ended, Ended]> =>
      Promise.all([run(...args, ...local), run(...args, ...remote)])

    const rejects = [folder.path('local.ndjson'), folder.path('remote.ndjson')] as const
    const bad = ['ingest', folder.path('bad.csv'), '--max-rejects', '10', '--json']
    const here = await run(...bad, '--rejects', rejects[0], ...local)
    const there = await run(...bad, '--rejects', rejects[1], ...remote)
    expect([here.exit, there.exit]).toEqual([3, 3])
    expect(oneObject(there)).toMatchObject({ read: 8, accepted: 5, rejected: 3, duplicates: 0 })
    expect(without(oneObject(there), 'seconds', 'rejectsFile')).toEqual(
      without(oneObject(here), 'seconds', 'rejectsFile'),
    )
    expect(readFileSync(rejects[1], 'utf8')).toBe(readFileSync(rejects[0], 'utf8'))

    for (const more of [{}, { again: true }]) {
      const [mine, theirs] = await both('ingest', ...files, '--json')
      expect([mine.exit, theirs.exit]).toEqual([0, 0])
      expect(without(oneObject(theirs), 'seconds')).toEqual(without(oneObject(mine), 'seconds'))
      expect(oneObject(theirs)).toMatchObject('again' in more ? { accepted: 0 } : { duplicates: 0 })
    }

    const [none, noneThere] = await both('rings', '--json')
    expect(noneThere.exit).toBe(none.exit)
    expect(oneObject(noneThere)).toMatchObject({ error: { code: 'run.none' } })

    const [mine, theirs] = await both('detect', '--json')
    expect(theirs.stderr).not.toContain('Internal')
    const found = oneObject(theirs)
    expect(Object.keys(found)).toEqual(Object.keys(oneObject(mine)))
    const measured = ['run', 'seconds', 'peakMb', 'stages']
    expect(without(found, ...measured)).toEqual(without(oneObject(mine), ...measured))
    expect(found.rings).toBeGreaterThan(2)

    for (const args of [
      ['--members', '--format', 'csv'],
      ['--format', 'csv'],
      ['--members', '--format', 'ndjson'],
    ]) {
      const [listed, listedThere] = await both('rings', ...args)
      expect(listedThere.exit).toBe(0)
      expect(listedThere.stdout).toBe(listed.stdout)
      expect(listedThere.stdout.split('\n').length).toBeGreaterThan(2)
    }

    const { jobs } = oneObject(await run('jobs', 'list', '--json', ...remote)) as { jobs: Record<string, unknown>[] }
    expect(jobs).toMatchObject([{ type: 'detect', state: 'done', result: { run: found.run } }])
    expect(oneObject(await run('jobs', 'cancel', String(jobs[0]!.id), '--json', ...remote))).toMatchObject({
      state: 'done',
    })
    const unknown = await run('jobs', 'show', 'none', '--json', ...remote)
    expect(unknown.exit).toBe(2)
    expect(oneObject(unknown)).toMatchObject({ error: { code: 'job.unknown' } })

    expect(oneObject(await run('doctor', '--json', ...remote))).toMatchObject({ healthy: true })
    const wrong = await run('detect', '--detectors', 'nothing', '--json', ...remote)
    expect(wrong.exit).toBe(2)

    expect((await stop(service, 'SIGTERM')).exit).toBe(0)
    const gone = await run('rings', '--json', ...remote)
    expect(gone.exit).not.toBe(0)
    expect(oneObject(gone)).toMatchObject({ error: { code: 'store.unreachable' } })
    const after = await run('rings', '--members', '--format', 'csv', '--store', folder.path('served.duckdb'))
    expect(after.stdout).toBe((await run('rings', '--members', '--format', 'csv', ...local)).stdout)
  })

  test('asks for its key, and tells who holds the file and where it is served, a taken port, and an end with exit 0', async () => {
    const store = folder.path('held.duckdb')
    const made = oneObject(
      await run('keys', 'create', '--role', 'viewer', '--name', 'test', '--json', '--store', store),
    )
    const { service, address } = await serve(['serve', '--store', store, '--port', '0'])
    const keyless = await run('jobs', '--json', '--store', address)
    expect(oneObject(keyless)).toMatchObject({ error: { code: 'auth.missing' } })
    const keyed = { ...here(), env: { RINGFENCE_API_KEY: String(made.key) } }
    expect(oneObject(await ringfence(['jobs', '--json', '--store', address], keyed))).toEqual({ jobs: [] })
    const refusedRole = await ringfence(['detect', '--json', '--store', address], keyed)
    expect(oneObject(refusedRole)).toMatchObject({ error: { code: 'auth.role' } })
    const notAdmin = await ringfence(['keys', 'list', '--json', '--store', address], keyed)
    expect(oneObject(notAdmin)).toMatchObject({ error: { code: 'auth.role' } })
    const held = await run('rings', '--json', '--store', store)
    expect(held.exit).toBe(2)
    const { error } = oneObject(held) as { error: { code: string; detail: string } }
    expect(error.code).toBe('store.locked')
    expect(error.detail).toContain(`process ${service.child.pid}`)
    expect(error.detail).toContain(address)
    const port = new URL(address).port
    const taken = await run('serve', '--store', folder.path('other.duckdb'), '--port', port, '--json')
    expect(taken.exit).toBe(2)
    const refused = oneObject(taken) as { error: { code: string; detail: string } }
    expect(refused.error.code).toBe('server.port')
    expect(refused.error.detail).toMatch(/; \d+ is free/)
    expect((await stop(service, 'SIGINT')).exit).toBe(0)
    // The file is free again, and nothing tells of a service that is gone.
    expect((await run('jobs', '--json', '--store', store)).exit).toBe(0)
  })
})

test('keys of a running service are made, listed and revoked through it', async () => {
  const { address } = await serve(['serve', '--store', folder.path('store.duckdb'), '--port', '0'])
  const json = ['--json', '--store', address]
  const made = oneObject(await run('keys', 'create', '--role', 'admin', '--name', 'me', ...json))
  const keyed = { ...here(), env: { RINGFENCE_API_KEY: String(made.key) } }
  expect(oneObject(await run('keys', 'list', ...json))).toMatchObject({ error: { code: 'auth.missing' } })
  const list = async () => oneObject(await ringfence(['keys', 'list', ...json], keyed))
  const { key: _key, ...shown } = made
  expect(await list()).toEqual({ keys: [shown] })
  const other = oneObject(await ringfence(['keys', 'create', '--role', 'viewer', '--name', 'other', ...json], keyed))
  const revoked = oneObject(await ringfence(['keys', 'revoke', String(other.id), ...json], keyed))
  expect(await list()).toEqual({ keys: expect.arrayContaining([{ ...other, key: undefined, ...revoked }]) })
  const again = await ringfence(['keys', 'revoke', String(other.id), ...json], keyed)
  expect(again.exit).toBe(2)
  expect(oneObject(again)).toMatchObject({ error: { code: 'key.unknown' } })
})

describe('demo', () => {
  test('serves what it found, on another port where its own is taken, and cancels what Ctrl-C stops', async () => {
    await withTakenPort(async (port) => {
      const { service, address } = await serve(['demo', '--interactions', '100k', '--port', String(port)])
      await service.says(new RegExp(`Port ${port} is taken.*port ${new URL(address).port} is used instead`))
      expect(address).not.toBe(`http://127.0.0.1:${port}`)
      const rings = (await (await fetch(`${address}/v1/rings`)).json()) as { readonly total: number }
      expect(rings.total).toBeGreaterThan(2)
      const [, members, account] = await service.says(
        /curl (\S+\/members)\n {2}curl (\S+\/rings)\n.*\/docs for the API/,
      )
      const named = (await (await fetch(members!)).json()) as { readonly total: number }
      expect(named.total).toBeGreaterThan(1)
      const answer = (await (await fetch(account!)).json()) as { readonly rings: readonly { readonly id: string }[] }
      expect(members).toContain(answer.rings[0]!.id)
      expect((await fetch(`${address}/docs`)).status).toBe(200)

      // Ctrl-C cancels a detection in the service, ends with 130, and nothing is written.
      const runs = async (): Promise<unknown> => (await fetch(`${address}/v1/runs`)).json()
      const before = await runs()
      // Two jobs ahead of it, so that it cannot be done before the signal comes.
      for (let ahead = 0; ahead < 2; ahead++)
        await fetch(`${address}/v1/jobs`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ type: 'detect', mode: 'dry-run' }),
        })
      const detect = start(['detect', '--store', address, '--json'], here())
      services.push(detect)
      const jobs = async () =>
        ((await (await fetch(`${address}/v1/jobs`)).json()) as { readonly jobs: readonly Record<string, unknown>[] })
          .jobs
      while ((await jobs()).length < 3) await wait(5)
      const ended = await stop(detect, 'SIGINT')
      expect(ended.exit).toBe(130)
      expect(oneObject(ended)).toMatchObject({ error: { code: 'job.cancelled' } })
      expect((await jobs())[0]).toMatchObject({ mode: 'write', state: 'cancelled' })
      expect(await runs()).toEqual(before)
      expect((await stop(service, 'SIGTERM')).exit).toBe(0)
    })
  })
})
