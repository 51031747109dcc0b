/** Small worlds for lockstep: organic accounts with a daily rhythm and popular targets, and groups that are put among them. */
import { Value } from 'typebox/value'
import { type LockstepParameters, lockstep } from '#src/detectors/lockstep.js'
import { entityName, type Snapshot } from '#src/graph/snapshot.js'
import type { Random } from '#src/kernels/random.js'
import { mergeCandidates } from '#src/rings/merge.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const START = Date.UTC(2026, 0, 5)
export const DAYS = 60

/** Most people act in the evening. */
const moment = (random: Random): number =>
  START + random.below(DAYS) * DAY + (8 + Math.floor(12 * Math.sqrt(random.float()))) * HOUR + random.float() * HOUR

/** Each of `accounts` likes 5 to 25 videos, popular ones (low numbers) more often. */
export const organic = (random: Random, accounts = 1500, videos = 2000): InteractionLine[] => {
  const lines: InteractionLine[] = []
  for (let account = 0; account < accounts; account++)
    for (let k = 5 + random.below(21); k > 0; k--) {
      const video = Math.floor(videos * random.float() ** 2)
      lines.push({ type: 'like', actor: `user:o${account}`, target: `video:v${video}`, at: moment(random) })
    }
  return lines
}

/** Targets dealt anew over the interactions of each line's type. */
export const shuffled = (lines: readonly InteractionLine[], random: Random): InteractionLine[] => {
  const order = Int32Array.from(lines, (_, i) => i)
  random.shuffle(order)
  return lines.map((line, i) => ({ ...line, target: lines[order[i]!]!.target }))
}

export interface NamedRing {
  readonly accounts: readonly string[]
  readonly targets: readonly string[]
  readonly nats: number
}

export const parametersWith = (given: Partial<LockstepParameters> = {}): LockstepParameters => ({
  ...(Value.Create(lockstep.parameters) as LockstepParameters),
  ...given,
})

export const runOn = (snapshot: Snapshot, given: Partial<LockstepParameters> = {}) =>
  lockstep.run({ snapshot, seed: 1, progress: () => {}, checkCancelled: () => {} }, parametersWith(given))

/** Rings at a false-discovery rate of 5 %. */
export const ringsIn = (lines: readonly InteractionLine[], given: Partial<LockstepParameters> = {}): NamedRing[] => {
  const snapshot = snapshotFrom(lines)
  const { candidates } = runOn(snapshot, given)
  return mergeCandidates(candidates, candidates.length > 0 ? 0 : 1)
    .filter(({ fdr }) => fdr <= 0.05)
    .map(({ members, nats }) => ({
      accounts: members.filter(({ role }) => role !== 'beneficiary').map(({ entity }) => entityName(snapshot, entity)),
      targets: members.filter(({ role }) => role === 'beneficiary').map(({ entity }) => entityName(snapshot, entity)),
      nats,
    }))
}

/** The planted accounts, `user:r0` and so on, that are in any ring, and all others that are. */
export const caught = (rings: readonly NamedRing[]): { planted: number; others: number } => {
  const all = new Set(rings.flatMap(({ accounts }) => accounts))
  const planted = [...all].filter((name) => name.startsWith('user:r')).length
  return { planted, others: all.size - planted }
}

export interface Plan {
  readonly accounts: number
  readonly targets: number
  /** Moment of an account's action on a target; null is none. */
  readonly at: (account: number, target: number) => number | null
}

/** Ring accounts also like organic videos, as many as `camouflage`. */
export const planted = (random: Random, { accounts, targets, at }: Plan, camouflage = 6): InteractionLine[] => {
  const lines: InteractionLine[] = []
  for (let account = 0; account < accounts; account++) {
    for (let k = 0; k < camouflage; k++) {
      const video = Math.floor(2000 * random.float() ** 2)
      lines.push({ type: 'like', actor: `user:r${account}`, target: `video:v${video}`, at: moment(random) })
    }
    for (let target = 0; target < targets; target++) {
      const time = at(account, target)
      if (time !== null)
        lines.push({ type: 'like', actor: `user:r${account}`, target: `video:bought${target}`, at: time })
    }
  }
  return lines
}
