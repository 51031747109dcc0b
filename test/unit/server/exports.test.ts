import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { KeyRole } from '#src/jobs/api-keys.js'
import type { App } from '#src/server/app.js'
import type { GraphStore } from '#src/store/store.js'
import { batchOf } from '../../support/batches.js'
import { ringRecord, runRecord } from '../../support/runs.js'
import { bearer, makeKeys, openApp, openWorld, type World } from '../../support/service.js'

let world: World
let app: App
let keys: Readonly<Record<KeyRole, string>>

const phone = '+49 170 5550123'
/** More than sockets and streams hold on the way. */
const LIKES = 20_000

beforeAll(async () => {
  world = await openWorld()
  const { store } = world
  const likes = Array.from({ length: LIKES }, (_, i) => ({
    id: `l${i}`,
    type: 'like' as const,
    actor: `user:u${i % 50}`,
    target: `video:v${i % 7}`,
    attributes: { note: 'x'.repeat(500) },
  }))
  const uses = { id: `use ${phone}`, type: 'uses' as const, actor: 'user:u1', target: `contact:${phone}` }
  await store.writeBatch(batchOf([...likes, uses]))
  const members = [
    ...Array.from({ length: 50 }, (_, i) => ({ kind: 'user' as const, id: `u${i}`, role: 'core', score: 1 })),
    ...Array.from({ length: 7 }, (_, i) => ({ kind: 'video' as const, id: `v${i}`, role: 'beneficiary', score: 1 })),
  ]
  const [fact] = ringRecord('r').facts
  const facts = [
    {
      ...fact!,
      sentence: `They use contact:${phone} too.`,
      interactionCount: 1,
      interactions: [{ type: 'uses' as const, id: uses.id }],
      count: null,
      digests: [],
    },
  ]
  const born = (ring: string) => ({ ring, event: 'born', overlap: null, accounts: 50, other: null }) as const
  const first = runRecord('one', { finishedAt: '2026-01-01T00:00:00.000Z' })
  await store.saveRun(
    { run: first, rings: [ringRecord('r1', { members, facts }), ringRecord('r2')] },
    { events: ['r1', 'r2'].map(born), dormant: [] },
  )
  const second = runRecord('two', { finishedAt: '2026-01-02T00:00:00.000Z' })
  const merged = { ring: 'r2', event: 'merged', overlap: 0.6, accounts: 3, other: 'r1' } as const
  await store.saveRun(
    {
      run: second,
      rings: [ringRecord('r1', { members, facts }), ringRecord('small', { members: members.slice(0, 3), facts })],
    },
    { events: [merged], dormant: [] },
  )
  keys = await makeKeys(store)
  process.env.RINGFENCE_EXPORTS = join(world.folder, 'exports')
  app = await openApp(store)
})

afterAll(async () => {
  delete process.env.RINGFENCE_EXPORTS
  await app.http.close()
  await world.close()
})

const ask = (url: string, role: KeyRole = 'investigator') => app.http.inject({ url, headers: bearer(keys[role]) })

test.each(['graphml', 'gexf', 'cypher', 'json', 'html'])('%s: what comes is what its manifest says', async (format) => {
  const answer = await ask(`/v1/rings/small/export?format=${format}`)
  expect(answer.statusCode).toBe(200)
  const manifest = (await ask(`/v1/rings/small/export?format=${format}&part=manifest`)).json()
  expect(manifest.parts).toHaveLength(1)
  expect(createHash('sha256').update(answer.rawPayload).digest('hex')).toBe(manifest.parts[0].sha256)
  expect(answer.headers['content-disposition']).toMatch(/^(inline|attachment); filename="small-[\w.-]+"$/)
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(answer.headers['content-security-policy']).toMatch(/^default-src 'none'/)
})

