/**
 * The port between Ringfence and where the graph is kept. Two adapters, duckdb/ and neo4j/, pass one contract suite
 * (test/contract). Every call may throw RingfenceError `store.unreachable` when the store goes away; other errors are named
 * at the call. Calls may overlap; an adapter puts writes in one queue.
 */
import type { EntityKind, InteractionType, Scenario } from '../../graph-schema/schema.js'
import type { FactCount } from '../graph/fact-count.js'
import type { RawGraph } from '../graph/raw-graph.js'
import type { DecisionStore } from './decision-store.js'
import type { DocumentStore } from './document-store.js'
import type { JobBeat, JobClaim, JobEnd, JobFence, JobLogLine, JobRecord } from './job-record.js'
import type { ModelStore } from './model-store.js'
import type { BatchResult, RecordBatch } from './record-batch.js'
import type { RiskStore } from './risk-store.js'

export type { JobFence, JobLogLine, JobRecord, JobState } from './job-record.js'

export interface MigrationStatus {
  readonly version: number
  readonly name: string
  readonly checksum: string
  readonly appliedAt: string | null
  readonly state: 'applied' | 'pending' | 'changed'
}

export interface StoreCounts {
  readonly entities: number
  readonly interactions: number
}

/** A run and its rings are facts of the past: written once, whole, never changed. */
export interface RunRecord {
  readonly id: string
  readonly job: string | null
  readonly startedAt: string
  readonly finishedAt: string
  /** Epoch milliseconds; null is everything. */
  readonly asOf: number | null
  readonly seed: number
  /** The run whose rings this one's were matched with, so that they keep their ids. */
  readonly baseRun: string | null
  /** `warm` where findings of an earlier run were used again; absent in runs before there were any. */
  readonly mode?: 'full' | 'warm'
  /** Detectors that did not look again, with the run that did. */
  readonly reused?: readonly { readonly detector: string; readonly run: string }[]
  /**
   * Detectors that looked only where something is new: since which run, how many interactions, and the last run that looked everywhere. `warm` too
   * where there are any.
   */
  readonly focused?: readonly {
    readonly detector: string
    readonly run: string
    readonly added: number
    readonly fullRun: string
  }[]
  /** Detectors that looked everywhere, and why: jobs/warm-start.ts. */
  readonly searched?: readonly { readonly detector: string; readonly why: string }[]
  readonly backend: string
  readonly version: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly counts: Readonly<{
    entities: number
    interactions: number
    candidates: number
    rings: number
    members: number
  }>
  readonly notes: readonly { readonly code: string; readonly message: string }[]
  readonly stages: readonly { readonly name: string; readonly seconds: number }[]
}

export interface InteractionRef {
  readonly type: InteractionType
  readonly id: string
}

export interface FactRecord {
  readonly code: string
  readonly sentence: string
  readonly observed: number
  readonly expected: number
  readonly unit: string
  /** How many interactions show this fact, and their ids: all of them, or the first ones where `interactions` is shorter. */
  readonly interactionCount: number
  readonly interactions: readonly InteractionRef[]
  /** How `observed` is counted from them; null in runs that were written before facts had it. */
  readonly count: FactCount<string> | null
  /** A digest of the content of each of `interactions` when the run was written; empty where `count` is null. */
  readonly digests: readonly string[]
}

export interface MemberRecord {
  readonly kind: EntityKind
  readonly id: string
  readonly role: string
  /** Strength of membership, 0 to 1. */
  readonly score: number
}

export interface RingRecord {
  readonly id: string
  /** Surprise in nats. */
  readonly score: number
  readonly fdr: number
  readonly behaviours: readonly string[]
  readonly detectors: readonly string[]
  readonly window: { readonly from: number; readonly to: number } | null
  readonly types: readonly InteractionType[]
  readonly markets: readonly string[]
  readonly scenarios: readonly Scenario[]
  /** Sorted by `kind:id`, bytewise. */
  readonly members: readonly MemberRecord[]
  readonly facts: readonly FactRecord[]
}

export interface RunWithRings {
  readonly run: RunRecord
  /** By falling score, then id. */
  readonly rings: readonly RingRecord[]
}

export const ringEventKinds = ['born', 'grown', 'shrunk', 'merged', 'split', 'dormant', 'back', 'dissolved'] as const
export type RingEventKind = (typeof ringEventKinds)[number]

