/** Graphs with planted groups by generators that nothing was fitted to: what risk is asked to find from half of their members. */
import {
  type EntityKind,
  entityKinds,
  type InteractionType,
  interactionType,
  interactionTypes,
  scenarios,
} from '#graph-schema/schema.js'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { sharedFloat32, sharedFloat64, sharedInt32, sharedUint8, sharedUint16 } from '#src/graph/shared-arrays.js'
import type { Snapshot } from '#src/graph/snapshot.js'
import type { Random } from '#src/kernels/random.js'

type Edge = readonly [actor: number, target: number, type: InteractionType, market?: number]

export interface PlantedGraph {
  readonly kinds: readonly EntityKind[]
  readonly edges: readonly Edge[]
  readonly members: ReadonlySet<number>
}

const filled = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)

/** A stochastic block model of 37 communities and 20 groups that hide by nine ties each to others. */
const camouflaged = (random: Random): PlantedGraph => {
  const honest = 5600
  const size = 150
  const edges: Edge[] = []
  const members = new Set<number>()
  for (let from = 0; from < honest; from++)
    for (let tie = 0; tie < 6; tie++) {
      const first = Math.floor(from / size) * size
      const near = random.float() < 0.8
      const to = near ? first + random.below(Math.min(size, honest - first)) : random.below(honest)
      if (to !== from) edges.push([from, to, 'associate'])
    }
  for (let group = 0; group < 20; group++)
    for (let i = 0; i < 20; i++) {
      const member = honest + 20 * group + i
      members.add(member)
      for (let j = 0; j < i; j++) if (random.float() < 0.2) edges.push([member, honest + 20 * group + j, 'associate'])
      for (let tie = 0; tie < 9; tie++) edges.push([member, random.below(honest), 'associate'])
    }
  return { kinds: filled(honest + 400, 'user'), edges, members }
}

/** Preferential attachment, and 25 groups of ten among its nodes that know half of each other. */
const attached = (random: Random): PlantedGraph => {
  const n = 8000
  const ends: number[] = []
  const edges: Edge[] = []
  const members = new Set<number>()
  for (let from = 1; from < n; from++)
    for (let tie = 0; tie < Math.min(from, 4); tie++) {
      const to = ends.length > 0 && random.float() < 0.9 ? ends[random.below(ends.length)]! : random.below(from)
      if (to === from) continue
      edges.push([from, to, 'transfer'])
      ends.push(from, to)
    }
  for (let at = 0; at < 25; at++) {
    const group = Array.from({ length: 10 }, () => random.below(n))
    for (const member of group) members.add(member)
    for (const a of group) for (const b of group) if (a < b && random.float() < 0.5) edges.push([a, b, 'transfer'])
  }
  return { kinds: filled(n, 'user'), edges, members }
}

/** Accounts that like popular videos; 15 groups like six videos of their own, and popular ones beside. */
const popular = (random: Random): PlantedGraph => {
  const users = 5000
  const videos = 2000
  const edges: Edge[] = []
  const members = new Set<number>()
  const anyVideo = (): number => users + Math.min(videos - 1, Math.floor(videos ** random.float() - 1))
  for (let user = 0; user < users; user++)
    for (let like = 2 + Math.floor(20 * random.float() ** 3); like > 0; like--) edges.push([user, anyVideo(), 'like'])
  for (let group = 0; group < 15; group++) {
    const own = Array.from({ length: 6 }, () => users + random.below(videos))
    for (let i = 0; i < 15; i++) {
      const user = random.below(users)
      members.add(user)
      for (const video of own) if (random.float() < 0.6) edges.push([user, video, 'like'])
      for (let like = 0; like < 6; like++) edges.push([user, anyVideo(), 'like'])
    }
  }
  return { kinds: [...filled<EntityKind>(users, 'user'), ...filled<EntityKind>(videos, 'video')], edges, members }
}