test('tables come one at a time, members unless told', async () => {
  const members = await ask('/v1/rings/r1/export?format=csv')
  expect(members.body.split('\r\n')).toHaveLength(59)
  expect(members.body).toMatch(/^ring,entity,kind,role,score\r\n/)
  const edges = await ask('/v1/rings/r1/export?format=csv&part=edges')
  expect(edges.body.split('\r\n')).toHaveLength(LIKES + 3)
  const parquet = await ask('/v1/rings/r1/export?format=parquet&part=nodes')
  expect(parquet.rawPayload.subarray(0, 4).toString()).toBe('PAR1')
  for (const bad of ['format=csv&part=none', 'format=json&part=nodes', 'format=xls', ''])
    expect((await ask(`/v1/rings/r1/export?${bad}`)).json().code).toBe('request.invalid')
})

test('a role that may not see identifiers of persons gets masks, the same as elsewhere', async () => {
  const evidence = (await ask('/v1/rings/small/evidence?details=true', 'viewer')).json()
  const mask = evidence.facts[0].interactions[0].target.slice('contact:'.length)
  expect(mask).toMatch(/^~[0-9a-f]{16}$/)
  for (const format of ['graphml', 'gexf', 'csv&part=evidence', 'csv&part=facts', 'cypher', 'json', 'html']) {
    const seen = await ask(`/v1/rings/small/export?format=${format}`, 'viewer')
    expect(seen.body.includes(mask)).toBe(true)
    expect(seen.body.includes('170 555')).toBe(false)
    const clear = await ask(`/v1/rings/small/export?format=${format}`, 'investigator')
    expect(clear.body.includes('170 5550123')).toBe(true)
  }
})

test('an unknown ring is 404; one that was merged leads to the one that goes on; in its run it is itself', async () => {
  expect((await ask('/v1/rings/none/export?format=json')).json()).toMatchObject({ status: 404, code: 'ring.unknown' })
  const led = await ask('/v1/rings/r2/export?format=json')
  expect([led.statusCode, led.headers.location]).toEqual([307, '/v1/rings/r1/export?format=json'])
  expect(led.json().note).toContain('was merged into r1')
  expect((await ask('/v1/rings/r2/export?format=json&run=one')).json().rings[0].id).toBe('r2')
})

/** Counts how many reads of the graph are under way. */
const watched = (store: GraphStore) => {
  const state = { reading: 0 }
  const proxy = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (name !== 'readPart') return value
      return async (...args: Parameters<GraphStore['readPart']>) => {
        state.reading++
        try {
          await target.readPart(...args)
        } finally {
          state.reading--
        }
      }
    },
  })
  return { store: proxy, state }
}

test('over a real socket: a slow reader holds it back, one that leaves ends it, and a failure cuts it off', async () => {
  const { store, state } = watched(world.store)
  let failAfter = Number.POSITIVE_INFINITY
  const failing = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (name !== 'readPart') return value
      return (...[request, taker]: Parameters<GraphStore['readPart']>) =>
        target.readPart(request, {
          entities: (batch) => taker.entities(batch),
          interactions: async (batch) => {
            failAfter -= batch.length
            if (failAfter < 0) throw new Error('the disk is gone')
            await taker.interactions(batch)
          },
        })
    },
  })
  const own = await openApp(failing)
  await own.http.listen({ host: '127.0.0.1', port: 0 })
  const { port } = own.http.server.address() as { port: number }
  const url = `http://127.0.0.1:${port}/v1/rings/r1/export?format=graphml`
  const open = async () => {
    const request = get(url, { headers: bearer(keys.investigator) })
    // What is left half-way ends with an error, which is what is tested.
    request.on('error', () => {})
    const [response] = await once(request, 'response')
    return { request, response }
  }
  const until = async (done: () => boolean): Promise<void> => {
    for (let i = 0; i < 200 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 25))
  }
  try {
    const slow = await open()
    slow.response.pause()
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(state.reading).toBe(1)
    slow.request.destroy()
    await until(() => state.reading === 0)
    expect(state.reading).toBe(0)

    failAfter = 10_000
    const cut = await open()
    let text = ''
    cut.response.on('data', (data: Buffer) => {
      text += data.toString()
    })
    const [error] = await once(cut.response, 'error')
    expect((error as NodeJS.ErrnoException).code).toBe('ECONNRESET')
    expect(cut.response.complete).toBe(false)
    expect(text).not.toContain('</graphml>')
  } finally {
    await own.http.close()
  }
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('ringfence-export-'))).toEqual([])
})

