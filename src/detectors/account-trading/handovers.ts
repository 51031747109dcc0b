/**
 * Handovers: accounts whose device (without one: network) and whose payment or contact change for good at the same time.
 *
 * For one account and one split of its devices at (l, f) (last sighting of the old, first of the new), another kind k is changed
 * with it where one of its splits overlaps the same time, give or take `tolerance`. Independent kinds do that with chance
 *   p(k) = rate(k) * splits(k) * min(1, 2 min(overlap(k), arrival(k)))
 * rate(k): share of all accounts that leave what they use of this kind for good; overlap(k): share of the gaps between the account's
 * visits that lie there; arrival(k): twice the distance of the two first sightings of the new, as a share of the account's time.
 * Two ways to be near cost a factor of two. A handover's nats are -sum ln p(k), less ln of the number of device splits tried.
 *
 * What is kept speaks against: devices in use on both sides are an agency or a second phone (there is no split), a payment in use on
 * both sides is a change of staff or a new phone. A device that comes back is no split either: an owner who fights back. A change that is too recent
 * to be called lasting is doubted (population.ts) and does not count.
 */

import type { Snapshot } from '../../graph/snapshot.js'
import {
  AccountReader,
  CONTACT,
  DEVICE,
  doubtOf,
  NETWORK,
  PAYMENT,
  type Population,
  streamKinds,
} from './population.js'
import type { StreamReader } from './stream-reader.js'

/** A handover that chance would give one account in twenty is noise. */
const LEAST_NATS = Math.log(20)
/** More likely lasting than not. */
const LEAST_CONFIDENCE = 0.5
/** An account that changes its devices more often than this has no handover that could be told from the others. */
const MOST_SPLITS = 64
/** Where most accounts leave what they use for good, leaving it is no sign of another holder, and the busiest would only do it most. */
const MOST_SWITCHING = 0.5
const CHECK_EVERY = 16_384

/** Where one kind of identifier changes: visits before `split` are of the old holder. */
export interface StreamChange {
  readonly kind: number
  readonly split: number
  /** p(k) of the head of this file; 1 for the kind that sets the moment. */
  readonly chance: number
  readonly confidence: number
  /** First sighting of the new. */
  readonly arrival: number
}

export interface Handover {
  /** Row of the account: entity minus actorFrom. */
  readonly row: number
  /** Last sighting of the old device and first of the new, epoch milliseconds. */
  readonly from: number
  readonly to: number
  readonly nats: number
  /** 0 to 1: how sure it is that the change lasts. */
  readonly confidence: number
  readonly changes: readonly StreamChange[]
}

const changeAt = (
  population: Population,
  stream: StreamReader,
  kind: number,
  from: number,
  to: number,
  tolerance: number,
  span: number,
): StreamChange | null => {
  const { count, first, last, splits, splitCount } = stream
  let best = -1
  let distance = Infinity
  for (let i = 0; i < splitCount; i++) {
    const s = splits[i]!
    if (first[s]! < from - tolerance || last[s - 1]! > to + tolerance) continue
    const d = Math.abs(first[s]! - to)
    if (d < distance) {
      best = s
      distance = d
    }
  }
  if (best < 0) return null
  let gaps = 0
  for (let v = 1; v < count; v++) if (first[v]! >= from - tolerance && last[v - 1]! <= to + tolerance) gaps++
  const overlap = gaps / (count - 1)
  const arrival = span > 0 ? (2 * Math.max(distance, population.session)) / span : 1
  const place = Math.min(1, 2 * Math.min(overlap, arrival))
  return {
    kind,
    split: best,
    chance: Math.min(1, population.switchRate[kind]! * splitCount * place),
    confidence: 1 - doubtOf(population, kind, count, best),
    arrival: first[best]!,
  }
}

/** The strongest handover of the account that `reader` has read; null where there is none. */
export const handoverOf = (
  population: Population,
  row: number,
  { streams }: AccountReader,
  tolerance: number,
): Handover | null => {
  const anchorKind = streams[DEVICE]!.count > 0 ? DEVICE : NETWORK
  if (population.switchRate[anchorKind]! > MOST_SWITCHING) return null
  const anchor = streams[anchorKind]!
  if (anchor.splitCount === 0 || anchor.splitCount > MOST_SPLITS) return null
  if (streams[PAYMENT]!.splitCount === 0 && streams[CONTACT]!.splitCount === 0) return null
  let begin = Infinity
  let end = -Infinity
  for (const { count, first, last } of streams)
    if (count > 0) {
      begin = Math.min(begin, first[0]!)
      end = Math.max(end, last[count - 1]!)
    }
  let strongest: Handover | null = null
  for (let i = 0; i < anchor.splitCount; i++) {
    const split = anchor.splits[i]!
    const from = anchor.last[split - 1]!
    const to = anchor.first[split]!
    if (streams[PAYMENT]!.keeps(from, to)) continue
    const anchorConfidence = 1 - doubtOf(population, anchorKind, anchor.count, split)
    const changes: StreamChange[] = [{ kind: anchorKind, split, chance: 1, confidence: anchorConfidence, arrival: to }]
    let nats = -Math.log(anchor.splitCount)
    let title = 0
    for (let kind = 0; kind < streamKinds.length; kind++) {
      if (kind === anchorKind || streams[kind]!.splitCount === 0) continue
      const change = changeAt(population, streams[kind]!, kind, from, to, tolerance, end - begin)
      if (!change) continue
      changes.push(change)
      nats -= Math.log(change.chance)
      if (kind === PAYMENT || kind === CONTACT) title = Math.max(title, change.confidence)
    }
    const confidence = anchorConfidence * title
    if (nats < LEAST_NATS || confidence < LEAST_CONFIDENCE || (strongest && strongest.nats >= nats)) continue
    strongest = { row, from, to, nats, confidence, changes }
  }
  return strongest
}

export const findHandovers = (
  snapshot: Snapshot,
  population: Population,
  tolerance: number,
  checkCancelled: () => void,
): readonly Handover[] => {
  const { relation, eligible } = population
  const reader = new AccountReader(snapshot, relation, population.session, population.isPublic)
  const found: Handover[] = []
  for (let row = 0; row < eligible.length; row++) {
    if (row % CHECK_EVERY === 0) checkCancelled()
    if (eligible[row] === 0) continue
    reader.read(row)
    const handover = handoverOf(population, row, reader, tolerance)
    if (handover) found.push(handover)
  }
  return found
}
