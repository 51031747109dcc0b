import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { isEntityKind } from '#graph-schema/schema.js'
import type { App } from '#src/server/app.js'
import type { EntityRef, InteractionRecord } from '#src/store/store.js'
import { bearer, makeKeys, openApp, openWorld, type World } from '../../support/service.js'

interface Graph {
  readonly nodes: readonly {
    readonly entity: string
    readonly kind: string
    readonly role: string | null
    readonly interactions: number
    readonly neighbours: number | null
    readonly hidden: number | null
    readonly expanded: boolean
  }[]
  readonly edges: readonly {
    readonly source: number
    readonly target: number
    readonly type: string
    readonly count: number
    readonly first: string | null
    readonly last: string | null
    readonly facts: readonly number[]
  }[]
  readonly folded: readonly {
    readonly kind: string
    readonly places: number
    readonly links: readonly { readonly node: number; readonly places: number }[]
  }[]
  readonly leftOut: Readonly<Record<string, number>>
  readonly untimed: number
}

let world: World
let app: App
let all: InteractionRecord[]
let ids: readonly string[]

const nameOf = ({ kind, id }: EntityRef): string => `${kind}:${id}`
const get = async (url: string, headers = {}) => {
  const answer = await app.http.inject({ url, headers })
  return { status: answer.statusCode, body: answer.json() }
}
const graphOf = async (id: string, query = ''): Promise<Graph> => {
  const { status, body } = await get(`/v1/rings/${id}/graph${query}`)
  expect(status).toBe(200)
  return body
}

beforeAll(async () => {
  world = await openWorld(20_000, true)
  app = await openApp(world.store)
  all = []
  await world.store.readPart(
    { asOf: null, among: null },
    {
      entities: async () => {},
      interactions: async (batch) => {
        for (const each of batch) if (nameOf(each.actor) !== nameOf(each.target)) all.push(each)
      },
    },
  )
  ids = (await get('/v1/rings')).body.rings.map(({ id }: { id: string }) => id)
  expect(ids.length).toBeGreaterThan(2)
})

afterAll(async () => {
  await app.http.close()
  await world.close()
})

const around = (name: string): Set<string> => {
  const found = new Set<string>()
  for (const { actor, target } of all) {
    if (nameOf(actor) === name) found.add(nameOf(target))
    if (nameOf(target) === name) found.add(nameOf(actor))
  }
  return found
}

test('edges, their times and what is around a node are those of the records, counted one by one', async () => {
  for (const id of ids.slice(0, 3)) {
    const { nodes, edges, untimed } = await graphOf(id)
    const shown = new Set(nodes.map(({ entity }) => entity))
    expect(shown.size).toBe(nodes.length)
    const lines = new Map<string, { count: number; times: number[] }>()
    for (const { type, actor, target, at } of all) {
      if (!shown.has(nameOf(actor)) || !shown.has(nameOf(target))) continue
      const key = `${type} ${nameOf(actor)} ${nameOf(target)}`
      const line = lines.get(key) ?? { count: 0, times: [] }
      line.count++
      if (at !== null) line.times.push(at)
      lines.set(key, line)
    }
    const told = new Map(
      edges.map((each) => [`${each.type} ${nodes[each.source]!.entity} ${nodes[each.target]!.entity}`, each]),
    )
    expect([...told.keys()].sort()).toEqual([...lines.keys()].sort())
    for (const [key, { count, times }] of lines) {
      const edge = told.get(key)!
      const text = (value: number): string | null => (times.length === 0 ? null : new Date(value).toISOString())
      expect(edge).toMatchObject({ count, first: text(Math.min(...times)), last: text(Math.max(...times)) })
    }
    expect(untimed).toBe(edges.filter(({ first }) => first === null).length)
    for (const node of nodes.slice(0, 20)) {
      const near = around(node.entity)
      expect([node.entity, node.neighbours]).toEqual([node.entity, near.size])
      expect(node.hidden).toBe([...near].filter((each) => !shown.has(each)).length)
    }
  }
})

