/** What a detection is asked for, and how what is left open is filled in. */
import { availableParallelism, totalmem } from 'node:os'
import type { Note } from '../detectors/detector.js'
import { RingfenceError } from '../errors.js'
import type { Without } from '../graph/without.js'
import type { GraphStore, RunRecord } from '../store/store.js'
import { version } from '../version.js'

export interface DetectParameters {
  /** Epoch milliseconds; null is everything. */
  readonly asOf: number | null
  /** Ids of detectors; null is all. */
  readonly detectors: readonly string[] | null
  /** Rings with a false-discovery rate above this are not named, 0 to 1. */
  readonly fdr: number
  readonly seed: number
  /** A ring that this many runs looked for in vain is dissolved: one that comes back later is a new ring. */
  readonly dissolveAfter: number
  /** Worker threads; the result does not depend on it. */
  readonly workers: number
  /** The job is refused when its estimate is above. */
  readonly memoryLimitMb: number
  /** Settings by detector id. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /** What to leave out; null for what is. Only in a dry run: such a run says how it differs from the latest one. */
  readonly whatIf: Without | null
  /** False: queries go on with the run that they see until another one is published. */
  readonly publish: boolean
  /** Every detector looks everywhere, whatever it found in an earlier run. */
  readonly full: boolean
}

/** What has a value; the rest is filled in. */
export type GivenParameters = { readonly [K in keyof DetectParameters]?: DetectParameters[K] | undefined }

/** What a container or the machine has, less a fifth for the rest of the process. */
const defaultMemoryLimitMb = (): number => {
  const constrained = process.constrainedMemory()
  const available = constrained > 0 && constrained < totalmem() ? constrained : totalmem()
  return Math.floor((available * 0.8) / 2 ** 20)
}

/** With a run a night, a month. */
const DISSOLVE_AFTER = 30

export const defaultDetectParameters = (): DetectParameters => ({
  asOf: null,
  detectors: null,
  fdr: 0.05,
  seed: 1,
  dissolveAfter: DISSOLVE_AFTER,
  workers: availableParallelism(),
  memoryLimitMb: defaultMemoryLimitMb(),
  settings: {},
  whatIf: null,
  publish: true,
  full: false,
})

/** What the latest run was made with: what it says of itself, as far as this version knows the names. */
const parametersOfLatest = async (store: GraphStore): Promise<GivenParameters> => {
  const [run] = await store.listRuns(1)
  if (!run) throw new RingfenceError('run.none', 'A what-if is compared with the latest run, and there is none.')
  const { detectors, fdr, dissolveAfter, settings } = run.parameters as GivenParameters
  return { asOf: run.asOf, seed: run.seed, detectors, fdr, dissolveAfter, settings }
}

const known = (given: GivenParameters): Partial<DetectParameters> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))

/**
 * Fills in what is left open: by default values, and in a what-if by what the latest run was made with, so that nothing but what was asked for
 * makes the difference. Throws `run.none` where a what-if has nothing to be compared with.
 */
export const resolveParameters = async (store: GraphStore, given: GivenParameters): Promise<DetectParameters> => {
  const wanted = { ...defaultDetectParameters(), ...known(given) }
  if (!given.whatIf) return wanted
  const latest = await parametersOfLatest(store)
  const settings = { ...latest.settings }
  for (const [detector, own] of Object.entries(given.settings ?? {}))
    settings[detector] = { ...settings[detector], ...own }
  return { ...wanted, ...known(latest), ...known(given), settings }
}

/** What else than the question makes a what-if differ from its base. `interactions`: of the store, before any was left out. */
export const whatIfNotes = (base: RunRecord, { asOf }: DetectParameters, interactions: number): Note[] => {
  const notes: Note[] = []
  if (asOf === base.asOf && interactions !== base.counts.interactions)
    notes.push({
      code: 'what-if.data',
      message: `The latest run read ${base.counts.interactions} interactions, and now there are ${interactions}: what these bring is part of the difference.`,
    })
  if (base.version !== version)
    notes.push({
      code: 'what-if.version',
      message: `The latest run was made by version ${base.version}, this is ${version}: what differs between them is part of the difference.`,
    })
  return notes
}
