import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { entityKinds } from '#graph-schema/schema.js'
import { entityName } from '#src/graph/snapshot.js'
import { hangsOn, hangsOnEntities } from '#src/rings/counterfactual.js'
import { type App, buildApp } from '#src/server/app.js'
import { batchOf } from '../../support/batches.js'
import { ringRecord, runRecord } from '../../support/runs.js'
import { countCalls, Lines, openApp, openWorld, testSettings, type World } from '../../support/service.js'

let world: World
let app: App
let calls: Map<string, number>

/** 512 bytes: two, three and four bytes a character, and what an address must escape. */
const longId = `ab/?#% é好${'😀'.repeat(125)}`

beforeAll(async () => {
  world = await openWorld(20_000, true)
  expect(Buffer.byteLength(longId)).toBe(512)
  await world.store.writeBatch(batchOf([], [{ entity: `creator:${longId}` }, { entity: 'creator:later' }]))
  const counted = countCalls(world.store)
  calls = counted.calls
  app = await openApp(counted.store)
})

afterAll(async () => {
  await app.http.close()
  await world.close()
})

const get = async (url: string) => {
  const answer = await app.http.inject(url)
  return { status: answer.statusCode, type: String(answer.headers['content-type']), body: answer.json(), answer }
}

const expectProblem = (got: Awaited<ReturnType<typeof get>>, status: number, code: string): void => {
  expect(got.body).toMatchObject({ status, code, type: `urn:ringfence:error:${code}`, request: expect.any(String) })
  expect(got.status).toBe(status)
  expect(got.type).toMatch(/^application\/problem\+json/)
  for (const field of ['title', 'detail', 'advice']) expect(got.body[field]).not.toBe('')
}

const view = () => app.services.current.view

test('rings are listed by falling score, with the run and the time they belong to', async () => {
  const { status, body } = await get('/v1/rings')
  expect(status).toBe(200)
  expect(body.run).toBe(view().run!.id)
  expect(body.rings.length).toBeGreaterThan(1)
  expect(body.total).toBe(view().rings.length)
  const scores: number[] = body.rings.map((ring: { score: number }) => ring.score)
  expect(scores).toEqual([...scores].sort((a, b) => b - a))
})

test.each(['behaviour', 'type', 'scenario'] as const)('rings can be filtered by %s', async (filter) => {
  const field = { behaviour: 'behaviours', type: 'types', scenario: 'scenarios' } as const
  const value = view().rings[0]![field[filter]][0]!
  const { body } = await get(`/v1/rings?${filter}=${value}`)
  const matching = view().rings.filter((ring) => (ring[field[filter]] as readonly string[]).includes(value))
  expect(body.rings.map((ring: { id: string }) => ring.id)).toEqual(matching.map((ring) => ring.id))
})

test('a ring, its members and its evidence agree with the store', async () => {
  const ring = (await world.store.readRun(null))!.rings[0]!
  const detail = (await get(`/v1/rings/${ring.id}`)).body
  expect(detail).toMatchObject({ id: ring.id, score: ring.score, fdr: ring.fdr, behaviours: ring.behaviours })
  expect(detail.facts).toEqual(ring.facts.map((fact) => fact.sentence))
  const members = (await get(`/v1/rings/${ring.id}/members?limit=1000`)).body
  expect(members.members).toEqual(
    ring.members.map(({ kind, id, role, score }) => ({ entity: `${kind}:${id}`, kind, role, score })),
  )
  const carried = (await get(`/v1/rings/${ring.id}/evidence?entities=true`)).body.hangsOn
  expect(carried).toMatchObject({ limit: 0.05, facts: hangsOn(ring, 0.05)!.facts })
  expect(carried.facts.length).toBeGreaterThan(0)
  const records = await world.store.readInteractions(ring.facts.flatMap((fact) => fact.interactions))
  expect(carried.entities).toEqual(hangsOnEntities(ring, 0.05, records))
  const told = ring.facts.map(({ digests, ...fact }) => fact)
  expect((await get(`/v1/rings/${ring.id}/evidence`)).body.facts).toEqual(told)
  const detailed = (await get(`/v1/rings/${ring.id}/evidence?details=true`)).body.facts
  for (const [place, { interactions }] of ring.facts.entries()) {
    expect(interactions.length).toBeGreaterThan(0)
    const records = await world.store.readInteractions(interactions)
    expect(records).toHaveLength(interactions.length)
    expect(detailed[place].interactions).toEqual(
      records.map(({ actor, target, at, ...rest }) => ({
        ...rest,
        actor: `${actor.kind}:${actor.id}`,
        target: `${target.kind}:${target.id}`,
        at: at === null ? null : new Date(at).toISOString(),
      })),
    )
  }
})

