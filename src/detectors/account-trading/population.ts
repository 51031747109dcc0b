/**
 * How often accounts leave an identifier of each kind for good, learned from all accounts: the null model of a handover.
 *
 * An identifier that was not seen for some visits may yet come back, as for those who use two phones in turn. Of the accounts with
 * several identifiers of a kind, the share pi uses them mixed (no split; see stream-reader.ts). A mixed user with n visits, a of them
 * with the old and the rest with the new, shows exactly this order with chance 1 / C(n, a), one who changed once with chance 1 / (n - 1), so
 *   doubt = pi R / (pi R + 1 - pi),   R = min(1, (n - 1) / C(n, a))
 * is the chance that the change is none (Bayes). Public places (public-places.ts) are left out of everything. A change that is followed by one visit only keeps most of its doubt.
 */
import { entityKinds } from '../../../graph-schema/schema.js'
import type { Relation, Snapshot } from '../../graph/snapshot.js'
import { logChoose } from '../../kernels/hypergeometric.js'
import { PlaceTally } from './public-places.js'
import { StreamReader } from './stream-reader.js'

/** Device and network say who holds the account, payment and contact whose it is, an address little. */
export const streamKinds = ['device', 'network', 'payment', 'contact', 'address'] as const
export type StreamKind = (typeof streamKinds)[number]
export const DEVICE = 0
export const NETWORK = 1
export const PAYMENT = 2
export const CONTACT = 3

const SESSION = 6 * 3_600_000
/** Data of hours is looked at in minutes: a session is at most this share of the whole time. */
const SESSION_SHARE = 1 / 200
const CHECK_EVERY = 16_384

export interface Population {
  readonly relation: Relation
  /** First and last time of any sighting. */
  readonly from: number
  readonly to: number
  readonly session: number
  readonly untimed: number
  /** 1 for an identifier (entity minus targetFrom) that says nothing about who is there. */
  readonly isPublic: Uint8Array
  /** Accounts in which a handover could be seen: something that holds them and something that pays or reaches them is recorded. */
  readonly eligible: Uint8Array
  readonly eligibleCount: number
  /** Accounts with sightings of each kind, and the chance that one of them leaves all of that kind for good. */
  readonly using: Int32Array
  readonly switchRate: Float64Array
  /** pi of the head of this file, by kind. */
  readonly mixed: Float64Array
}

/** Fewer visits than this cannot show that identifiers are mixed. */
const LEAST_MIXED = 3

/** R of the head of this file. */
const mixedRatio = (count: number, split: number): number =>
  Math.min(1, (count - 1) * Math.exp(-logChoose(count, split)))

const doubtFor = (mixed: number, ratio: number): number => (mixed * ratio) / (mixed * ratio + 1 - mixed)

/** Chance that the change before visit `split` of `count` is none. */
export const doubtOf = ({ mixed }: Population, kind: number, count: number, split: number): number =>
  doubtFor(mixed[kind]!, mixedRatio(count, split))

/** First and one past the last entity of each kind of identifier. */
export const kindBounds = (snapshot: Snapshot): readonly (readonly [number, number])[] =>
  streamKinds.map((kind) => {
    const { code } = entityKinds[kind]
    return [snapshot.entities.kindOffsets[code]!, snapshot.entities.kindOffsets[code + 1]!] as const
  })

/** Reads all streams of one account, without what is public; made once, used for all. */
export class AccountReader {
  readonly streams: readonly StreamReader[] = streamKinds.map(() => new StreamReader())
  readonly #relation: Relation
  readonly #bounds: readonly (readonly [number, number])[]
  readonly #session: number
  readonly #isPublic: Uint8Array
  readonly #order: readonly number[]

  constructor(snapshot: Snapshot, relation: Relation, session: number, isPublic: Uint8Array) {
    this.#relation = relation
    this.#bounds = kindBounds(snapshot)
    this.#session = session
    this.#isPublic = isPublic
    this.#order = streamKinds.map((_, k) => k).sort((a, b) => this.#bounds[a]![0] - this.#bounds[b]![0])
  }

