/**
 * What creators hold in common: pieces of content, products and identifiers. Each kind is a two-mode graph of creators and things,
 * a creator and a thing at most once.
 */
import { entityKinds } from '../../../graph-schema/schema.js'
import { type Relation, relationOf, type Snapshot } from '../../graph/snapshot.js'
import type { Check } from '../../kernels/check.js'
import { type Bipartite, bipartiteCsr } from '../../kernels/csr.js'
import { hashFamilies } from '../../kernels/near-hashes.js'

export type HoldingKind = 'content' | 'product' | 'identifier'

export interface Holdings {
  readonly kind: HoldingKind
  /** Rows are creators (0 is the first creator), columns things. */
  readonly graph: Bipartite
  /** Holders of each thing, accounts that are no creators included. */
  readonly holders: Int32Array
  /** Accounts that are no creators among them; null where there are none. */
  readonly outside: Int32Array | null
  /** Sum of `holders`. */
  readonly total: number
}

export interface Content {
  /** Family of near-equal fingerprints of each `publish` interaction; -1 where it carries none. */
  readonly family: Int32Array
  readonly familyCount: number
  /** Within which fingerprints were joined. */
  readonly distance: number
}

export interface Creators {
  readonly from: number
  readonly count: number
}

export const creatorsOf = ({ entities }: Snapshot): Creators => {
  const { code } = entityKinds.creator
  const from = entities.kindOffsets[code]!
  return { from, count: entities.kindOffsets[code + 1]! - from }
}

/** A few seconds of comparing. */
const COMPARISONS = 5e8

/** Null where no published content carries a fingerprint. */
export const contentOf = (snapshot: Snapshot, distance: number, check: Check): Content | null => {
  const relation = relationOf(snapshot, 'publish')
  const prints = relation?.fingerprints
  if (!relation || !prints) return null
  const found = hashFamilies(prints.high, prints.low, { distance, limit: COMPARISONS, check })
  const family = new Int32Array(relation.count).fill(-1)
  for (let i = 0; i < prints.edge.length; i++) family[prints.edge[i]!] = found.family[i]!
  return { family, familyCount: found.count, distance: found.distance }
}

class PairList {
  #creator: Int32Array = new Int32Array(1024)
  #thing: Int32Array = new Int32Array(1024)
  #size = 0

  get size(): number {
    return this.#size
  }

  push(creator: number, thing: number): void {
    if (this.#size === this.#creator.length) {
      const grown = (old: Int32Array): Int32Array => {
        const next = new Int32Array(old.length * 2)
        next.set(old)
        return next
      }
      this.#creator = grown(this.#creator)
      this.#thing = grown(this.#thing)
    }
    this.#creator[this.#size] = creator
    this.#thing[this.#size++] = thing
  }

  graph(creators: number, things: number, check: Check): Bipartite {
    const edges = { source: this.#creator.subarray(0, this.#size), target: this.#thing.subarray(0, this.#size) }
    return bipartiteCsr(creators, things, edges, 'one', check)
  }
}

const holdingsOf = (kind: HoldingKind, graph: Bipartite, outside: Int32Array | null): Holdings => {
  const { offsets, rowCount } = graph.columns
  const holders = new Int32Array(rowCount)
  let total = 0
  for (let thing = 0; thing < rowCount; thing++) {
    holders[thing] = offsets[thing + 1]! - offsets[thing]! + (outside ? outside[thing]! : 0)
    total += holders[thing]!
  }
  return { kind, graph, holders, outside, total }
}

/** Actors of a relation who are creators, as creator numbers, with their interactions. */
export const eachCreatorEdge = (
  { actorFrom, outOffsets }: Relation,
  creators: Creators,
  take: (creator: number, edge: number) => void,
): void => {
  const from = Math.max(0, creators.from - actorFrom)
  const to = Math.min(outOffsets.length - 1, creators.from + creators.count - actorFrom)
  for (let row = from; row < to; row++)
    for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++) take(row + actorFrom - creators.from, edge)
}

const contentHoldings = (snapshot: Snapshot, creators: Creators, content: Content, check: Check): Holdings | null => {
  const relation = relationOf(snapshot, 'publish')
  if (!relation) return null
  const pairs = new PairList()
  eachCreatorEdge(relation, creators, (creator, edge) => {
    if (content.family[edge]! >= 0) pairs.push(creator, content.family[edge]!)
  })
  return holdingsOf('content', pairs.graph(creators.count, content.familyCount, check), null)
}