test('each member finds its rings by its own address', async () => {
  const paths = { creator: 'creators', user: 'users', video: 'videos', product: 'products' } as Record<string, string>
  const ring = view().rings[0]!
  for (const { kind, id, role, score } of ring.members) {
    const { status, body } = await get(`/v1/${paths[kind]}/${encodeURIComponent(id)}/rings`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ run: view().run!.id, entity: `${kind}:${id}`, next: null, asOf: null })
    const own = body.rings.find((each: { id: string }) => each.id === ring.id)
    expect(Object.keys(own).sort()).toEqual(['behaviours', 'fdr', 'id', 'membership', 'role', 'score', 'window'])
    expect(own).toMatchObject({ role, membership: score, score: ring.score })
  }
})

test('a known entity without rings has an empty list, an unknown one is not found', async () => {
  for (const id of [longId, 'later']) {
    const known = await get(`/v1/creators/${encodeURIComponent(id)}/rings`)
    expect(known.body).toMatchObject({ entity: `creator:${id}`, rings: [], next: null })
    expect(known.status).toBe(200)
  }
  expectProblem(await get(`/v1/users/${encodeURIComponent(longId)}/rings`), 404, 'entity.unknown')
  expectProblem(await get(`/v1/creators/${encodeURIComponent(longId.slice(1))}/rings`), 404, 'entity.unknown')
  expectProblem(await get('/v1/creators/nobody/connections'), 404, 'entity.unknown')
})

test.each([
  ['/v1/rings?limit=0', 400, 'request.invalid'],
  ['/v1/rings?limit=ten', 400, 'request.invalid'],
  ['/v1/rings?unknown=1', 400, 'request.invalid'],
  ['/v1/rings?behaviour=none', 400, 'request.invalid'],
  ['/v1/rings?run=none', 404, 'run.unknown'],
  ['/v1/rings/none', 404, 'ring.unknown'],
  ['/v1/rings/none/members', 404, 'ring.unknown'],
  ['/v1/rings/none/evidence', 404, 'ring.unknown'],
  ['/v1/runs/none', 404, 'run.unknown'],
  ['/v1/jobs/none', 404, 'job.unknown'],
  ['/v1/jobs/none/events', 404, 'job.unknown'],
  ['/v1/rings?cursor=rubbish', 400, 'cursor.invalid'],
  ['/v1/nothing', 404, 'route.unknown'],
  ['/v1/creators/%zz/rings', 400, 'request.invalid'],
  ['/v1/creators/%ff/rings', 400, 'request.invalid'],
  [`/v1/creators/${'x'.repeat(513)}/rings`, 400, 'request.invalid'],
])('%s is a problem', async (url, status, code) => expectProblem(await get(url), status, code))

test.each(['/v1/rings', 'members'])('pages of %s add up', async (list) => {
  const ring = view().rings[0]!
  const url = list === 'members' ? `/v1/rings/${ring.id}/members` : list
  const key = list === 'members' ? 'members' : 'rings'
  const whole = (await get(`${url}?limit=1000`)).body[key]
  const found: unknown[] = []
  let cursor = ''
  do {
    const { body } = await get(`${url}?limit=1${cursor}`)
    found.push(...body[key])
    cursor = body.next === null ? '' : `&cursor=${body.next}`
  } while (cursor !== '')
  expect(found).toEqual(whole)
  expect(found.length).toBeGreaterThan(1)
})

test('runs are listed, and a cursor of an older run has expired', async () => {
  const before = app.services.current.view
  const first = await get('/v1/rings?limit=1')
  const older = runRecord('older', { finishedAt: '2020-01-01T00:00:00.000Z', startedAt: '2020-01-01T00:00:00.000Z' })
  const members = [longId, 'b', 'c'].map((id) => ({ kind: 'creator' as const, id, role: 'core', score: 1 }))
  await world.store.saveRun({ run: older, rings: [ringRecord('o1', { members }), ringRecord('o2', { score: 1 })] })
  const page = await get('/v1/rings?run=older&limit=1')
  expect(page.body.rings[0].id).toBe('o1')
  expectProblem(await get(`/v1/rings?limit=1&cursor=${page.body.next}`), 410, 'cursor.expired')
  expect((await get(`/v1/rings?run=older&limit=1&cursor=${page.body.next}`)).body.rings[0].id).toBe('o2')
  const longPage = await get('/v1/rings/o1/members?run=older&limit=2')
  expect((await get(`/v1/rings/o1/members?run=older&cursor=${longPage.body.next}`)).body.members).toHaveLength(
    3 - longPage.body.members.length,
  )
  expect(first.body.run).toBe(before.run!.id)
  expect((await get('/v1/runs')).body.runs.map((run: { id: string }) => run.id)).toContain('older')
  expect((await get('/v1/runs/older')).body).toMatchObject({ id: 'older', counts: older.counts })
})

