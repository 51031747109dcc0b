/**
 * Who else has a part in a bundle of handovers: accounts handed over less completely, those who held the identifiers before (the
 * source), those who hold them after (buyers), and those through whom they went (brokers by identifiers; by transfers see brokers.ts).
 */
import { kindOf } from '../../graph/snapshot.js'
import type { Bundle } from './bundles.js'
import type { Handover } from './handovers.js'
import { type Hubs, incoming, outgoing } from './hubs.js'
import {
  type AccountReader,
  CONTACT,
  DEVICE,
  doubtOf,
  NETWORK,
  PAYMENT,
  type Population,
  streamKinds,
} from './population.js'

export type Side = 'before' | 'between' | 'after'

/** An identifier that accounts of the bundle share, and on which side of their handover. */
export interface SharedIdentifier {
  readonly entity: number
  readonly kind: number
  readonly side: Side
  /** Rows of handed-over accounts. */
  readonly rows: readonly number[]
}

export interface Parties {
  readonly shared: readonly SharedIdentifier[]
  /** Rows of accounts whose device changed in the same days and which touch the same identifiers; how sure it is that it lasts. */
  readonly partial: ReadonlyMap<number, number>
  /** Entities. */
  readonly sources: ReadonlySet<number>
  readonly buyers: ReadonlySet<number>
  readonly brokers: ReadonlySet<number>
  /** Accounts that came to an identifier of the after side and went back to their old one. */
  readonly contested: ReadonlySet<number>
  /** Handed-over accounts that stay in their network and keep their contact, as far as either is seen. */
  readonly rooted: number
  /** Of the partial, those whose means of payment stays. */
  readonly keptPayment: number
  /** Handed-over accounts of which any means of payment is known. */
  readonly seenPayment: number
}

/** An identifier with more strangers than this for each handed-over account is a public place, and names nobody. */
const STRANGERS_PER_ACCOUNT = 1

/** Kinds that name who holds them; a network or an address is shared with neighbours. */
export const isPersonal = (kind: number): boolean => kind === DEVICE || kind === PAYMENT || kind === CONTACT

const sideOf = (
  reader: AccountReader,
  entity: number,
  kind: number,
  { from, to }: Handover,
  tolerance: number,
): Side => {
  const { count, identifier, first, last } = reader.streams[kind]!
  let begin = -1
  let end = -1
  for (let v = 0; v < count; v++)
    if (identifier[v] === entity) {
      if (begin < 0) begin = v
      end = v
    }
  if (begin < 0) return 'after'
  const passing = begin > 0 && end < count - 1 && last[end]! - first[begin]! <= tolerance
  if (passing && first[begin]! >= from - tolerance && last[end]! <= to + tolerance) return 'between'
  // Seen on both sides, as a mobile carrier is: whichever has more of it.
  return first[begin]! >= to || last[end]! - to > to - first[begin]! ? 'after' : 'before'
}

export class PartyFinder {
  readonly #population: Population
  readonly #hubs: Hubs
  readonly #reader: AccountReader
  readonly #tolerance: number
  readonly #kinds: readonly string[] = streamKinds

  constructor(population: Population, hubs: Hubs, reader: AccountReader, tolerance: number) {
    this.#population = population
    this.#hubs = hubs
    this.#reader = reader
    this.#tolerance = tolerance
  }

