/** Risk of every entity in every domain: seeds, couplings, ties, one linear system, and what it makes of each copy. */
import type { RiskRole } from '../../../graph-schema/risk.js'
import { RingfenceError } from '../../errors.js'
import { findEntity, type Snapshot } from '../../graph/snapshot.js'
import { eachTold } from '../../kernels/belief-chains.js'
import { degreeDamping } from '../../kernels/belief-damping.js'
import { sweepBeliefs } from '../../kernels/belief-sweeps.js'
import { type BeliefSystem, beliefSystem, GREATEST_ONWARD } from '../../kernels/belief-system.js'
import { type Check, neverCancelled } from '../../kernels/check.js'
import type { PropagationRecord, RiskRow } from '../../store/risk-store.js'
import { chooseForm, type FormChoice } from './choose-form.js'
import { type Couplings, learnCouplings } from './couplings.js'
import { domainName, type Layers, layersOf, nodeOf } from './domains.js'
import { type FormName, forms, isFormName, type RiskForm, readStrengths } from './forms.js'
import { type HarmTies, layeredTies } from './layered-ties.js'
import { oneComponentNote, placeSeeds, type RiskNote, type SeedSources, type Seeds } from './seeds.js'

export interface PropagateParameters {
  /** `auto`: the one that finds held-out sources best (choose-form.ts). */
  readonly form: FormName | 'auto'
  /** Greatest share of what reaches an entity that goes on from it, above 0 to below 1; null: the form's own. */
  readonly share: number | null
  /** Bound on the error of every risk. */
  readonly tolerance: number
  /** Throws `risk.divergent` instead of scaling down. */
  readonly strict: boolean
}

export const defaultPropagation: PropagateParameters = { form: 'auto', share: null, tolerance: 1e-6, strict: false }

export interface RiskField {
  readonly layers: Layers
  readonly couplings: Couplings
  readonly seeds: Pick<Seeds, 'explicit' | 'absorbs' | 'everywhere'>
  readonly system: BeliefSystem
  /** Per entry of the system, in 1/255: how much of what the row is told makes it a helper. */
  readonly helping: Uint8Array
  /** Epoch milliseconds that ages are counted from; null where no time is known. */
  readonly reference: number | null
  /** Risk of each node: 1 is as much as one source that is certain. */
  readonly risk: Float64Array
  /** Chance-like share of harm by others' risk, 0 to 1; never passed on. */
  readonly harm: Float64Array
  /** No risk is further than this from the solution of the system. */
  readonly bound: number
  readonly sweeps: number
  readonly parameters: PropagateParameters
  /** The form that was used, and how well each found what was held out: nothing where it was named. */
  readonly choice: FormChoice
  readonly damping: RiskForm
  readonly notes: readonly RiskNote[]
}

/** 1 - product over what was bought of (1 - strength x risk of who sold it). */
export const harmOf = ({ victim, source, strength }: HarmTies, risk: Float64Array): Float64Array => {
  const spared = new Float64Array(risk.length).fill(1)
  for (let e = 0; e < victim.length; e++)
    spared[victim[e]!]! *= 1 - strength[e]! * Math.max(0, Math.min(1, risk[source[e]!]!))
  return spared.map((left) => 1 - left)
}

export interface PropagateHooks {
  readonly check?: Check
  readonly progress?: (step: string, done: number) => void
}