/** Something that happened to a ring in a run, against the run's base. */
export interface RingEvent {
  readonly ring: string
  readonly event: RingEventKind
  /** Weighted overlap of its accounts with those of the ring it is compared with, 0 to 1; null where there is none. */
  readonly overlap: number | null
  /** Accounts that joined (`grown`) or left (`shrunk`); of the ring itself otherwise. */
  readonly accounts: number
  /** `merged`: the ring that goes on; `split`: the ring it comes from. */
  readonly other: string | null
}

export interface RecordedRingEvent extends RingEvent {
  readonly run: string
  /** When the run finished, ISO 8601. */
  readonly at: string
}

/** A ring that is remembered though the run does not have it. */
export interface DormantRing {
  readonly id: string
  /** The run that had it last. */
  readonly lastRun: string
  /** Runs that looked for it since and did not find it. */
  readonly absent: number
}

/** What a run adds to the lives of rings. */
export interface Lineage {
  /** By ring, then in the order of `ringEventKinds`. */
  readonly events: readonly RingEvent[]
  /** By id. */
  readonly dormant: readonly DormantRing[]
}

/** A ring as a later run may take it up. */
export interface RememberedRing extends DormantRing {
  readonly detectors: readonly string[]
  /** Sorted by `kind:id`, bytewise. */
  readonly members: readonly MemberRecord[]
}

export interface RunMemory {
  readonly run: RunRecord
  /** Rings of the run (`lastRun` is the run itself, `absent` 0) and those dormant in it, by id. */
  readonly rings: readonly RememberedRing[]
}

/** What a detector found, for a later run on the same graph: jobs/findings.ts. */
export interface Finding {
  readonly detector: string
  /** A digest of all that the result follows from. */
  readonly key: string
  /** The run that looked. */
  readonly run: string
  /** For the writer alone; of any length. */
  readonly content: string
}

export interface InteractionRecord {
  readonly type: InteractionType
  readonly id: string
  readonly actor: { readonly kind: EntityKind; readonly id: string }
  readonly target: { readonly kind: EntityKind; readonly id: string }
  /** Epoch milliseconds. */
  readonly at: number | null
  readonly market: string | null
  readonly scenario: Scenario
  readonly weight: number
  readonly attributes: Readonly<Record<string, unknown>> | null
}

export interface EntityRecord {
  readonly kind: EntityKind
  readonly id: string
  readonly at: number | null
  readonly market: string | null
  readonly attributes: Readonly<Record<string, unknown>> | null
}

export interface EntityRef {
  readonly kind: EntityKind
  readonly id: string
}

/** A part of the graph as it was known at `asOf`. */
export interface PartRequest {
  /** Epoch milliseconds; null is everything. */
  readonly asOf: number | null
  /** These entities and the interactions among them; null: all. Those that the store does not have are left out. */
  readonly among: readonly EntityRef[] | null
}

/** Each call is waited for before the next batch is read, so that a slow taker does not fill memory. What it throws ends the read. */
export interface PartTaker {
  entities(batch: readonly EntityRecord[]): Promise<void>
  interactions(batch: readonly InteractionRecord[]): Promise<void>
}

/** Interactions as a snapshot sees them: all with this type, actor, target and time are meant. `tag` comes back with each. */
export interface InteractionKey {
  readonly tag: number
  readonly type: InteractionType
  readonly actor: { readonly kind: EntityKind; readonly id: string }
  readonly target: { readonly kind: EntityKind; readonly id: string }
  readonly at: number | null
}

export interface ApiKeyRecord {
  readonly id: string
  /** SHA-256 of the key, hex: the key itself is never kept. */
  readonly hash: string
  readonly role: string
  readonly name: string
  readonly createdAt: string
  readonly revokedAt: string | null
}

export interface GraphStore extends DocumentStore, DecisionStore, ModelStore, RiskStore {
  readonly engine: 'duckdb' | 'neo4j'
  /** For messages: the path or address, never with a password. */
  readonly location: string

  /** Applies pending migrations under a lock, each whole or not at all. Throws `migration.checksum`, `migration.newer`. */
  migrate(): Promise<readonly MigrationStatus[]>
  /** What is applied and what is pending; changes nothing. */
  migrationStatus(): Promise<readonly MigrationStatus[]>
  /** Resolves when the store answers. */
  ping(): Promise<void>
  counts(): Promise<StoreCounts>

  /**
   * Adds a batch, whole or not at all: after it resolves, it survives a kill. Idempotent: the same batch again adds nothing.
   * The key of an interaction is (type, id); see BatchResult for what happens to one that is known.
   */
  writeBatch(batch: RecordBatch): Promise<BatchResult>
  /** Makes what was written compact and durable; called at the end of a load and after large batches. */
  checkpoint(): Promise<void>