  read(row: number): void {
    const { outOffsets, target, at, targetFrom } = this.#relation
    let e = outOffsets[row]!
    const to = outOffsets[row + 1]!
    for (const k of this.#order) {
      const end = this.#bounds[k]![1]
      const from = e
      while (e < to && target[e]! < end) e++
      this.streams[k]!.read(target, at, from, e, this.#session, this.#isPublic, targetFrom)
    }
  }
}

const findPublic = (
  snapshot: Snapshot,
  relation: Relation,
  session: number,
  checkCancelled: () => void,
): Uint8Array => {
  const identifiers = relation.inOffsets.length - 1
  const reader = new AccountReader(snapshot, relation, session, new Uint8Array(identifiers))
  const tally = new PlaceTally(relation.targetFrom, identifiers, streamKinds.length)
  for (let row = 0; row + 1 < relation.outOffsets.length; row++) {
    if (row % CHECK_EVERY === 0) checkCancelled()
    if (relation.outOffsets[row] === relation.outOffsets[row + 1]) continue
    reader.read(row)
    for (let k = 0; k < streamKinds.length; k++) tally.add(row, k, reader.streams[k]!)
  }
  return tally.find(kindBounds(snapshot))
}

/** Null where no sighting has a time. */
export const learnPopulation = (
  snapshot: Snapshot,
  relation: Relation,
  checkCancelled: () => void,
): Population | null => {
  const { outOffsets, at, count } = relation
  let from = Infinity
  let to = -Infinity
  let untimed = 0
  for (let e = 0; e < count; e++) {
    const time = at[e]!
    if (time < from) from = time
    if (time > to) to = time
    if (Number.isNaN(time)) untimed++
  }
  if (!(from <= to)) return null
  const session = Math.min(SESSION, (to - from) * SESSION_SHARE)
  const rows = outOffsets.length - 1
  const eligible = new Uint8Array(rows)
  const using = new Int32Array(streamKinds.length)
  const mixing = new Int32Array(streamKinds.length)
  /** Per kind, R of the clearest split of each account that has one. */
  const ratios = streamKinds.map((): number[] => [])
  const isPublic = findPublic(snapshot, relation, session, checkCancelled)
  const reader = new AccountReader(snapshot, relation, session, isPublic)
  let eligibleCount = 0
  for (let row = 0; row < rows; row++) {
    if (row % CHECK_EVERY === 0) checkCancelled()
    if (outOffsets[row] === outOffsets[row + 1]) continue
    reader.read(row)
    reader.streams.forEach((stream, k) => {
      if (stream.count === 0) return
      using[k]!++
      if (stream.splitCount === 0) {
        if (stream.distinct > 1 && stream.count >= LEAST_MIXED) mixing[k]!++
        return
      }
      let clearest = 1
      for (let i = 0; i < stream.splitCount; i++)
        clearest = Math.min(clearest, mixedRatio(stream.count, stream.splits[i]!))
      ratios[k]!.push(clearest)
    })
    const seen = (k: number) => reader.streams[k]!.count > 0
    if ((seen(DEVICE) || seen(NETWORK)) && (seen(PAYMENT) || seen(CONTACT))) {
      eligible[row] = 1
      eligibleCount++
    }
  }
  // Half an account each way: what nobody showed is not certain.
  const mixed = Float64Array.from(streamKinds, (_, k) => (mixing[k]! + 0.5) / (mixing[k]! + ratios[k]!.length + 1))
  const switchRate = Float64Array.from(streamKinds, (_, k) => {
    const lasting = ratios[k]!.reduce((sum, ratio) => sum + 1 - doubtFor(mixed[k]!, ratio), 0)
    return Math.min(1, (lasting + 0.5) / (using[k]! + 1))
  })
  return { relation, from, to, session, untimed, isPublic, eligible, eligibleCount, using, switchRate, mixed }
}