/** Busy accounts, a quarter of whose many ties go to each other. */
const busy = (random: Random): PlantedGraph => {
  const n = 6000
  const members = new Set(Array.from({ length: n }, (_, i) => i).filter(() => random.float() < 0.08))
  const all = [...members]
  const edges: Edge[] = []
  for (let from = 0; from < n; from++)
    for (let tie = members.has(from) ? 20 : 5; tie > 0; tie--) {
      const near = members.has(from) && random.float() < 0.25
      const to = near ? all[random.below(all.length)]! : random.below(n)
      if (to !== from) edges.push([from, to, 'associate'])
    }
  return { kinds: filled(n, 'user'), edges, members }
}

/** Two markets, five types: groups view and like eight videos of their own, a third of them on shared devices. */
const twoMarkets = (random: Random): PlantedGraph => {
  const [users, creators, videos, devices] = [4000, 400, 1500, 4200] as const
  const firstVideo = users + creators
  const firstDevice = firstVideo + videos
  const edges: Edge[] = []
  const members = new Set<number>()
  const market = (user: number): number => 1 + (user % 2)
  const anyVideo = (): number => firstVideo + Math.min(videos - 1, Math.floor(videos ** random.float() - 1))
  for (let video = 0; video < videos; video++)
    edges.push([users + random.below(creators), firstVideo + video, 'publish', 1 + random.below(2)])
  for (let user = 0; user < users; user++) {
    for (let tie = 3 + Math.floor(25 * random.float() ** 2); tie > 0; tie--)
      edges.push([user, anyVideo(), random.float() < 0.8 ? 'view' : 'like', market(user)])
    edges.push([user, firstDevice + (random.float() < 0.1 ? random.below(50) : user), 'uses', market(user)])
    if (random.float() < 0.5) edges.push([user, users + random.below(creators), 'follow', market(user)])
  }
  for (let group = 0; group < 15; group++) {
    const own = Array.from({ length: 8 }, () => firstVideo + random.below(videos))
    const shared = Array.from({ length: 3 }, () => firstDevice + random.below(devices))
    for (let i = 0; i < 15; i++) {
      const user = random.below(users)
      members.add(user)
      for (const video of own)
        if (random.float() < 0.6) edges.push([user, video, random.float() < 0.7 ? 'view' : 'like', market(user)])
      if (random.float() < 0.3) edges.push([user, shared[random.below(3)]!, 'uses', market(user)])
    }
  }
  const kinds = (['user', 'creator', 'video', 'device'] as const).flatMap((kind, at) =>
    filled<EntityKind>([users, creators, videos, devices][at]!, kind),
  )
  return { kinds, edges, members }
}

export const plantedGraphs: Readonly<Record<string, (random: Random) => PlantedGraph>> = {
  'block model': camouflaged,
  'preferential attachment': attached,
  'popular videos': popular,
  'busy accounts': busy,
  'two markets': twoMarkets,
}

/** Entities are called by their number. */
export const snapshotOfPlanted = ({ kinds, edges }: PlantedGraph): Snapshot => {
  const n = edges.length
  const ids = kinds.map((_, i) => Buffer.from(String(i)))
  const names = sharedUint8(ids.reduce((sum, id) => sum + id.length, 0))
  const nameOffsets = sharedFloat64(kinds.length + 1)
  const entityKind = sharedUint8(kinds.length)
  for (const [i, id] of ids.entries()) {
    names.set(id, nameOffsets[i]!)
    nameOffsets[i + 1] = nameOffsets[i]! + id.length
    entityKind[i] = entityKinds[kinds[i]!].code
  }
  const columns = {
    actor: sharedInt32(n),
    target: sharedInt32(n),
    type: sharedUint8(n),
    market: sharedUint16(n),
    scenario: sharedUint8(n),
  }
  for (const [i, [actor, target, type, market = 0]] of edges.entries()) {
    columns.actor[i] = actor
    columns.target[i] = target
    columns.type[i] = interactionTypes[type].code
    columns.market[i] = market
    columns.scenario[i] = scenarios[interactionType(type).scenario].code
  }
  return buildSnapshot({
    asOf: null,
    entityCount: kinds.length,
    entityKind,
    names,
    nameOffsets,
    declared: sharedUint8(kinds.length),
    markets: ['', 'US', 'ID'],
    count: n,
    at: sharedFloat64(n).fill(Number.NaN),
    weight: sharedFloat32(n).fill(1),
    ...columns,
  })
}