  #shared(bundle: Bundle, handovers: readonly Handover[]): SharedIdentifier[] {
    const reader = this.#reader
    const sides = new Map<number, Record<Side, number[]>>()
    const wanted = new Set(bundle.hubs.filter((hub) => !this.#hubs.isUser(hub)).map((hub) => this.#hubs.entity(hub)))
    for (const handover of handovers) {
      reader.read(handover.row)
      reader.streams.forEach(({ count, identifier }, kind) => {
        const seen = new Set<number>()
        for (let v = 0; v < count; v++) {
          const entity = identifier[v]!
          if (!wanted.has(entity) || seen.has(entity)) continue
          seen.add(entity)
          const known = sides.get(entity) ?? { before: [], between: [], after: [] }
          known[sideOf(reader, entity, kind, handover, this.#tolerance)].push(handover.row)
          sides.set(entity, known)
        }
      })
    }
    return [...sides]
      .sort(([a], [b]) => a - b)
      .map(([entity, by]) => {
        const side = (['before', 'after', 'between'] as const).reduce((best, each) =>
          by[each].length > by[best].length ? each : best,
        )
        const rows = [...by.before, ...by.between, ...by.after].sort((a, b) => a - b)
        return { entity, kind: this.#kinds.indexOf(kindOf(this.#hubs.snapshot, entity)), side, rows }
      })
  }

  /** Entities of the accounts that use it. */
  usersOf(identifier: number): number[] {
    const { relation } = this.#population
    const [from, to] = incoming(relation, identifier)
    return [...new Set(relation.source.subarray(from, to))]
  }

  /** How an account with no handover of its own stands to a shared identifier. `window`: first and last handover. */
  #stranger(row: number, { entity, kind, side }: SharedIdentifier, hubs: number, window: readonly [number, number]) {
    const { streams } = this.#reader
    this.#reader.read(row)
    const own = streams[kind]!
    let firstSeen = Infinity
    let lastSeen = -Infinity
    for (let v = 0; v < own.count; v++)
      if (own.identifier[v] === entity) {
        firstSeen = Math.min(firstSeen, own.first[v]!)
        lastSeen = Math.max(lastSeen, own.last[v]!)
      }
    if (side === 'after' && kind !== PAYMENT) {
      let before = false
      let back = false
      for (let v = 0; v < own.count; v++)
        if (own.identifier[v] !== entity && own.first[v]! < firstSeen)
          for (let w = own.count - 1; w > v && own.last[w]! > firstSeen; w--)
            if (own.label[w] === own.label[v]) {
              before = true
              back = true
              break
            }
      if (before && back) return { stands: 'contested', confidence: 0, keepsPayment: false } as const
    }
    const device = streams[DEVICE]!
    for (let i = 0; i < device.splitCount; i++) {
      const s = device.splits[i]!
      const [from, to] = [device.last[s - 1]!, device.first[s]!]
      if (to < window[0] - this.#tolerance || from > window[1] + this.#tolerance) continue
      const leaves = side === 'before' && lastSeen <= to
      const arrives = side === 'after' && firstSeen >= from
      // Who shares a phone, a card or a number with the group and changes phones with it is of it even where something stays.
      if (!leaves && !arrives && hubs < 2 && !isPersonal(kind)) continue
      const confidence = 1 - doubtOf(this.#population, DEVICE, device.count, s)
      if (confidence > 0)
        return { stands: 'partial', confidence, keepsPayment: streams[PAYMENT]!.keeps(from, to) } as const
    }
    return { stands: 'holder', confidence: 0, keepsPayment: false } as const
  }

  #rooted(handovers: readonly Handover[]): number {
    const { streams } = this.#reader
    let rooted = 0
    for (const { row, from, to, changes } of handovers) {
      if (changes.some(({ kind }) => kind === CONTACT)) continue
      this.#reader.read(row)
      if (streams[NETWORK]!.keeps(from, to)) rooted++
    }
    return rooted
  }

  #seenPayment(handovers: readonly Handover[]): number {
    let seen = 0
    for (const { row } of handovers) {
      this.#reader.read(row)
      if (this.#reader.streams[PAYMENT]!.count > 0) seen++
    }
    return seen
  }

  /** Hubs of the phones, cards and numbers that these accounts hold. */
  heldBy(entities: Iterable<number>): ReadonlySet<number> {
    const { relation } = this.#population
    const held = new Set<number>()
    for (const entity of entities) {
      const [from, to] = outgoing(relation, entity)
      if (from === to) continue
      this.#reader.read(entity - relation.actorFrom)
      this.#reader.streams.forEach(({ count, identifier }, kind) => {
        if (isPersonal(kind)) for (let v = 0; v < count; v++) held.add(identifier[v]! - relation.targetFrom)
      })
    }
    return held
  }

  find(bundle: Bundle, handovers: readonly Handover[]): Parties {
    const { relation } = this.#population
    const shared = this.#shared(bundle, handovers)
    const traded = new Set(handovers.map(({ row }) => row))
    const window = [Math.min(...handovers.map(({ from }) => from)), Math.max(...handovers.map(({ to }) => to))] as const
    const hubsOf = new Map<number, SharedIdentifier[]>()
    const strangers = new Map<SharedIdentifier, number>()
    for (const each of shared)
      for (const entity of this.usersOf(each.entity)) {
        const row = entity - relation.actorFrom
        if (traded.has(row)) continue
        const known = hubsOf.get(row)
        if (known) known.push(each)
        else hubsOf.set(row, [each])
      }
    const partial = new Map<number, number>()
    const contested = new Set<number>()
    const keptPayment = new Set<number>()
    const holders: { row: number; each: SharedIdentifier }[] = []
    for (const [row, list] of [...hubsOf].sort(([a], [b]) => a - b))
      for (const each of list) {
        const { stands, confidence, keepsPayment } = this.#stranger(row, each, list.length, window)
        if (stands === 'contested') contested.add(relation.actorFrom + row)
        else if (stands === 'partial') {
          partial.set(row, Math.max(confidence, partial.get(row) ?? 0))
          if (keepsPayment) keptPayment.add(row)
        } else {
          holders.push({ row, each })
          strangers.set(each, (strangers.get(each) ?? 0) + 1)
        }
      }
    const parts = {
      before: new Set<number>(),
      between: new Set<number>(),
      after: new Set<number>(),
    }
    const holds = new Map<number, number>()
    for (const { row, each } of holders) if (isPersonal(each.kind)) holds.set(row, (holds.get(row) ?? 0) + 1)
    const most = new Map<SharedIdentifier, number>()
    for (const { row, each } of holders) most.set(each, Math.max(most.get(each) ?? 0, holds.get(row) ?? 0))
    for (const { row, each } of holders) {
      // The phone may be a family's; whoever also holds the card is who it is about.
      if ((holds.get(row) ?? 0) < most.get(each)!) continue
      if (partial.has(row) || contested.has(relation.actorFrom + row)) continue
      if (!isPersonal(each.kind)) continue
      if (strangers.get(each)! > STRANGERS_PER_ACCOUNT * each.rows.length) continue
      parts[each.side].add(relation.actorFrom + row)
    }
    for (const entity of parts.between) {
      parts.before.delete(entity)
      parts.after.delete(entity)
    }
    for (const entity of parts.before) parts.after.delete(entity)
    return {
      shared,
      partial,
      contested,
      rooted: this.#rooted(handovers),
      keptPayment: keptPayment.size,
      seenPayment: this.#seenPayment(handovers),
      sources: parts.before,
      buyers: parts.after,
      brokers: parts.between,
    }
  }
}
