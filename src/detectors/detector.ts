/**
 * What every detector is: a descriptor. API, CLI, docs and the console's forms are made from it.
 * A detector runs in a worker thread, reads one snapshot, and never touches a store.
 */
import type { TObject } from 'typebox'
import type { InteractionType } from '../../graph-schema/schema.js'
import type { FactCount } from '../graph/fact-count.js'
import type { Snapshot } from '../graph/snapshot.js'
import type { SnapshotChange } from '../graph/snapshot-change.js'

export const roles = ['core', 'mule', 'amplifier', 'broker', 'beneficiary'] as const
export type Role = (typeof roles)[number]

/** The kinds of organized behaviour that a candidate can show. */
export const behaviours = ['lockstep', 'dense-block', 'sybil', 'account-trading', 'matrix', 'coattail'] as const
export type Behaviour = (typeof behaviours)[number]

export interface Member {
  /** Entity index of the snapshot. */
  readonly entity: number
  readonly role: Role
  /** Strength of membership, 0 to 1: how much of the evidence would go with this member, or how typical it is of the ring. */
  readonly membership: number
}

/** Interactions that show a fact: positions in the outgoing arrays of one relation. */
export interface EdgeSet {
  readonly type: InteractionType
  readonly edges: Int32Array
}

/** One thing that was observed, what chance would give, and where to check it. A lead, never a verdict. */
export interface Fact {
  /** Stable name of the kind of fact, as in `lockstep.shared-targets`. */
  readonly code: string
  /** Plain words, with names of entities where few: what was seen, never what it "is". */
  readonly sentence: string
  readonly observed: number
  /** What the null model expects for the same accounts and targets; same unit as `observed`. */
  readonly expected: number
  readonly unit: string
  /** How `observed` is counted from the interactions of `shows`: counting again must give it exactly. */
  readonly count: FactCount
  readonly shows: readonly EdgeSet[]
}

export interface Candidate {
  readonly detector: string
  readonly behaviour: Behaviour
  /** Accounts, and the targets that gain as `beneficiary`. Sorted by entity, each once. */
  readonly members: readonly Member[]
  /** Epoch milliseconds of the first and last interaction that counts; null where times are unknown. */
  readonly window: { readonly from: number; readonly to: number } | null
  /**
   * Surprise in nats: minus the natural logarithm of the chance that the null model (each account's and each target's
   * activity and the daily and weekly rhythm kept) gives anything this strong anywhere in the whole search. exp(-nats) is
   * therefore already corrected for the number of places that were looked at.
   */
  readonly nats: number
  readonly facts: readonly Fact[]
}

/** Something the reader of the result must know, as "times are absent, so lockstep did not run". */
export interface Note {
  readonly code: string
  readonly message: string
}

export interface Estimate {
  /** Peak beyond the snapshot itself. */
  readonly bytes: number
  readonly seconds: number
}

/**
 * What a detector may know of an earlier run on a part of the same graph, so that it looks only where something is new: a warm run. All is in
 * the numbers of the present snapshot, but for `memory`, which its detector translates itself. See focus.ts.
 */
export interface Focus {
  readonly change: SnapshotChange
  /** What the earlier run found. */
  readonly candidates: readonly Candidate[]
  /** What the detector kept beside it: `DetectorResult.memory`. */
  readonly memory: unknown
}

export interface DetectorContext {
  readonly snapshot: Snapshot
  readonly seed: number
  /** Share done, 0 to 1, of a named step. */
  readonly progress: (step: string, done: number) => void
  /** Throws `job.cancelled` when the job was cancelled: call it at least every 100 ms of work. */
  readonly checkCancelled: () => void
  /** What an earlier run found and what is new since; null or absent: look everywhere. A detector is free to look everywhere in any case. */
  readonly focus?: Focus | null
}

export interface DetectorResult {
  readonly candidates: readonly Candidate[]
  readonly notes: readonly Note[]
  /** What the detector wants to know again in a warm run (`Focus.memory`): plain data and typed arrays. */
  readonly memory?: unknown
}

export interface Detector<P = Record<string, unknown>> {
  readonly id: string
  readonly title: string
  readonly behaviour: Behaviour
  /** One sentence: what it finds. */
  readonly finds: string
  readonly papers: readonly string[]
  /** JSON Schema with a default, bounds and a description for every parameter. */
  readonly parameters: TObject
  estimate(size: { readonly entities: number; readonly interactions: number }, parameters: P): Estimate
  /** Looks only where something is new when it is told what an earlier run found. */
  readonly warm?: boolean
  run(context: DetectorContext, parameters: P): DetectorResult
}