describe('as a job', () => {
  const start = async (parameters: object, role: KeyRole = 'lead') => {
    const asked = await app.http.inject({
      method: 'POST',
      url: '/v1/jobs',
      headers: bearer(keys[role]),
      payload: { type: 'export', parameters },
    })
    let job = asked.json()
    for (let i = 0; i < 400 && (job.state === 'queued' || job.state === 'running'); i++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      job = (await ask(`/v1/jobs/${job.id}`, 'viewer')).json()
    }
    return job
  }

  test('its files are kept for a while, for roles that may see what is in them', async () => {
    const job = await start({ format: 'csv', everything: true })
    expect(job).toMatchObject({ state: 'done', error: null })
    const { result } = job
    expect(result.counts).toMatchObject({ rings: 2, edges: LIKES + 1, members: 60 })
    for (const { url, sha256, bytes } of result.files) {
      const file = await ask(url)
      expect(file.statusCode).toBe(200)
      if (sha256 === undefined) continue
      expect(file.rawPayload.length).toBe(bytes)
      expect(createHash('sha256').update(file.rawPayload).digest('hex')).toBe(sha256)
    }
    const [{ url }] = result.files
    expect((await ask(url, 'viewer')).json().code).toBe('auth.role')
    expect((await ask(`/v1/exports/${result.export}`, 'operator')).json().code).toBe('auth.role')
    expect((await ask(`/v1/exports/${result.export}`)).json().manifest.format).toBe('csv')
    for (const bad of ['files/none.csv', 'files/..%2F..%2Fstore.duckdb', 'files/%2e%2e'])
      expect((await ask(`/v1/exports/${result.export}/${bad}`)).statusCode).toBe(404)
    expect((await ask('/v1/exports/..%2F..')).json().code).toBe('export.unknown')

    const folder = join(world.folder, 'exports', result.export)
    expect(statSync(folder).mode & 0o077).toBe(0)
    const old = new Date(Date.now() - 25 * 3_600_000)
    utimesSync(folder, old, old)
    expect((await ask(url)).json().code).toBe('export.unknown')
    expect(existsSync(folder)).toBe(false)
  })

  test('asked for by a role that may not see identifiers of persons, it is masked, and that role may read it', async () => {
    const { result, parameters } = await start({ format: 'json', rings: ['small', 'r2'] }, 'operator')
    expect(parameters.mask).toBe(true)
    expect(result.masked).toBe(true)
    expect(result.leftOut.join(' ')).toContain('was merged into r1')
    const file = await ask(result.files[0].url, 'viewer')
    expect(file.json().rings).toHaveLength(2)
    expect(file.body.includes('170 555')).toBe(false)
    const refused = await start({ format: 'json', entity: `contact:${phone}` }, 'operator')
    expect(refused.code).toBe('auth.role')
  })

  test('an investigator starts and stops exports, and no other job; what was exported by whom is in the log', async () => {
    const job = await start({ format: 'gexf', rings: ['small'] }, 'investigator')
    expect(job).toMatchObject({ state: 'done', result: { masked: false } })
    expect((await ask(job.result.files[0].url, 'investigator')).statusCode).toBe(200)
    const other = await app.http.inject({
      method: 'POST',
      url: '/v1/jobs',
      headers: bearer(keys.investigator),
      payload: { type: 'detect', mode: 'estimate' },
    })
    expect(other.json()).toMatchObject({
      code: 'auth.role',
      detail: expect.stringContaining('not jobs of type detect'),
    })
    const estimate = await app.http.inject({
      method: 'POST',
      url: '/v1/jobs',
      headers: bearer(keys.operator),
      payload: { type: 'detect', mode: 'estimate' },
    })
    const stop = {
      method: 'DELETE',
      url: `/v1/jobs/${estimate.json().id}`,
      headers: bearer(keys.investigator),
    } as const
    expect((await app.http.inject(stop)).json().code).toBe('auth.role')

    const entries = async (subject: string) =>
      (await world.store.listAudit({ order: 'oldest', limit: 100, subject })).map(({ text }) => JSON.parse(text))
    expect(await entries(`job:${job.id}`)).toMatchObject([
      {
        action: 'job.create',
        who: expect.stringMatching(/^test investigator \(/),
        after: { type: 'export', parameters: { format: 'gexf', rings: ['small'] } },
      },
    ])
    const { nodes, edges } = job.result.counts
    expect(await entries(`export:${job.result.export}`)).toMatchObject([
      {
        action: 'export.made',
        who: `job ${job.id}`,
        after: { masked: false, entities: nodes, interactions: edges },
      },
      { action: 'export.read', who: expect.stringMatching(/^test investigator \(/), after: { format: 'gexf' } },
    ])
    await ask('/v1/rings/small/export?format=graphml', 'viewer')
    // The end is written beside the answer.
    const isEnd = ({ action }: { action: string }): boolean => action === 'export.end'
    for (let i = 0; i < 100 && !isEnd((await entries('ring:small')).at(-1)); i++)
      await new Promise((resolve) => setTimeout(resolve, 20))
    expect((await entries('ring:small')).slice(-2)).toMatchObject([
      { action: 'export.start', who: expect.stringMatching(/^test viewer/), after: { masked: true, members: 3 } },
      { action: 'export.end', after: { entities: expect.any(Number), complete: true } },
    ])
  })

  test('cancelled half-way it leaves nothing, and says so', async () => {
    const before = readdirSync(join(world.folder, 'exports'))
    const asked = await app.http.inject({
      method: 'POST',
      url: '/v1/jobs',
      headers: bearer(keys.investigator),
      payload: { type: 'export', parameters: { format: 'parquet', everything: true } },
    })
    const { id } = asked.json()
    const running = () => readdirSync(join(world.folder, 'exports')).some((name) => name.includes('.part-'))
    for (let i = 0; i < 400 && !running(); i++) await new Promise((resolve) => setTimeout(resolve, 2))
    expect(running()).toBe(true)
    const stopped = await app.http.inject({
      method: 'DELETE',
      url: `/v1/jobs/${id}`,
      headers: bearer(keys.investigator),
    })
    expect(stopped.statusCode).toBe(202)
    let job = stopped.json()
    for (let i = 0; i < 200 && job.finishedAt === null; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      job = (await ask(`/v1/jobs/${id}`, 'investigator')).json()
    }
    expect(job).toMatchObject({
      state: 'cancelled',
      result: null,
      error: { code: 'job.cancelled', detail: 'The export was stopped; no part of it is left.' },
    })
    expect(readdirSync(join(world.folder, 'exports'))).toEqual(before)
    const log = (await ask(`/v1/jobs/${id}/log`, 'investigator')).json().lines
    expect(log.at(-1).message).toContain('no part of it is left')
  })

  test('an entity with what is around it', async () => {
    const { result } = await start({ format: 'gexf', entity: `contact:${phone}`, steps: 2 })
    expect(result.counts).toMatchObject({ rings: 0, nodes: 9 })
    const seen = (await ask('/v1/jobs', 'viewer')).body
    expect(seen.includes('170 555')).toBe(false)
  })

  test('what passes the limit, is unknown, or contradicts itself fails and leaves nothing', async () => {
    const before = readdirSync(join(world.folder, 'exports'))
    process.env.RINGFENCE_EXPORTS_LIMIT_MB = '1'
    try {
      expect(await start({ format: 'graphml', everything: true })).toMatchObject({
        state: 'failed',
        error: { code: 'export.too-large' },
      })
    } finally {
      delete process.env.RINGFENCE_EXPORTS_LIMIT_MB
    }
    expect((await start({ format: 'json', rings: ['none'] })).error.code).toBe('ring.unknown')
    expect((await start({ format: 'json', rings: ['small'], entity: 'user:u1' })).code).toBe('request.invalid')
    expect((await start({ format: 'xls' })).code).toBe('request.invalid')
    expect(readdirSync(join(world.folder, 'exports'))).toEqual(before)
  })
})
