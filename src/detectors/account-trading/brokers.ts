/**
 * Brokers in the transfer graph: users who take and give within days of the handovers, with the accounts handed over and their holders;
 * and users who are paid within hours of one handover after another, whoever pays: then the buyers need not be known.
 *
 * Null model: each user's transfers go to participants with the share that all transfers have; the tail of the hypergeometric, less the ln of
 * all users with transfers. The same for those paid within hours: of all transfers, so many are within hours of a handover; where
 * nobody is known who held the accounts, of those within days, else one of these must be among the payers.
 * Score: sqrt(in * out) / median days between taking and giving on: two-sided and quick (the middlemen
 * of "star or chain" communities in E. Lee et al., "No Silk Road for Online Gamers!", WWW 2018).
 */
import { entityKinds } from '../../../graph-schema/schema.js'
import { type Relation, relationOf, type Snapshot } from '../../graph/snapshot.js'
import { hypergeometricSurprise } from '../../kernels/hypergeometric.js'
import { eachTransfer } from './hubs.js'

export interface Broker {
  readonly entity: number
  /** Transfers near handovers, taken and given. */
  readonly taken: number
  readonly given: number
  /** Of these, with participants; and how many chance would give. */
  readonly withParticipants: number
  readonly expected: number
  /** Transfers taken within hours of a handover, and how many chance would give; null where it is not these that tell. */
  readonly prompt: { readonly taken: number; readonly expected: number } | null
  /** Median, of those taken that were followed by one given; Infinity where none was. */
  readonly medianHoldingDays: number
  readonly score: number
  /** Those with participants, or where `prompt` tells, those taken within hours. */
  readonly edges: readonly number[]
  /** Who gave to the broker, and to whom the broker gave, near handovers, with how often. */
  readonly payers: ReadonlyMap<number, number>
  readonly paid: ReadonlyMap<number, number>
}

/** By whom, or when: two ways to be told. */
const LN_TWO_WAYS = Math.LN2
const DAY = 86_400_000
/** A single deal, there and back, is not a trade. */
const LEAST_TRANSFERS = 3
/** Where every other transfer is within hours of a handover, being paid then says nothing. */
const MOST_PROMPT = 1 / 2
/** Beyond the choice among all users, one in twenty. */
const LEAST_NATS = Math.log(20)
/** A same-hour deal is no quicker than this: dividing by nothing says nothing. */
const LEAST_HOLDING_DAYS = 1 / 24

const median = (sorted: readonly number[]): number =>
  sorted.length === 0 ? Infinity : (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2

/** Position of the first that is not below. */
const firstFrom = (sorted: Float64Array, least: number): number => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < least) low = middle + 1
    else high = middle
  }
  return low
}

const nearAny = (sorted: Float64Array, time: number, near: number): boolean => {
  const low = firstFrom(sorted, time - near)
  return low < sorted.length && sorted[low]! <= time + near
}

const holdingDays = (times: readonly { at: number; gives: boolean }[]): number => {
  const sorted = [...times].sort((a, b) => a.at - b.at)
  const waits: number[] = []
  for (let i = 0; i < sorted.length; i++) {
    if (sorted[i]!.gives) continue
    const next = sorted.slice(i + 1).find(({ gives }) => gives)
    if (next) waits.push((next.at - sorted[i]!.at) / DAY)
  }
  return median(waits.sort((a, b) => a - b))
}

export const activeUsers = (transfers: Relation): number => {
  let active = 0
  const from = Math.min(transfers.actorFrom, transfers.targetFrom)
  const to = Math.max(
    transfers.actorFrom + transfers.outOffsets.length - 1,
    transfers.targetFrom + transfers.inOffsets.length - 1,
  )
  for (let entity = from; entity < to; entity++) {
    const row = entity - transfers.actorFrom
    const column = entity - transfers.targetFrom
    const out = (transfers.outOffsets[row + 1] ?? 0) - (transfers.outOffsets[row] ?? 0)
    const into = (transfers.inOffsets[column + 1] ?? 0) - (transfers.inOffsets[column] ?? 0)
    if (out + into > 0) active++
  }
  return active
}

const isUserIn = (snapshot: Snapshot): ((entity: number) => boolean) => {
  const { kindOffsets } = snapshot.entities
  const [from, to] = [kindOffsets[entityKinds.user.code]!, kindOffsets[entityKinds.user.code + 1]!]
  return (entity) => entity >= from && entity < to
}

export interface Deals {
  readonly snapshot: Snapshot
  /** Users with transfers. */
  readonly users: number
  readonly timeline: Timeline
  /** Entities: those handed over, and with them all who are known to have held them. */
  readonly traded: ReadonlySet<number>
  readonly participants: ReadonlySet<number>
  /** Times of the handovers, ascending. */
  readonly moments: Float64Array
  /** Milliseconds: within days, and within hours. */
  readonly near: number
  readonly session: number
}

/** Transfers that have a time, in its order. */
export interface Timeline {
  readonly edges: Int32Array
  readonly at: Float64Array
}

