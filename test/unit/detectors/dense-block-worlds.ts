/** Groups for the dense-block detector, put among the organic accounts of the lockstep worlds. */
import { Value } from 'typebox/value'
import { type DenseBlockParameters, denseBlock } from '#src/detectors/dense-block.js'
import { entityName, type Snapshot } from '#src/graph/snapshot.js'
import type { Random } from '#src/kernels/random.js'
import { mergeCandidates } from '#src/rings/merge.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'
import { DAY, DAYS, type NamedRing, START } from './lockstep-worlds.js'

export const runOn = (snapshot: Snapshot, given: Partial<DenseBlockParameters> = {}) =>
  denseBlock.run(
    { snapshot, seed: 1, progress: () => {}, checkCancelled: () => {} },
    { ...(Value.Create(denseBlock.parameters) as DenseBlockParameters), ...given },
  )

/** Rings at a false-discovery rate of 5 %. */
export const ringsOf = (snapshot: Snapshot, given: Partial<DenseBlockParameters> = {}): NamedRing[] => {
  const { candidates } = runOn(snapshot, given)
  return mergeCandidates(candidates, candidates.length > 0 ? 0 : 1)
    .filter(({ fdr }) => fdr <= 0.05)
    .map(({ members, nats }) => ({
      accounts: members.filter(({ role }) => role !== 'beneficiary').map(({ entity }) => entityName(snapshot, entity)),
      targets: members.filter(({ role }) => role === 'beneficiary').map(({ entity }) => entityName(snapshot, entity)),
      nats,
    }))
}

export const ringsIn = (lines: readonly InteractionLine[], given: Partial<DenseBlockParameters> = {}): NamedRing[] =>
  ringsOf(snapshotFrom(lines), given)

export const anyTime = (random: Random): number => START + random.float() * DAYS * DAY

export interface Block {
  readonly accounts: number
  readonly targets: number
  readonly density: number
  /** Popular videos that each account likes beside it. */
  readonly camouflage: number
}

/** Accounts `user:r0`.. that like `video:bought0`.. at any time. */
export const block = (random: Random, { accounts, targets, density, camouflage }: Block): InteractionLine[] => {
  const lines: InteractionLine[] = []
  for (let a = 0; a < accounts; a++) {
    for (let t = 0; t < targets; t++)
      if (random.float() < density)
        lines.push({ type: 'like', actor: `user:r${a}`, target: `video:bought${t}`, at: anyTime(random) })
    for (let k = 0; k < camouflage; k++)
      lines.push({
        type: 'like',
        actor: `user:r${a}`,
        target: `video:v${Math.floor(1000 * random.float() ** 2)}`,
        at: anyTime(random),
      })
  }
  return lines
}