test('members come first, the evidence is in it, and shared places are each of two or more members', async () => {
  const id = ids[0]!
  const { nodes, edges, folded } = await graphOf(id)
  const members = (await get(`/v1/rings/${id}/members?limit=1000`)).body.members.map(
    (each: { entity: string }) => each.entity,
  )
  expect(
    nodes
      .slice(0, members.length)
      .map(({ entity }) => entity)
      .sort(),
  ).toEqual([...members].sort())
  const { facts } = (await get(`/v1/rings/${id}/evidence?details=true`)).body
  const shows = new Map(
    edges.map((each) => [`${each.type} ${nodes[each.source]!.entity} ${nodes[each.target]!.entity}`, each.facts]),
  )
  facts.forEach((fact: { interactions: { type: string; actor: string; target: string }[] }, place: number) => {
    for (const { type, actor, target } of fact.interactions)
      if (actor !== target) expect(shows.get(`${type} ${actor} ${target}`)).toContain(place)
  })
  const isMember = new Set<string>(members)
  const places = new Map<string, number>()
  for (const member of members)
    for (const each of around(member)) if (!isMember.has(each)) places.set(each, (places.get(each) ?? 0) + 1)
  const shown = new Set(nodes.map(({ entity }) => entity))
  const shared = [...places].filter(([, count]) => count > 1).map(([name]) => name)
  const foldedCount = folded.reduce((sum, each) => sum + each.places, 0)
  expect(shared.filter((name) => shown.has(name)).length + foldedCount).toBe(shared.length)
})

test('a limit is kept, and what it leaves out is counted', async () => {
  const id = ids[0]!
  const whole = await graphOf(id)
  const members = whole.nodes.filter(({ role }) => role !== null).length
  const few = await graphOf(id, '?limit=4')
  // Members without any place where they meet would have no line among them.
  expect(few.nodes.map(({ role }) => role !== null)).toEqual([true, true, true, false])
  expect(few.nodes.slice(0, 3)).toEqual(
    whole.nodes.slice(0, 3).map((node) => ({ ...node, hidden: expect.any(Number) })),
  )
  expect(few.leftOut.members).toBe(members - 3)
  const left = few.leftOut.members! + few.leftOut.evidence! + few.leftOut.places!
  expect(left).toBe(whole.nodes.length - 4)
  expect((await get(`/v1/rings/${id}/graph?limit=2001`)).status).toBe(400)
})

test('crowded places are folded, or shown where they are asked for', async () => {
  const id = ids[0]!
  const tight = await graphOf(id, '?maxShared=2')
  const loose = await graphOf(id, '?maxShared=100000000')
  expect(loose.folded).toEqual([])
  expect(tight.nodes.length + tight.folded.reduce((sum, each) => sum + each.places, 0)).toBe(loose.nodes.length)
  for (const { links, places } of tight.folded)
    for (const link of links) {
      expect(tight.nodes[link.node]!.role).not.toBeNull()
      expect(link.places).toBeLessThanOrEqual(places)
    }
})

test('a step adds the neighbours that were counted before', async () => {
  const id = ids[0]!
  const before = await graphOf(id)
  const node = before.nodes.find(({ hidden, neighbours }) => hidden! > 0 && neighbours! < 100)!
  const after = await graphOf(id, `?expand=${encodeURIComponent(node.entity)}`)
  const names = new Set(after.nodes.map(({ entity }) => entity))
  for (const each of around(node.entity)) expect(names.has(each)).toBe(true)
  expect(after.nodes.length).toBe(before.nodes.length + node.hidden!)
  expect(after.nodes.find(({ entity }) => entity === node.entity)).toMatchObject({ hidden: 0, expanded: true })
  expect((await get(`/v1/rings/${id}/graph?expand=user:nobody`)).body.code).toBe('entity.unknown')
  expect((await get(`/v1/rings/${id}/graph?expand=nobody`)).body.code).toBe('request.invalid')
})

test('identifiers of persons are masked, and cannot be tried, by roles that may not see them', async () => {
  const keys = await makeKeys(world.store)
  await app.http.close()
  app = await openApp(world.store)
  const withDevice = async (): Promise<string> => {
    for (const id of ids) {
      const { body } = await get(`/v1/rings/${id}/graph`, bearer(keys.lead))
      if ((body as Graph).nodes.some(({ kind }) => kind === 'device')) return id
    }
    throw new Error('No ring uses a device.')
  }
  const id = await withDevice()
  const seen: Graph = (await get(`/v1/rings/${id}/graph`, bearer(keys.lead))).body
  const masked: Graph = (await get(`/v1/rings/${id}/graph`, bearer(keys.viewer))).body
  expect(masked.edges).toEqual(seen.edges)
  masked.nodes.forEach(({ entity, kind }, position) => {
    expect(isEntityKind(kind)).toBe(true)
    if (kind === 'device') expect(entity).toMatch(/^device:~[0-9a-f]{16}$/)
    if (kind === 'user') expect(entity).toBe(seen.nodes[position]!.entity)
  })
  const device = seen.nodes.find(({ kind }) => kind === 'device')!.entity
  const tried = await get(`/v1/rings/${id}/graph?expand=${encodeURIComponent(device)}`, bearer(keys.viewer))
  expect([tried.status, tried.body.code]).toEqual([403, 'auth.role'])
  expect((await get(`/v1/rings/${id}/graph?expand=${encodeURIComponent(device)}`, bearer(keys.lead))).status).toBe(200)
})
