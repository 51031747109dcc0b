/**
 * The part of the port that keeps what propagations said: the risk of entities in domains, and what is needed to make its paths again. The system is made
 * anew from the graph; what each copy of an entity was given, and whether it takes anything, stands in its row.
 */
import type { RiskRole } from '../../graph-schema/risk.js'
import type { EntityKind, Scenario } from '../../graph-schema/schema.js'
import type { JobFence } from './job-record.js'

export interface RiskDomain {
  readonly scenario: Scenario
  /** '' is unknown. */
  readonly market: string
}

/** Risk that went from domain to domain: risk/propagation/flows.ts. */
export interface FlowRecord {
  readonly from: string
  readonly to: string
  readonly kind: EntityKind
  readonly month: string | null
  readonly amount: number
  readonly entities: number
}

/** One propagation: what was asked, and what is to be known of the answer. */
export interface PropagationRecord {
  readonly id: string
  readonly job: string | null
  readonly startedAt: string
  readonly finishedAt: string
  /** Epoch milliseconds; null is everything. */
  readonly asOf: number | null
  /** Whose rings are sources; null: of none. */
  readonly run: string | null
  /** Whose scores are sources; null: of none. */
  readonly scoring: string | null
  readonly labels: number
  readonly version: string
  /** `form`: the one that was used, also where it was left to be chosen; without one, an earlier version's. */
  readonly parameters: Readonly<{ form?: string; share: number | null; tolerance: number; strict: boolean }>
  /** How well each form found sources that were held out, by falling average precision; empty where none were. */
  readonly choice?: {
    readonly heldOut: number
    readonly scores: readonly { readonly form: string; readonly found: number }[]
  }
  /** Risk or harm below is in no row, unless the row is of a source or of one that takes nothing. */
  readonly least: number
  /** By scenario code, then market. */
  readonly domains: readonly RiskDomain[]
  /** coupling[from * domains + to]. */
  readonly couplings: readonly number[]
  /** For a pair of domains that it did not have. */
  readonly pooled: number
  /** Epoch milliseconds that ages are counted from; null where no time is known. */
  readonly reference: number | null
  readonly copies: number
  readonly sweeps: number
  readonly bound: number
  /** Rows by role. */
  readonly counts: Readonly<Record<string, number>>
  readonly flows: readonly FlowRecord[]
  readonly notes: readonly { readonly code: string; readonly message: string }[]
}

export interface RiskRow extends RiskDomain {
  readonly kind: EntityKind
  readonly id: string
  /** Null: it holds nothing and takes nothing. A victim's row stands beside the one with its risk. */
  readonly role: RiskRole | null
  /** Finite. Of a victim: the harm. */
  readonly risk: number
  /** What it was given there, 0 to 1; 0 in a victim's row. */
  readonly given: number
  /** It takes nothing from others: decided on, or on the allow list. */
  readonly absorbs: boolean
}

export interface EntityRisk {
  readonly propagation: PropagationRecord
  /** By scenario code, market, then risk before harm; empty where nothing reached it. */
  readonly rows: readonly RiskRow[]
}

export interface SavingRisk {
  /** How many propagations keep their rows, this one too; records of all of them stay. At least 1. */
  readonly keep: number
  /** Called between parts; what it throws undoes the whole. */
  readonly check?: () => void
  /** With one `job.lost` is thrown, and nothing is written, where that start of the job is no longer the latest. */
  readonly fence?: JobFence
}

export interface RiskStore {
  /**
   * Writes a propagation with its rows, taken one by one, those of a kind together; memory does not grow with them. A reader sees all or nothing of it. The same id again
   * is an error.
   */
  savePropagation(propagation: PropagationRecord, rows: Iterable<RiskRow>, saving: SavingRisk): Promise<void>
  /** By id, or the latest; null when there is none. */
  readPropagation(id: string | null): Promise<PropagationRecord | null>
  /** Newest first. */
  listPropagations(limit: number): Promise<readonly PropagationRecord[]>
  /** What the latest propagation says of an entity; null while there is none. */
  readRisk(kind: EntityKind, id: string): Promise<EntityRisk | null>
  /** Hands over the rows of a propagation, in any order, some thousands at a time; none where they are no longer kept. Each call is waited for. */
  readRiskRows(propagation: string, take: (rows: readonly RiskRow[]) => Promise<void> | void): Promise<void>
}
