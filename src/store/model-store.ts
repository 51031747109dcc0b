/**
 * The part of the port that keeps trained models and what they said: which model is champion, who made it so and why, and the scores of
 * entities. Weights are not in it but in the folder that a record names (model/registry/).
 */
import type { EntityKind } from '../../graph-schema/schema.js'
import type { JobFence } from './job-record.js'

/** A champion's scores are used; a candidate may become one; a retired one was one. */
export const modelStates = ['candidate', 'champion', 'retired'] as const
export type ModelState = (typeof modelStates)[number]

/** What a trained model is: a fact of the past, written once. */
export interface ModelRecord {
  readonly id: string
  /** What it is for; there is one champion a type. */
  readonly type: string
  /** The folder with its weights: absolute, or relative to where this installation keeps its models. */
  readonly folder: string
  /** SHA-256, hex, of the folder's list of digests: another one means that the folder is not what was registered. */
  readonly digest: string
  readonly trainedAt: string
  readonly version: string
  readonly seed: number
  /** Epoch milliseconds of the features it learned from; null is everything that was in the store. */
  readonly asOf: number | null
  /** First and last interaction it learned from, epoch milliseconds; null where no time was known. */
  readonly window: { readonly from: number; readonly to: number } | null
  /** The run whose rings it read. */
  readonly run: string | null
  readonly labels: number
  readonly kinds: readonly {
    readonly kind: EntityKind
    readonly bad: number
    readonly good: number
    /** A digest of the names, units and meanings of its features. */
    readonly featureList: string
    readonly measured: readonly { readonly metric: string; readonly value: number; readonly spread: number | null }[]
  }[]
}

export interface ModelChange {
  readonly model: string
  /** ISO 8601. */
  readonly at: string
  readonly who: string
  readonly why: string
  readonly action: 'register' | 'promote' | 'roll-back'
  readonly from: ModelState | null
  readonly to: ModelState
}

export interface RegisteredModel extends ModelRecord {
  readonly state: ModelState
  /** Oldest first. */
  readonly changes: readonly ModelChange[]
}

/** Who asks for a change of state, when and why. */
export interface ChangeNote {
  readonly at: string
  readonly who: string
  readonly why: string
}

export interface ChampionChange extends ChangeNote {
  readonly action: 'promote' | 'roll-back'
  readonly model: string
  /** The champion that it takes the place of, as the caller knows it; null: there is none. */
  readonly instead: string | null
}

/** One scoring of all entities: what was asked, and what is to be known of the answer. */
export interface ScoringRecord {
  readonly id: string
  readonly job: string | null
  readonly startedAt: string
  readonly finishedAt: string
  /** Epoch milliseconds; null is everything. */
  readonly asOf: number | null
  /** The run whose rings were read. */
  readonly run: string | null
  /** `unsupervised`: a ranking by rings, no probability of anything. */
  readonly basis: 'model' | 'unsupervised'
  /** A registered model; null where it is none. */
  readonly model: string | null
  /** Of the model's folder. */
  readonly digest: string | null
  readonly version: string
  /** Scores by kind. */
  readonly counts: Readonly<Record<string, number>>
  readonly notes: readonly { readonly code: string; readonly message: string }[]
  /** Drift and the challenger's differences, as jobs/ makes them. */
  readonly report: Readonly<Record<string, unknown>>
}

export interface ScoreRow {
  readonly kind: EntityKind
  readonly id: string
  /** Finite. */
  readonly score: number
  /** Ends of the interval, and how many labels stand behind it; null where the score is no probability. */
  readonly low: number | null
  readonly high: number | null
  readonly labels: number | null
}

export interface EntityScore extends ScoreRow {
  readonly scoring: ScoringRecord
}

export interface SavingScores {
  /** How many scorings keep their scores, this one too; records of all of them stay. At least 1. */
  readonly keep: number
  /** Called between parts; what it throws undoes the whole. */
  readonly check?: () => void
  /** With one `job.lost` is thrown, and nothing is written, where that start of the job is no longer the latest. */
  readonly fence?: JobFence
}

export interface ModelStore {
  /**
   * Adds a model as a candidate. One that is known (by id) stays as it is. Returns what is in the store then. With a `fence` it throws `job.lost`,
   * and adds nothing, where that start of the job is no longer the latest.
   */
  addModel(model: ModelRecord, note: ChangeNote, fence?: JobFence): Promise<RegisteredModel>
  readModel(id: string): Promise<RegisteredModel | null>
  /** Newest first. */
  listModels(): Promise<readonly RegisteredModel[]>
  /** The one of the type; null while there is none. */
  readChampion(type: string): Promise<RegisteredModel | null>
  /** All that was done to models of a type, oldest first. */
  listModelChanges(type: string): Promise<readonly ModelChange[]>
  /**
   * Makes a model the champion of its type and retires the one before, whole or not at all. Throws `model.unknown`, and `model.conflict` where
   * the champion is another than `instead`.
   */
  changeChampion(change: ChampionChange): Promise<void>

  /**
   * Writes a scoring with its scores, taken one by one from `scores`; memory does not grow with them. A reader sees all or nothing of it. The
   * same id again is an error.
   */
  saveScoring(scoring: ScoringRecord, scores: Iterable<ScoreRow>, saving: SavingScores): Promise<void>
  /** By id, or the latest; null when there is none. */
  readScoring(id: string | null): Promise<ScoringRecord | null>
  /** Newest first. */
  listScorings(limit: number): Promise<readonly ScoringRecord[]>
  /** An entity's score in the latest scoring; null where it has none. */
  readScore(kind: EntityKind, id: string): Promise<EntityScore | null>
  /** Scores of at least `least` of a scoring, by kind (schema code) then id, bytewise; none where they are no longer kept. */
  readScores(scoring: string, least: number): Promise<readonly Pick<ScoreRow, 'kind' | 'id' | 'score'>[]>
}