  /**
   * All that was known at `asOf` (epoch ms; null: everything): interactions with `at` <= asOf or unknown, entities at their
   * ends, and entities recorded by themselves whose `at` <= asOf or is unknown. One consistent view, in any order.
   * `progress` gets the share done, 0 to 1, and 1 at the end; what it throws stops the read and is thrown on.
   */
  readGraph(asOf: number | null, progress?: (done: number) => void): Promise<RawGraph>
  /** Ids of all interactions that match each key, sorted by id within a tag. */
  resolveInteractions(
    keys: readonly InteractionKey[],
  ): Promise<readonly { readonly tag: number; readonly id: string }[]>
  /** Those of `refs` that exist, in the order of `refs`. */
  readInteractions(refs: readonly InteractionRef[]): Promise<readonly InteractionRecord[]>
  /** An entity as recorded; null when nothing names it. An entity that is only an end of interactions has null fields. */
  readEntity(kind: EntityKind, id: string): Promise<EntityRecord | null>
  /**
   * Hands over a part of the graph, of one consistent view, in batches of some thousands: first the entities, by kind (schema code) then
   * id, then the interactions of which both ends are among them, by type (schema code) then id; ids bytewise. An entity that is only an
   * end of interactions has null fields.
   */
  readPart(request: PartRequest, taker: PartTaker): Promise<void>

  /**
   * Writes a run with all its rings and what happened to rings, whole or not at all; a reader never sees half of it. The same run id
   * again is an error. Each of `findings` takes the place of the one that its detector had; others stay. With a `fence` it throws `job.lost`, and writes
   * nothing, where that start of the job is no longer the latest.
   */
  saveRun(run: RunWithRings, lineage?: Lineage, findings?: readonly Finding[], fence?: JobFence): Promise<void>
  /** The last of each detector, by detector. */
  readFindings(): Promise<readonly Finding[]>
  /** By id, or the latest finished one; null when there is none. */
  readRun(id: string | null): Promise<RunWithRings | null>
  /** Newest first. */
  listRuns(limit: number): Promise<readonly RunRecord[]>
  /** The rings that live on from a run, or from the latest finished one; null when there is none. */
  readMemory(id: string | null): Promise<RunMemory | null>
  /** What happened to a ring, oldest first; empty for one that no run told of. */
  readHistory(ring: string): Promise<readonly RecordedRingEvent[]>
  /** What happened to rings in a run, in the order in which it was written. */
  readRunEvents(run: string): Promise<readonly RecordedRingEvent[]>

  /** Adds a job, or returns the one that has the same `key`. */
  createJob(job: JobRecord): Promise<JobRecord>
  /**
   * Starts the first job that is due, in the order of due time, priority, id; of those that ask at once each gets another. Jobs whose lease ran
   * out count as waiting, or are failed after too many starts. Null when none is due.
   */
  claimJob(claim: JobClaim): Promise<JobRecord | null>
  /** The beat of a running job: its lease lasts for `leaseMs` from now, log lines are added. Null where this start of it is no longer the latest. */
  keepJob(fence: JobFence, beat: JobBeat): Promise<JobRecord | null>
  /** The end of a running job. Null, and nothing is changed, where this start of it is no longer the latest. */
  endJob(fence: JobFence, end: JobEnd, log: readonly JobLogLine[]): Promise<JobRecord | null>
  /** A running job waits again, not before `dueAt`; the start counts as an attempt or not. Null as above. */
  releaseJob(fence: JobFence, dueAt: string, counts: boolean): Promise<JobRecord | null>
  /** Takes the leases of all other owners: for a store that has one owner process. Returns how many there were. */
  dropLeases(claim: Pick<JobClaim, 'owner' | 'maxAttempts'>): Promise<number>
  /** One that waits ends, one that runs is asked to, one that has ended stays as it is. Throws `job.unknown`. */
  cancelJob(id: string): Promise<JobRecord>
  /** One that failed or was cancelled waits again. Throws `job.unknown`. */
  retryJob(id: string): Promise<JobRecord>
  readJob(id: string): Promise<JobRecord | null>
  /** Newest first. */
  listJobs(limit: number): Promise<readonly JobRecord[]>
  /** Lines of a job's log, oldest first, from the `from`th on. */
  readJobLog(id: string, from: number, limit: number): Promise<readonly JobLogLine[]>

  createKey(key: ApiKeyRecord): Promise<void>
  /** Returns false when there is no such key that is not revoked. */
  revokeKey(id: string, at: string): Promise<boolean>
  listKeys(): Promise<readonly ApiKeyRecord[]>

  /** Waits for writes under way, then lets go of the store. Calls after it throw. */
  close(): Promise<void>
}
