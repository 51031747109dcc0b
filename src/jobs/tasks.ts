/** What a worker thread can be asked, and what it answers. Snapshots and raw columns are shared, not copied. */
import type { EntityKind } from '../../graph-schema/schema.js'
import type { Candidate, DetectorResult, Focus } from '../detectors/detector.js'
import type { ErrorCode } from '../errors.js'
import type { AllowedName, Hidden } from '../graph/allowed.js'
import type { RawGraph } from '../graph/raw-graph.js'
import type { Snapshot } from '../graph/snapshot.js'
import type { SnapshotChange, SnapshotTrace } from '../graph/snapshot-change.js'
import type { Without } from '../graph/without.js'
import type { ModelBaseline } from '../model/drift/baseline.js'
import type { Drift, DriftLimits } from '../model/drift/measure-drift.js'
import type { KindDifference } from '../model/drift/shadow.js'
import type { Explanation } from '../model/explain/explain.js'
import type { Evaluated } from '../model/product/evaluate.js'
import type { ForwardInputs } from '../model/product/forward.js'
import type { LabelledTraining } from '../model/product/labelled-training.js'
import type { LabelRecord } from '../model/product/labels.js'
import type { EntityScores } from '../model/product/score-entities.js'
import type { ProductModel } from '../model/registry/model-folder.js'
import type { LineageOptions } from '../rings/history.js'
import type { RingDrafts } from '../rings/ring-records.js'
import type { PropagateParameters, Recorded } from '../risk/propagation/propagate.js'
import type { SeedSources } from '../risk/propagation/seeds.js'
import type { RunWithRings } from '../store/store.js'
import type { Repair } from './arrivals.js'
import type { ForecastInputs, MadeForecast } from './forecast-task.js'
import type { RiskAnswer, RiskQuestion, SpreadRisk } from './risk-task.js'

export type Task =
  /** Makes ready what `explain` asks, in the thread that gets it: for a pool of one. */
  | {
      readonly name: 'open-scorer'
      readonly snapshot: Snapshot
      readonly rings: RunWithRings | null
      readonly model: ProductModel
    }
  | { readonly name: 'explain'; readonly kind: EntityKind; readonly id: string; readonly reasons: number }
  /** Spreads risk and keeps it in the thread, for `risk-of`: for a pool of one. */
  | ({ readonly name: 'propagate'; readonly snapshot: Snapshot; readonly least: number } & (
      | { readonly sources: SeedSources; readonly parameters: Partial<PropagateParameters> }
      | { readonly recorded: Recorded; readonly whatIfTolerance: number; readonly repaired: boolean }
    ))
  | ({ readonly name: 'risk-of' } & RiskQuestion)
  /** Lines of interactions that are new, for the thread that answers `risk-of`. */
  | { readonly name: 'risk-arrived'; readonly lines: Uint8Array }
  | {
      readonly name: 'snapshot'
      readonly raw: RawGraph
      readonly without: Without | null
      /** What of it nobody is to see, hidden before anything else is left out. */
      readonly allowed?: readonly AllowedName[]
    }
  | ({ readonly name: 'forecast' } & ForecastInputs)
  | { readonly name: 'digest'; readonly snapshot: Snapshot }
  /** What is new in a snapshot since `earlier`, null for nothing to compare with. */
  | { readonly name: 'compare'; readonly snapshot: Snapshot; readonly earlier: SnapshotTrace | null }
  /** A ranking without a model. */
  | { readonly name: 'rank'; readonly snapshot: Snapshot; readonly rings: RunWithRings }
  | {
      readonly name: 'detector'
      readonly detector: string
      readonly snapshot: Snapshot
      readonly seed: number
      readonly parameters: Readonly<Record<string, unknown>>
      /** Its candidates are in the numbers of the earlier snapshot. */
      readonly focus: Focus | null
    }
  | {
      readonly name: 'rings'
      readonly snapshot: Snapshot
      readonly candidates: readonly Candidate[]
      readonly silentDetectors: number
      readonly fdr: number
      readonly lineage: LineageOptions
    }
  | {
      readonly name: 'train'
      readonly snapshot: Snapshot
      readonly rings: RunWithRings | null
      readonly records: readonly LabelRecord[]
      readonly seed: number
      /** Measured forward from an earlier time too. */
      readonly forward: Pick<ForwardInputs, 'from' | 'earlierRings'> | null
      /** Rounds in which some rings are hidden and the whole is trained on the others; 0: none. */
      readonly rounds: number
      /** Finished steps of an earlier training of the same, by name. */
      readonly kept: ReadonlyMap<string, Uint8Array>
    }
  | {
      readonly name: 'score'
      readonly snapshot: Snapshot
      readonly rings: RunWithRings | null
      readonly model: ProductModel
      /** Scores beside it; null: none does. */
      readonly challenger: ProductModel | null
      /** A score that a person would act on, 0 to 1. */
      readonly threshold: number
      /** Labels to judge probabilities by, as far as the model does not know them. */
      readonly records: readonly LabelRecord[]
      readonly limits: DriftLimits
    }

export type TaskResult =
  | { readonly name: 'open-scorer' }
  | { readonly name: 'explain'; readonly known: boolean; readonly explanation: Explanation | null }
  | { readonly name: 'propagate'; readonly spread: SpreadRisk }
  | { readonly name: 'risk-of'; readonly answer: RiskAnswer | null }
  | ({ readonly name: 'risk-arrived' } & Repair)
  /** `hidden` is null where nothing was allowed. */
  | { readonly name: 'snapshot'; readonly snapshot: Snapshot; readonly hidden: Hidden | null }
  | ({ readonly name: 'forecast' } & MadeForecast)
  | { readonly name: 'digest'; readonly digest: string }
  | {
      readonly name: 'compare'
      readonly digest: string
      readonly trace: SnapshotTrace
      /** Null where nothing is compared or something is gone. */
      readonly change: SnapshotChange | null
    }
  | ({ readonly name: 'detector' } & DetectorResult)
  | { readonly name: 'rank'; readonly scores: readonly EntityScores[] }
  | { readonly name: 'rings'; readonly drafts: RingDrafts }
  | {
      readonly name: 'train'
      readonly trained: LabelledTraining
      readonly forward: readonly Evaluated[]
      readonly evaluation: readonly Evaluated[]
      readonly baseline: ModelBaseline
    }
  | {
      readonly name: 'score'
      readonly scores: readonly EntityScores[]
      /** Null where the model has no baseline. */
      readonly drift: Drift | null
      readonly shadow: readonly KindDifference[] | null
      /** Why the challenger gave no scores. */
      readonly failure: { readonly code: ErrorCode; readonly detail: string } | null
    }

export type ResultOf<T extends Task> = Extract<TaskResult, { name: T['name'] }>

export type WorkerMessage =
  | { readonly progress: { readonly step: string; readonly done: number } }
  | { readonly kept: { readonly step: string; readonly bytes: Uint8Array } }
  | { readonly result: TaskResult }
  | { readonly error: { readonly code: ErrorCode; readonly detail: string; readonly facts: Record<string, unknown> } }