export const timelineOf = ({ at, count }: Relation): Timeline => {
  const edges = Int32Array.from({ length: count }, (_, e) => e)
    .filter((e) => !Number.isNaN(at[e]!))
    .sort((a, b) => at[a]! - at[b]! || a - b)
  return { edges, at: Float64Array.from(edges, (e) => at[e]!) }
}

/** Ranges of positions in the timeline within `reach` of a moment, apart from each other. */
const rangesNear = ({ at }: Timeline, moments: Float64Array, reach: number): (readonly [number, number])[] => {
  const ranges: (readonly [number, number])[] = []
  let done = 0
  for (const moment of moments) {
    const from = Math.max(done, firstFrom(at, moment - reach))
    let to = from
    while (to < at.length && at[to]! <= moment + reach) to++
    if (to > from) ranges.push([from, to])
    done = Math.max(done, to)
  }
  return ranges
}

const sizeOf = (ranges: readonly (readonly [number, number])[]): number =>
  ranges.reduce((sum, [from, to]) => sum + to - from, 0)

/** Strongest first. */
export const findBrokers = (deals: Deals): readonly Broker[] => {
  const { snapshot, users, timeline, traded, participants, moments, near, session } = deals
  const transfers = relationOf(snapshot, 'transfer')
  if (!transfers) return []
  const isUser = isUserIn(snapshot)
  const candidates = new Set<number>()
  let touching = 0
  for (const participant of participants)
    if (isUser(participant))
      eachTransfer(transfers, participant, (other, edge) => {
        touching++
        if (!participants.has(other) && nearAny(moments, transfers.at[edge]!, near)) candidates.add(other)
      })
  // Another group that deals in the same weeks has its payments then too, of other people.
  const holdersKnown = participants.size > traded.size
  const within = holdersKnown ? timeline.edges.length : sizeOf(rangesNear(timeline, moments, near))
  const hours = rangesNear(timeline, moments, session)
  const prompt = sizeOf(hours)
  const isTelling = prompt <= MOST_PROMPT * timeline.edges.length
  const promptly = new Map<number, number>()
  if (isTelling)
    for (const [from, to] of hours)
      for (const edge of timeline.edges.subarray(from, to)) {
        const taker = transfers.target[edge]!
        promptly.set(taker, (promptly.get(taker) ?? 0) + 1)
      }
  for (const [entity, times] of promptly)
    if (times >= LEAST_TRANSFERS && !participants.has(entity)) candidates.add(entity)
  const choice = Math.log(Math.max(1, users))
  const found: Broker[] = []
  for (const entity of [...candidates].sort((a, b) => a - b)) {
    let all = 0
    let allTaken = 0
    let fromTraded = 0
    let fromHolders = 0
    const times: { at: number; gives: boolean }[] = []
    const edges: number[] = []
    const hasty: number[] = []
    const payers = new Map<number, number>()
    const paid = new Map<number, number>()
    eachTransfer(transfers, entity, (other, edge, gives) => {
      all++
      const at = transfers.at[edge]!
      if (!gives && !Number.isNaN(at)) allTaken++
      if (!nearAny(moments, at, near)) return
      times.push({ at, gives })
      const side = gives ? paid : payers
      side.set(other, (side.get(other) ?? 0) + 1)
      if (!gives && traded.has(other)) fromTraded++
      else if (!gives && participants.has(other)) fromHolders++
      if (participants.has(other)) edges.push(edge)
      if (!gives && !traded.has(other) && nearAny(moments, at, session)) hasty.push(edge)
    })
    const given = times.filter(({ gives }) => gives).length
    const taken = times.length - given
    // Who takes mostly from what was handed over holds it now.
    if (2 * fromTraded > taken) continue
    const between =
      given === 0 || taken === 0 || edges.length < LEAST_TRANSFERS
        ? -Infinity
        : hypergeometricSurprise(transfers.count, Math.min(transfers.count, touching), all, edges.length) - choice
    const takenWithin = holdersKnown ? allTaken : taken
    const hurried =
      !isTelling || hasty.length < LEAST_TRANSFERS || (holdersKnown && fromHolders === 0)
        ? -Infinity
        : hypergeometricSurprise(within, prompt, takenWithin, hasty.length) - choice - LN_TWO_WAYS
    if (Math.max(between, hurried) < LEAST_NATS) continue
    const tells = between >= LEAST_NATS ? edges : hasty
    const medianHoldingDays = holdingDays(times)
    found.push({
      entity,
      taken,
      given,
      withParticipants: tells.length,
      expected: (all * Math.min(transfers.count, touching)) / transfers.count,
      prompt: tells === hasty ? { taken: hasty.length, expected: (takenWithin * prompt) / within } : null,
      medianHoldingDays,
      score: Math.sqrt(taken * given) / Math.max(LEAST_HOLDING_DAYS, medianHoldingDays),
      edges: tells.sort((a, b) => a - b),
      payers,
      paid,
    })
  }
  return found.sort((a, b) => b.score - a.score || b.withParticipants - a.withParticipants || a.entity - b.entity)
}
