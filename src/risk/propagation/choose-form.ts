/**
 * Which form of the system suits a graph, told by the run's own sources alone: some of them are held out, risk is spread from the others by each form, and the form
 * that ranks those held out highest among all that nothing is known of is taken. Nothing else is looked at.
 *
 * The measure is the mean over sources held out of the precision at their rank (average precision; whoever is bad and not known counts against all forms
 * alike). A form takes the place of the default only where it is better by more than one standard error of the paired differences.
 * Elkan and Noto, "Learning Classifiers from Only Positive and Unlabeled Data", KDD 2008, is why an order by known positives is one by all of them.
 */
import { kindOf, type Snapshot } from '../../graph/snapshot.js'
import { COLUMNS, sweepThree } from '../../kernels/belief-columns.js'
import { dampingOf, reachAt, tieStrengths } from '../../kernels/belief-damping.js'
import { type BeliefSystem, beliefSystem, type Ties } from '../../kernels/belief-system.js'
import type { Check } from '../../kernels/check.js'
import { Random } from '../../kernels/random.js'
import type { Layers } from './domains.js'
import { DEFAULT_FORM, type FormName, formNames, forms, type RiskForm, readStrengths } from './forms.js'
import type { Seeds } from './seeds.js'

/** Fewer held out tell the forms apart by luck. */
export const LEAST_SOURCES = 20
/** Each source is held out once, in one of so many parts; where there are many sources one part says as much. */
const PARTS = 3
const MANY_SOURCES = 600
/** In a graph of more ties one part must do: each costs nearly as much as the run. */
const MANY_TIES = 4e6
/** An entity is a source where it is given so much. */
const SOURCE_FROM = 0.5
/** Enough for the order: what arrives over longer ways moves few. */
const SWEEPS = 5
const SEED = 20_031

export interface FormScore {
  readonly form: FormName
  /** Average precision with which sources held out were found, 0 to 1. */
  readonly found: number
}

export interface FormChoice {
  readonly form: FormName
  /** By falling `found`; empty where nothing was held out. */
  readonly scores: readonly FormScore[]
  readonly heldOut: number
}

interface Trial {
  readonly form: FormName
  readonly part: number
}

/** How many of sorted numbers are at least `value`. */
const atLeast = (sorted: Float32Array, value: number): number => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return sorted.length - low
}

/** Precision at the rank of each that was held out, in the order given; equal scores are ranked together. Sorts `others`. */
const precisions = (positives: Float32Array, others: Float32Array): Float64Array => {
  const sorted = positives.slice().sort()
  others.sort()
  return Float64Array.from(positives, (value) => {
    const found = atLeast(sorted, value)
    return found / (found + atLeast(others, value))
  })
}