test('connections say why two are together, and why not with a third', async () => {
  const sybil = view().rings.find((ring) => ring.behaviours.includes('sybil')) ?? view().rings[0]!
  const [first, second] = sybil.members.filter((member) => member.kind === 'user')
  const stranger = app.services.current.snapshot!.entities.kindOffsets
  const third = entityName(app.services.current.snapshot!, stranger[entityKinds.user.code]!)
  const path = `/v1/users/${encodeURIComponent(first!.id)}/connections`
  const other = encodeURIComponent(`user:${second!.id}`)
  const { body } = await get(`${path}?with=${other}&not=${encodeURIComponent(third)}`)
  expect(body.pair).toMatchObject({ first: `user:${first!.id}`, second: `user:${second!.id}` })
  expect(body.pair.paths.paths[0].at(-1).entity).toBe(`user:${second!.id}`)
  expect(body.pair.sharedCount).toBe(body.connections[0].shared.filter((each: { times: unknown }) => each.times).length)
  expect(body.apart).toMatchObject({ third, firstWithThird: { second: third }, secondWithThird: { second: third } })
  expect((await get(`${path}?with=${other}`)).body.apart).toBeNull()
  expect((await get(path)).body).toMatchObject({ pair: null, apart: null })
  expectProblem(await get(`${path}?not=${other}`), 400, 'request.invalid')
  expectProblem(await get(`${path}?with=${other}&not=user:nobody-there`), 404, 'entity.unknown')
})

test('connections name what two entities share, and what was left out', async () => {
  const sybil = view().rings.find((ring) => ring.behaviours.includes('sybil')) ?? view().rings[0]!
  const users = sybil.members.filter((member) => member.kind === 'user')
  const [first] = users
  const { status, body } = await get(`/v1/users/${encodeURIComponent(first!.id)}/connections?limit=5`)
  expect(status).toBe(200)
  expect(body.connections.length).toBeGreaterThan(0)
  const other = body.connections[0]
  expect(other.shared[0].sharedBy).toBeGreaterThan(1)
  const pair = await get(
    `/v1/users/${encodeURIComponent(first!.id)}/connections?with=${encodeURIComponent(other.entity)}`,
  )
  const places = (list: { through: string }[]): string[] => list.map((each) => each.through)
  expect(places(pair.body.connections[0].shared)).toEqual(expect.arrayContaining(places(other.shared)))
  expectProblem(
    await get(`/v1/users/${encodeURIComponent(first!.id)}/connections?with=rubbish`),
    400,
    'request.invalid',
  )
})

test('rings of an entity are answered without the store', async () => {
  const ring = view().rings.find((each) => each.members.some((member) => member.kind === 'creator')) ?? view().rings[0]!
  const member = ring.members.find(({ kind }) => kind === 'creator') ?? ring.members[0]!
  const url = `/v1/${member.kind}s/${encodeURIComponent(member.id)}/rings`
  await get(url)
  calls.clear()
  const times: number[] = []
  for (let i = 0; i < 300; i++) {
    const begin = performance.now()
    await app.http.inject(url)
    times.push(performance.now() - begin)
  }
  // Keys are looked up again every other second, beside the requests.
  calls.delete('listKeys')
  expect([...calls]).toEqual([])
  const median = times.sort((a, b) => a - b)[150]!
  process.stderr.write(`GET ${member.kind}s/{id}/rings in process: median ${median.toFixed(3)} ms\n`)
})

test('health, metrics, detectors and the documentation answer', async () => {
  expect((await get('/health/live')).body.status).toBe('live')
  expect((await get('/health/ready')).body).toEqual({ status: 'ready', graph: 'loaded' })
  expect((await get('/v1/detectors')).body.detectors.map((each: { id: string }) => each.id)).toContain('lockstep')
  expect((await get('/openapi.json')).body.paths['/v1/rings']).toBeDefined()
  const metrics = (await app.http.inject('/metrics')).body
  expect(metrics).toContain(`ringfence_rings ${view().rings.length}\n`)
  expect(metrics).toMatch(/ringfence_http_request_seconds_count\{method="GET",route="\/v1\/rings",status="200"\} \d+/)
  expect((await app.http.inject('/docs/')).statusCode).toBe(200)
})

test('while the graph is being read, connections say when to come back, and rings are answered', async () => {
  const { http, services } = await buildApp(world.store, testSettings, new Lines())
  await services.current.load()
  const { kind, id } = view().rings[0]!.members.find((member) => member.kind === 'user')!
  const early = await http.inject(`/v1/${kind}s/${encodeURIComponent(id)}/connections`)
  expect(early.json()).toMatchObject({ status: 503, code: 'server.loading' })
  expect(Number(early.headers['retry-after'])).toBeGreaterThan(0)
  expect((await http.inject(`/v1/${kind}s/${encodeURIComponent(id)}/rings`)).json().rings).not.toEqual([])
  expect((await http.inject('/health/ready')).json()).toMatchObject({ graph: expect.any(String) })
  await services.current.settled()
  expect((await http.inject(`/v1/${kind}s/${encodeURIComponent(id)}/connections`)).statusCode).toBe(200)
  await http.close()
})
