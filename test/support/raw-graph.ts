/** Graphs written by hand, for tests. */
import {
  type EntityKind,
  entityKinds,
  type InteractionType,
  interactionType,
  interactionTypes,
  isEntityKind,
  type Scenario,
  scenarios,
} from '#graph-schema/schema.js'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { fingerprintOf } from '#src/graph/fingerprints.js'
import { ratingOf } from '#src/graph/ratings.js'
import type { RawGraph } from '#src/graph/raw-graph.js'
import { sharedFloat32, sharedFloat64, sharedInt32, sharedUint8, sharedUint16 } from '#src/graph/shared-arrays.js'
import type { Snapshot } from '#src/graph/snapshot.js'

export interface InteractionLine {
  readonly type: InteractionType
  /** `kind:id` */
  readonly actor: string
  readonly target: string
  /** Epoch milliseconds or ISO 8601; absent is unknown. */
  readonly at?: number | string | null
  readonly market?: string
  readonly scenario?: Scenario
  readonly weight?: number
  /** `fingerprint` of a `publish` and `rating` of a `review` are read; the rest is not part of a graph. */
  readonly attributes?: Readonly<Record<string, unknown>>
}

export const splitName = (name: string): { readonly kind: EntityKind; readonly id: string } => {
  const colon = name.indexOf(':')
  const kind = name.slice(0, colon)
  if (colon < 0 || !isEntityKind(kind)) throw new Error(`"${name}" is not kind:id`)
  return { kind, id: name.slice(colon + 1) }
}

/** `declared`: entities that were recorded by themselves, `kind:id`. */
export const rawGraphFrom = (
  interactions: readonly InteractionLine[],
  { declared = [], asOf = null }: { readonly declared?: readonly string[]; readonly asOf?: number | null } = {},
): RawGraph => {
  const places = new Map<string, number>()
  const markets = new Map([['', 0]])
  const placeOf = (places: Map<string, number>, name: string): number => {
    const place = places.get(name) ?? places.size
    places.set(name, place)
    return place
  }
  const n = interactions.length
  const columns = {
    type: sharedUint8(n),
    actor: sharedInt32(n),
    target: sharedInt32(n),
    at: sharedFloat64(n),
    weight: sharedFloat32(n),
    market: sharedUint16(n),
    scenario: sharedUint8(n),
  }
  interactions.forEach((line, i) => {
    columns.type[i] = interactionTypes[line.type].code
    columns.actor[i] = placeOf(places, line.actor)
    columns.target[i] = placeOf(places, line.target)
    columns.at[i] = typeof line.at === 'string' ? Date.parse(line.at) : (line.at ?? Number.NaN)
    columns.weight[i] = line.weight ?? 1
    columns.market[i] = placeOf(markets, line.market ?? '')
    columns.scenario[i] = scenarios[line.scenario ?? interactionType(line.type).scenario].code
  })
  const hashes = interactions.flatMap((line, i) => {
    const hash = line.type === 'publish' ? fingerprintOf(line.attributes?.fingerprint) : null
    return hash ? [{ i, ...hash }] : []
  })
  const fingerprints = {
    count: hashes.length,
    actor: Int32Array.from(hashes, ({ i }) => columns.actor[i]!),
    target: Int32Array.from(hashes, ({ i }) => columns.target[i]!),
    at: Float64Array.from(hashes, ({ i }) => columns.at[i]!),
    high: Uint32Array.from(hashes, ({ high }) => high),
    low: Uint32Array.from(hashes, ({ low }) => low),
  }
  const rated = interactions.flatMap((line, i) => {
    const value = line.type === 'review' ? ratingOf(line.attributes?.rating) : null
    return value === null ? [] : [{ i, value }]
  })
  const ratings = {
    count: rated.length,
    actor: Int32Array.from(rated, ({ i }) => columns.actor[i]!),
    target: Int32Array.from(rated, ({ i }) => columns.target[i]!),
    at: Float64Array.from(rated, ({ i }) => columns.at[i]!),
    value: Uint8Array.from(rated, ({ value }) => value),
  }
  for (const name of declared) placeOf(places, name)

  const entities = [...places.keys()].map(splitName)
  const ids = entities.map(({ id }) => Buffer.from(id))
  const names = sharedUint8(ids.reduce((sum, id) => sum + id.length, 0))
  const nameOffsets = sharedFloat64(ids.length + 1)
  ids.forEach((id, e) => {
    names.set(id, nameOffsets[e]!)
    nameOffsets[e + 1] = nameOffsets[e]! + id.length
  })
  const isDeclared = sharedUint8(ids.length)
  for (const name of declared) isDeclared[places.get(name)!] = 1
  const entityKind = sharedUint8(ids.length)
  entities.forEach(({ kind }, e) => {
    entityKind[e] = entityKinds[kind].code
  })
  return {
    asOf,
    entityCount: ids.length,
    entityKind,
    names,
    nameOffsets,
    declared: isDeclared,
    markets: [...markets.keys()],
    count: n,
    ...columns,
    fingerprints,
    ratings,
  }
}

export const snapshotFrom = (...graph: Parameters<typeof rawGraphFrom>): Snapshot =>
  buildSnapshot(rawGraphFrom(...graph))
