/**
 * Brokers in the transfer graph: users who take and give within days of the handovers, with the accounts handed over and their holders.
 *
 * Null model: each user's transfers go to participants with the share that all transfers have; the tail of the hypergeometric, less the ln of
 * all users with transfers. Score: sqrt(in * out) / median days between taking and giving on: two-sided and quick (the middlemen
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
  /** Median, of those taken that were followed by one given; Infinity where none was. */
  readonly medianHoldingDays: number
  readonly score: number
  /** Those with participants. */
  readonly edges: readonly number[]
  /** Who gave to the broker, and to whom the broker gave, near handovers, with how often. */
  readonly payers: ReadonlyMap<number, number>
  readonly paid: ReadonlyMap<number, number>
}

const DAY = 86_400_000
/** A single deal, there and back, is not a trade. */
const LEAST_TRANSFERS = 3
/** Beyond the choice among all users, one in twenty. */
const LEAST_NATS = Math.log(20)
/** A same-hour deal is no quicker than this: dividing by nothing says nothing. */
const LEAST_HOLDING_DAYS = 1 / 24

const median = (sorted: readonly number[]): number =>
  sorted.length === 0 ? Infinity : (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2

const nearAny = (sorted: Float64Array, time: number, near: number): boolean => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < time - near) low = middle + 1
    else high = middle
  }
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

/** Strongest first. `participants`: entities; `moments`: times of the handovers, ascending. */
export const findBrokers = (
  snapshot: Snapshot,
  users: number,
  participants: ReadonlySet<number>,
  moments: Float64Array,
  near: number,
): readonly Broker[] => {
  const transfers = relationOf(snapshot, 'transfer')
  if (!transfers) return []
  const { kindOffsets } = snapshot.entities
  const isUser = (entity: number): boolean =>
    entity >= kindOffsets[entityKinds.user.code]! && entity < kindOffsets[entityKinds.user.code + 1]!
  const candidates = new Set<number>()
  let touching = 0
  for (const participant of participants)
    if (isUser(participant))
      eachTransfer(transfers, participant, (other, edge) => {
        touching++
        if (!participants.has(other) && nearAny(moments, transfers.at[edge]!, near)) candidates.add(other)
      })
  const found: Broker[] = []
  for (const entity of [...candidates].sort((a, b) => a - b)) {
    let all = 0
    const times: { at: number; gives: boolean }[] = []
    const edges: number[] = []
    const payers = new Map<number, number>()
    const paid = new Map<number, number>()
    eachTransfer(transfers, entity, (other, edge, gives) => {
      all++
      const at = transfers.at[edge]!
      if (!nearAny(moments, at, near)) return
      times.push({ at, gives })
      const side = gives ? paid : payers
      side.set(other, (side.get(other) ?? 0) + 1)
      if (participants.has(other)) edges.push(edge)
    })
    const withParticipants = edges.length
    const given = times.filter(({ gives }) => gives).length
    const taken = times.length - given
    if (given === 0 || taken === 0 || withParticipants < LEAST_TRANSFERS) continue
    const surprise =
      hypergeometricSurprise(transfers.count, Math.min(transfers.count, touching), all, withParticipants) -
      Math.log(Math.max(1, users))
    if (surprise < LEAST_NATS) continue
    const medianHoldingDays = holdingDays(times)
    found.push({
      entity,
      taken,
      given,
      withParticipants,
      expected: (all * Math.min(transfers.count, touching)) / transfers.count,
      medianHoldingDays,
      score: Math.sqrt(taken * given) / Math.max(LEAST_HOLDING_DAYS, medianHoldingDays),
      edges: edges.sort((a, b) => a - b),
      payers,
      paid,
    })
  }
  return found.sort((a, b) => b.score - a.score || a.entity - b.entity)
}