/** Ranks of one trial: by the greatest risk of an entity's copies. */
const judged = (
  { nodeOffsets }: Layers,
  entities: Int32Array,
  part: Int8Array,
  trial: Trial,
  scoreOf: (node: number) => number,
): readonly [Float32Array, Float32Array] => {
  const positives: number[] = []
  const others = new Float32Array(entities.length)
  let count = 0
  for (const entity of entities) {
    const own = part[entity]!
    if (own >= 0 && own !== trial.part) continue
    let most = Number.NEGATIVE_INFINITY
    for (let node = nodeOffsets[entity]!; node < nodeOffsets[entity + 1]!; node++) most = Math.max(most, scoreOf(node))
    if (own === trial.part) positives.push(most)
    else others[count++] = most
  }
  return [Float32Array.from(positives), others.subarray(0, count)]
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length

const isBetter = (precision: readonly number[], than: readonly number[]): boolean => {
  const differences = precision.map((value, at) => value - than[at]!)
  const mean = meanOf(differences)
  const squares = differences.reduce((sum, x) => sum + (x - mean) ** 2, 0)
  return mean > Math.sqrt(squares / (differences.length - 1) / differences.length)
}

/** `ties` have declared strengths and are not changed. Memory: 12 bytes an entry and 60 a node while it runs. */
export const chooseForm = (
  snapshot: Snapshot,
  layers: Layers,
  ties: Ties,
  { explicit, absorbs }: Pick<Seeds, 'explicit' | 'absorbs'>,
  check: Check,
): FormChoice => {
  const { nodeOffsets } = layers
  const count = snapshot.entities.count
  /** Of a source the part that holds it out; -1: no source, -2: neither source nor asked. */
  const part = new Int8Array(count).fill(-2)
  const kinds = new Set<string>()
  const found: number[] = []
  for (let entity = 0; entity < count; entity++) {
    let most = 0
    let open = false
    for (let node = nodeOffsets[entity]!; node < nodeOffsets[entity + 1]!; node++) {
      most = Math.max(most, explicit[node]!)
      if (explicit[node] === 0 && absorbs[node] === 0) open = true
    }
    if (most >= SOURCE_FROM) {
      found.push(entity)
      kinds.add(kindOf(snapshot, entity))
    } else if (most === 0 && open) part[entity] = -1
  }
  const none: FormChoice = { form: DEFAULT_FORM, scores: [], heldOut: 0 }
  if (found.length < LEAST_SOURCES) return none
  const sources = Int32Array.from(found)
  new Random(SEED).shuffle(sources)
  for (const [at, entity] of sources.entries()) part[entity] = at % PARTS
  const entities = Int32Array.from(
    (function* () {
      for (let entity = 0; entity < count; entity++)
        if (part[entity]! > -2 && kinds.has(kindOf(snapshot, entity))) yield entity
    })(),
  )
  const isLarge =
    sources.length >= MANY_SOURCES || (ties.columns.length > MANY_TIES && sources.length >= PARTS * LEAST_SOURCES)
  const parts = isLarge ? [0] : [0, 1, 2]
  // Whoever is held out takes what it is told, as the others that are asked do.
  const closed = absorbs.map((is, node) => (explicit[node]! > 0 ? 0 : is))
  const into = { incoming: new Float32Array(ties.columns.length), outgoing: new Float32Array(ties.columns.length) }
  const told = new Map<FormName, number[]>()
  const waiting = new Set<FormName>(formNames)
  for (const first of formNames) {
    if (!waiting.has(first)) continue
    // Forms that differ in the receiver's part alone have one system (belief-damping.ts).
    const { strengths, share, onward, floor } = forms[first]
    const alike = formNames.filter((name) => {
      const other = forms[name]
      return other.strengths === strengths && other.share === share && other.onward === onward
    })
    for (const name of alike) waiting.delete(name)
    const options: RiskForm = { strengths, share, onward, floor, receiver: 1 }
    const read = readStrengths(ties, layers, strengths, into, check)
    const strength = tieStrengths(read, options, check)
    const system = beliefSystem(read, dampingOf(strength, closed, options), { check })
    const trials = alike.flatMap((name) => parts.map((which): Trial => ({ form: name, part: which })))
    for (let at = 0; at < trials.length; at += COLUMNS)
      tryOut(layers, explicit, system, strength, entities, part, trials.slice(at, at + COLUMNS), told, check)
  }
  const byDefault = told.get(DEFAULT_FORM)!
  const scores = [...told]
    .map(([form, all]): FormScore => ({ form, found: meanOf(all) }))
    .sort((a, b) => b.found - a.found)
  const best = scores[0]!.form
  const form = best === DEFAULT_FORM || isBetter(told.get(best)!, byDefault) ? best : DEFAULT_FORM
  return { form, scores, heldOut: byDefault.length }
}

/** Up to three trials of one system, told into `found`. */
const tryOut = (
  layers: Layers,
  explicit: Float64Array,
  system: BeliefSystem,
  strength: Float64Array,
  entities: Int32Array,
  part: Int8Array,
  trials: readonly Trial[],
  found: Map<FormName, number[]>,
  check: Check,
): void => {
  const { nodeEntity } = layers
  const nodes = nodeEntity.length
  const given = new Float32Array(COLUMNS * nodes)
  for (const [column, { form, part: out }] of trials.entries())
    for (let node = 0; node < nodes; node++)
      if (explicit[node]! > 0 && part[nodeEntity[node]!] !== out)
        given[COLUMNS * node + column] = explicit[node]! * reachAt(strength[node]!, forms[form])
  const belief = sweepThree(system, given, SWEEPS, check)
  for (const [column, trial] of trials.entries()) {
    const scoreOf = (node: number): number =>
      belief[COLUMNS * node + column]! / reachAt(strength[node]!, forms[trial.form])
    const [positives, others] = judged(layers, entities, part, trial, scoreOf)
    const all = found.get(trial.form) ?? []
    for (const precision of precisions(positives, others)) all.push(precision)
    found.set(trial.form, all)
  }
}
