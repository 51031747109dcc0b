/**
 * Whether a model still sees what it learned from: its inputs and scores against those at training (population stability index), its
 * probabilities against labels that were decided since (calibration error), and how many entities are new to it.
 */
import type { Snapshot } from '../../graph/snapshot.js'
import type { ScoredKind } from '../features/product/sides.js'
import { calibrationError } from '../metrics.js'
import { type LabelRecord, placeLabels } from '../product/labels.js'
import type { EntityScores } from '../product/score-entities.js'
import type { KindBaseline, ModelBaseline } from './baseline.js'
import { stabilityByChance, stabilityIndex } from './bins.js'
import { unseenShare } from './seen.js'

/** A warning is given above; each 0 or more. */
export interface DriftLimits {
  /** Of any input. */
  readonly inputs: number
  /** Of scores. */
  readonly scores: number
  readonly calibration: number
  /** Share of entities, 0 to 1. */
  readonly unseen: number
}

/**
 * .25 is what the index's users call a major change: Naeem Siddiqi, "Credit Risk Scorecards", Wiley, 2006, ch. 7. A calibration error of .05 is
 * one percentage point in twenty; half of all entities new is another platform.
 */
export const standardLimits: DriftLimits = { inputs: 0.25, scores: 0.25, calibration: 0.05, unseen: 0.5 }

/** Chance of a warning where nothing has moved, over all inputs of a kind together. */
const FALSE_ALARMS = 0.01
/** A calibration error of fewer fresh labels says nothing. */
const FEWEST_FRESH = 50
const MOST_NAMED = 10

export interface KindDrift {
  readonly kind: ScoredKind
  /** Inputs that moved most first, ten at most, with how many moved beyond the limit and beyond chance. */
  readonly inputs: { readonly moved: number; readonly most: readonly { readonly name: string; readonly psi: number }[] }
  readonly scores: number
  readonly unseen: number
  /** Of labels decided after what the model knows; null for fewer than fifty. */
  readonly calibration: number | null
  readonly fresh: number
}

export interface Drift {
  readonly kinds: readonly KindDrift[]
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
}

/** Labels of entities that the model had none of, decided after what it knows; those without a time cannot be told. */
export const freshLabels = (
  records: readonly LabelRecord[],
  known: readonly LabelRecord[],
  until: number | null,
): readonly LabelRecord[] => {
  const learned = new Set(known.map(({ kind, id }) => `${kind}:${id}`))
  return records.filter(
    ({ kind, id, at }) => at !== null && at > (until ?? Number.POSITIVE_INFINITY) && !learned.has(`${kind}:${id}`),
  )
}

const calibrationOf = ({ from, score }: EntityScores, label: Int8Array) => {
  const rows = [...score.keys()].filter((row) => label[from + row]! >= 0)
  const scored = {
    scores: Float64Array.from(rows, (row) => score[row]!),
    labels: Uint8Array.from(rows, (row) => label[from + row]!),
  }
  return { fresh: rows.length, calibration: rows.length < FEWEST_FRESH ? null : calibrationError(scored).debiased }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

export interface DriftInputs {
  readonly snapshot: Snapshot
  readonly baseline: ModelBaseline
  /** What this scoring showed, over the baseline's bins. */
  readonly now: readonly KindBaseline[]
  readonly scores: readonly EntityScores[]
  readonly fresh: readonly LabelRecord[]
  readonly limits: DriftLimits
}

export const measureDrift = ({ snapshot, baseline, now, scores, fresh, limits }: DriftInputs): Drift => {
  const { label } = placeLabels(snapshot, fresh)
  const warnings: { code: string; message: string }[] = []
  const kinds = now.flatMap((seen): readonly KindDrift[] => {
    const { kind } = seen
    const before = baseline.kinds.find((each) => each.kind === kind)
    const scored = scores.find((each) => each.kind === kind)
    if (!before || !scored) return []
    const inputs = seen.features.flatMap(({ name, histogram }) => {
      const then = before.features.find((each) => each.name === name)?.histogram
      if (!then) return []
      const psi = stabilityIndex(histogram, then)
      const chance = stabilityByChance(histogram, then, FALSE_ALARMS / seen.features.length)
      return [{ name, psi, hasMoved: psi > limits.inputs && psi > chance }]
    })
    const most = inputs.sort((a, b) => b.psi - a.psi || (a.name < b.name ? -1 : 1))
    const moved = inputs.filter(({ hasMoved }) => hasMoved)
    if (moved.length > 0)
      warnings.push({
        code: 'drift.inputs',
        message: `${moved.length} of ${inputs.length} features of a ${kind} are not distributed as in training, most of all ${moved[0]!.name} (index ${moved[0]!.psi.toFixed(2)}, limit ${limits.inputs}).`,
      })
    const psi = stabilityIndex(seen.scores, before.scores)
    if (psi > limits.scores && psi > stabilityByChance(seen.scores, before.scores, FALSE_ALARMS))
      warnings.push({
        code: 'drift.scores',
        message: `Scores of a ${kind} are not distributed as in training (index ${psi.toFixed(2)}, limit ${limits.scores}).`,
      })
    const unseen = unseenShare(snapshot, kind, baseline.seen)
    if (unseen > limits.unseen)
      warnings.push({
        code: 'drift.unseen',
        message: `${percent(unseen)} of entities of the kind ${kind} are new since training (limit ${percent(limits.unseen)}).`,
      })
    const judged = calibrationOf(scored, label)
    if (judged.calibration !== null && judged.calibration > limits.calibration)
      warnings.push({
        code: 'drift.calibration',
        message: `By ${judged.fresh} labels decided since training, probabilities of a ${kind} are off by ${judged.calibration.toFixed(3)} (limit ${limits.calibration}).`,
      })
    return [
      {
        kind,
        inputs: { moved: moved.length, most: most.slice(0, MOST_NAMED).map(({ name, psi }) => ({ name, psi })) },
        scores: psi,
        unseen,
        ...judged,
      },
    ]
  })
  return { kinds, warnings }
}