/** Products that a creator offers, or that its videos show. */
const productHoldings = (snapshot: Snapshot, creators: Creators, check: Check): Holdings | null => {
  const { kindOffsets } = snapshot.entities
  const { code } = entityKinds.product
  const productFrom = kindOffsets[code]!
  const products = kindOffsets[code + 1]! - productFrom
  const pairs = new PairList()
  const sell = relationOf(snapshot, 'sell')
  if (sell) eachCreatorEdge(sell, creators, (creator, edge) => pairs.push(creator, sell.target[edge]! - productFrom))
  const publish = relationOf(snapshot, 'publish')
  const promote = relationOf(snapshot, 'promote')
  if (publish && promote)
    eachCreatorEdge(publish, creators, (creator, edge) => {
      const row = publish.target[edge]! - promote.actorFrom
      if (row < 0 || row + 1 >= promote.outOffsets.length) return
      for (let e = promote.outOffsets[row]!; e < promote.outOffsets[row + 1]!; e++)
        pairs.push(creator, promote.target[e]! - productFrom)
    })
  if (!sell && !(publish && promote)) return null
  return holdingsOf('product', pairs.graph(creators.count, products, check), null)
}

/** Kinds of identifier, and the users who act for creators; each is a graph of its own, as a network is shared by more than a phone is. */
const identifierKinds = ['device', 'network', 'payment', 'contact', 'address'] as const

/** Things are identifiers (index from the first target of `uses`), then users who act for creators. */
const identifierHoldings = (snapshot: Snapshot, creators: Creators, check: Check): readonly Holdings[] => {
  const uses = relationOf(snapshot, 'uses')
  const operates = relationOf(snapshot, 'operates')
  const identifiers = uses ? uses.inOffsets.length - 1 : 0
  const operators = operates ? operates.outOffsets.length - 1 : 0
  const things = identifiers + operators
  const found: Holdings[] = []
  if (uses) {
    const outside = new Int32Array(things)
    for (let thing = 0; thing < identifiers; thing++) {
      let last = -1
      for (let k = uses.inOffsets[thing]!; k < uses.inOffsets[thing + 1]!; k++) {
        const account = uses.source[k]!
        const isCreator = account >= creators.from && account < creators.from + creators.count
        if (account !== last && !isCreator) outside[thing]!++
        last = account
      }
    }
    const { kindOffsets } = snapshot.entities
    for (const kind of identifierKinds) {
      const { code } = entityKinds[kind]
      const pairs = new PairList()
      eachCreatorEdge(uses, creators, (creator, edge) => {
        const target = uses.target[edge]!
        if (target >= kindOffsets[code]! && target < kindOffsets[code + 1]!)
          pairs.push(creator, target - uses.targetFrom)
      })
      const outsideOfKind = outside.map((count, thing) => {
        const entity = thing + uses.targetFrom
        return entity >= kindOffsets[code]! && entity < kindOffsets[code + 1]! ? count : 0
      })
      if (pairs.size > 0)
        found.push(holdingsOf('identifier', pairs.graph(creators.count, things, check), outsideOfKind))
    }
  }
  if (operates) {
    const pairs = new PairList()
    for (let row = 0; row < operators; row++)
      for (let edge = operates.outOffsets[row]!; edge < operates.outOffsets[row + 1]!; edge++)
        pairs.push(operates.target[edge]! - creators.from, identifiers + row)
    found.push(holdingsOf('identifier', pairs.graph(creators.count, things, check), null))
  }
  return found
}

/** Of the kinds that the snapshot has. */
export const allHoldings = (
  snapshot: Snapshot,
  creators: Creators,
  content: Content | null,
  check: Check,
): readonly Holdings[] =>
  [
    content ? contentHoldings(snapshot, creators, content, check) : null,
    productHoldings(snapshot, creators, check),
    ...identifierHoldings(snapshot, creators, check),
  ].flatMap((holdings) => holdings ?? [])

/** The market in which each creator acts most, by its place in the snapshot's markets; the first of equals, -1 where it does not act. */
export const homesOf = (snapshot: Snapshot, creators: Creators): Int32Array => {
  const home = new Int32Array(creators.count).fill(-1)
  const count = Array.from({ length: creators.count }, () => new Map<number, number>())
  for (const type of ['publish', 'sell', 'uses'] as const) {
    const relation = relationOf(snapshot, type)
    if (!relation) continue
    eachCreatorEdge(relation, creators, (creator, edge) => {
      const market = relation.market[edge]!
      count[creator]!.set(market, (count[creator]!.get(market) ?? 0) + 1)
    })
  }
  count.forEach((own, creator) => {
    let most = 0
    for (const [market, times] of [...own].sort(([a], [b]) => a - b))
      if (times > most) {
        most = times
        home[creator] = market
      }
  })
  return home
}

/**
 * The holdings as creators of the given homes have them: those who sell on one market share its products and carriers with each other and not
 * with the rest of the world, and that is no surprise.
 */
export const holdingsAmong = (
  holdings: readonly Holdings[],
  homes: Int32Array,
  wanted: ReadonlySet<number>,
): readonly Holdings[] =>
  holdings.map((all) => {
    const { offsets, columns, rowCount } = all.graph.columns
    const holders = new Int32Array(rowCount)
    let total = 0
    for (let thing = 0; thing < rowCount; thing++) {
      let count = all.outside?.[thing] ?? 0
      for (let k = offsets[thing]!; k < offsets[thing + 1]!; k++) if (wanted.has(homes[columns[k]!]!)) count++
      holders[thing] = count
      total += count
    }
    return { ...all, holders, total }
  })
