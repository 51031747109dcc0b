/** Where models live and when a person is warned, from the environment; docs/model.md lists them. */
import { dirname, join, resolve } from 'node:path'
import { RingfenceError } from '../errors.js'
import { type DriftLimits, standardLimits } from '../model/drift/measure-drift.js'
import type { GraphStore } from '../store/store.js'

/** Scorings whose scores are kept: the latest, and those that it may be compared with. */
const KEPT_SCORINGS = 3
/** Without a better reason a person looks at what is more likely than not. */
const THRESHOLD = 0.5

export interface ModelSettings {
  /** Absolute. */
  readonly home: string
  readonly limits: DriftLimits
  readonly keep: number
  /** A score that a person would act on. */
  readonly threshold: number
}

const numberFrom = (name: string, fallback: number, least: number, most: number, whole = false): number => {
  const text = process.env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!(value >= least && value <= most) || (whole && !Number.isInteger(value)))
    throw new RingfenceError(
      'setting.invalid',
      `${name} must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}.`,
      { name },
    )
  return value
}

/** Beside a DuckDB file; for a server, where the program was started. */
const homeOf = ({ engine, location }: Pick<GraphStore, 'engine' | 'location'>): string =>
  engine === 'duckdb' ? join(dirname(location), 'models') : resolve('models')

/** Throws `setting.invalid`. */
export const modelSettings = (store: Pick<GraphStore, 'engine' | 'location'>): ModelSettings => ({
  home: process.env.RINGFENCE_MODELS ? resolve(process.env.RINGFENCE_MODELS) : homeOf(store),
  limits: {
    inputs: numberFrom('RINGFENCE_DRIFT_INPUTS', standardLimits.inputs, 0, 1000),
    scores: numberFrom('RINGFENCE_DRIFT_SCORES', standardLimits.scores, 0, 1000),
    calibration: numberFrom('RINGFENCE_DRIFT_CALIBRATION', standardLimits.calibration, 0, 1),
    unseen: numberFrom('RINGFENCE_DRIFT_UNSEEN', standardLimits.unseen, 0, 1),
  },
  keep: numberFrom('RINGFENCE_KEEP_SCORES', KEPT_SCORINGS, 1, 1000, true),
  threshold: numberFrom('RINGFENCE_SCORE_THRESHOLD', THRESHOLD, 0, 1),
})