/** What is known before anything is solved. */
interface Prepared {
  readonly layers: Layers
  readonly seeds: Pick<Seeds, 'explicit' | 'absorbs' | 'everywhere' | 'notes'>
  readonly couplings: Couplings
  readonly parameters: PropagateParameters
}

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`

const choiceNote = ({ form, scores, heldOut }: FormChoice): RiskNote[] =>
  scores.length === 0
    ? []
    : [
        {
          code: 'risk.form',
          message: `Form ${form}: ${heldOut} sources were held out, and found again with an average precision of ${scores
            .map((each) => `${percent(each.found)} by ${each.form}`)
            .join(', ')}.`,
        },
      ]

const solve = (
  snapshot: Snapshot,
  { layers, seeds, couplings, parameters }: Prepared,
  { check = neverCancelled, progress = () => {} }: PropagateHooks,
): RiskField => {
  const { tolerance, strict } = parameters
  progress('ties', 0.15)
  const { ties: declared, helping, harm, reference } = layeredTies(snapshot, layers, couplings.strength, check)
  progress('form', 0.4)
  const choice =
    parameters.form === 'auto'
      ? chooseForm(snapshot, layers, declared, seeds, check)
      : { form: parameters.form, scores: [], heldOut: 0 }
  const form = forms[choice.form]
  const damping: RiskForm = { ...form, share: parameters.share ?? form.share }
  progress('system', 0.6)
  if (strict && damping.share > GREATEST_ONWARD)
    throw new RingfenceError(
      'risk.divergent',
      `A share of ${damping.share} is above ${GREATEST_ONWARD}, up to which it converges.`,
    )
  const ties = readStrengths(declared, layers, damping.strengths, declared, check)
  const system = beliefSystem(ties, degreeDamping(ties, seeds.absorbs, damping, check), { check })
  const notes = [...seeds.notes, ...choiceNote(choice)]
  if (system.scaled < 1)
    notes.push({
      code: 'risk.scaled',
      message: `The couplings would not converge as they were asked for; all were multiplied by ${system.scaled.toPrecision(3)}.`,
    })
  const alone = oneComponentNote(ties, seeds.explicit)
  if (alone) notes.push(alone)
  progress('sweeps', 0.7)
  const { belief, sweeps, bound } = sweepBeliefs(system, seeds.explicit, { tolerance, check })
  progress('harm', 0.98)
  return {
    layers,
    couplings,
    seeds: { explicit: seeds.explicit, absorbs: seeds.absorbs, everywhere: seeds.everywhere },
    system,
    helping,
    reference,
    risk: belief,
    harm: harmOf(harm, belief),
    bound,
    sweeps,
    parameters,
    choice,
    damping,
    notes,
  }
}

/** Throws `risk.divergent` (with `strict`) and `risk.domains`. */
export const propagateRisk = (
  snapshot: Snapshot,
  sources: SeedSources,
  given: Partial<PropagateParameters> = {},
  hooks: PropagateHooks = {},
): RiskField => {
  const { check = neverCancelled, progress = () => {} } = hooks
  progress('layers', 0)
  const layers = layersOf(snapshot, check)
  const seeds = placeSeeds(snapshot, layers, sources)
  const couplings = learnCouplings(layers, seeds, check)
  return solve(snapshot, { layers, seeds, couplings, parameters: { ...defaultPropagation, ...given } }, hooks)
}

/** Of a propagation on record: what it learned, and its rows of copies that were given something or take nothing. */
export interface Recorded {
  readonly propagation: Pick<PropagationRecord, 'domains' | 'couplings' | 'pooled' | 'parameters'>
  readonly given: readonly RiskRow[]
}

/**
 * A propagation that is on record once more, with its sources and couplings, over a graph: the same field where the graph is the same, else what these sources
 * give over the graph as it is now. Throws `risk.domains`.
 */
export const restoreRisk = (
  snapshot: Snapshot,
  { propagation, given }: Recorded,
  hooks: PropagateHooks = {},
): RiskField => {
  const { check = neverCancelled, progress = () => {} } = hooks
  progress('layers', 0)
  const layers = layersOf(snapshot, check)
  const nodes = layers.nodeDomain.length
  const explicit = new Float64Array(nodes)
  const absorbs = new Uint8Array(nodes)
  const here = new Map(layers.domains.map((domain, at) => [domainName(domain), at]))
  let gone = 0
  for (const { kind, id, given: value, absorbs: takesNothing, ...domain } of given) {
    const entity = findEntity(snapshot, kind, id)
    const node = entity < 0 ? -1 : nodeOf(layers, entity, here.get(domainName(domain)) ?? -1)
    if (node < 0) {
      gone++
      continue
    }
    explicit[node] = value
    absorbs[node] = takesNothing ? 1 : 0
  }
  const then = propagation.domains.map((domain) => here.get(domainName(domain)) ?? -1)
  const count = layers.domains.length
  const strength = new Float64Array(count * count)
  for (let from = 0; from < count; from++)
    for (let to = 0; to < count; to++) if (from !== to) strength[from * count + to] = propagation.pooled
  for (const [a, from] of then.entries())
    for (const [b, to] of then.entries())
      if (from >= 0 && to >= 0) strength[from * count + to] = propagation.couplings[a * then.length + b]!
  const notes =
    gone === 0
      ? []
      : [{ code: 'risk.sources-gone', message: `${gone} sources of the propagation are not in the graph any more.` }]
  const { parameters: recorded, pooled } = propagation
  // What was chosen then: `auto` might choose another over what came since.
  const { form = 'declared', share, tolerance, strict } = recorded
  const parameters: PropagateParameters = {
    form: isFormName(form) ? form : 'declared',
    share: share ?? null,
    tolerance,
    strict,
  }
  return solve(
    snapshot,
    {
      layers,
      seeds: { explicit, absorbs, everywhere: new Map(), notes },
      couplings: { strength, pooled, pairs: [] },
      parameters,
    },
    hooks,
  )
}

interface Parts {
  readonly own: number
  readonly helping: number
  readonly exposing: number
}

/** What a node holds, by where it came from; what its other copies told it is told apart in `across`. */
const partsOf = (
  { system, seeds, helping, layers, risk }: RiskField,
  node: number,
): Parts & { across: [number, number][] } => {
  const entity = layers.nodeEntity[node]!
  let helps = 0
  let exposes = 0
  const across: [number, number][] = []
  eachTold(system, risk, node, (other, _share, amount, entry) => {
    if (layers.nodeEntity[other] === entity) across.push([other, amount])
    else {
      const share = helping[entry]! / 255
      helps += share * amount
      exposes += (1 - share) * amount
    }
  })
  return { own: seeds.explicit[node]!, helping: helps, exposing: exposes, across }
}

/**
 * The greatest part of what a node holds makes its role; a source is only who was given something here. What came from its other copies counts as it
 * does there.
 */
export const roleOf = (field: RiskField, node: number): Exclude<RiskRole, 'victim'> => {
  const parts = partsOf(field, node)
  let { own, helping, exposing } = parts
  for (const [copy, amount] of parts.across) {
    const there = partsOf(field, copy)
    const all = there.own + Math.max(0, there.helping) + Math.max(0, there.exposing)
    const exposed = all > 0 ? Math.max(0, there.exposing) / all : 0
    const source = all > 0 && parts.own > 0 ? there.own / all : 0
    own += source * amount
    helping += (1 - exposed - source) * amount
    exposing += exposed * amount
  }
  if (parts.own > 0 && own >= Math.max(helping, exposing)) return 'source'
  return helping >= exposing ? 'helper' : 'exposed'
}
