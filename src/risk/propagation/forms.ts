/**
 * The forms that the linear system of risk may have: how strengths of ties are read, where ties are divided by degree, and how far risk goes on. One of them
 * is used in a run, chosen by how well it finds the run's own sources again (choose-form.ts), or named by who asks.
 */
import type { DampingOptions } from '../../kernels/belief-damping.js'
import { strengthOf, type Ties } from '../../kernels/belief-system.js'
import { type Check, checkInterval } from '../../kernels/check.js'
import type { Layers } from './domains.js'

export const formNames = ['balanced', 'even', 'declared', 'near', 'mean', 'chain', 'walk'] as const
export type FormName = (typeof formNames)[number]

export const isFormName = (name: string): name is FormName => (formNames as readonly string[]).includes(name)

/** `declared`: as in graph-schema/risk.ts. `tempered`: the fourth root of that. `even`: all pairs that carry anything are alike. */
export type Strengths = 'declared' | 'tempered' | 'even'

export interface RiskForm extends DampingOptions {
  readonly strengths: Strengths
}

/** Of every pair in the even form: small beside the coupling of two domains, so that the copies of one entity are not lost among its many ties. */
const EVEN_STRENGTH = 0.1
/** What couplings are multiplied by for the same reason where strengths are tempered: then a coupling counts as about five weak ties too. */
const TEMPERED_COUPLING = 4
/** Strength up to which nothing is divided: that of about one weak tie. */
const floors: Readonly<Record<Strengths, number>> = { declared: 0.1, tempered: 0.25, even: EVEN_STRENGTH }

const form = (strengths: Strengths, receiver: number, share: number, onward = false): RiskForm => ({
  strengths,
  receiver,
  share,
  onward,
  floor: floors[strengths],
})

/** What is right depends on the graph: whether bad accounts are busy, whether kinds of interactions tell them apart, how far a ring reaches. */
export const forms: Readonly<Record<FormName, RiskForm>> = {
  balanced: form('tempered', 0.5, 0.85),
  even: form('even', 0.5, 0.85),
  declared: form('declared', 0.5, 0.85),
  near: form('even', 0.5, 0.5),
  mean: form('even', 1, 0.85),
  chain: form('declared', 0.5, 0.85, true),
  walk: form('even', 0, 0.85),
}

/** Where the sources are too few to tell. */
export const DEFAULT_FORM: FormName = 'balanced'

const temper = (strength: number): number =>
  strength < 0 ? -Math.sqrt(Math.sqrt(-strength)) : Math.sqrt(Math.sqrt(strength))

const evened = (strength: number): number => (strength === 0 ? 0 : strength < 0 ? -EVEN_STRENGTH : EVEN_STRENGTH)

const readings: Readonly<Record<Strengths, { readonly tie: (strength: number) => number; readonly coupling: number }>> =
  {
    declared: { tie: (strength) => strength, coupling: 1 },
    tempered: { tie: temper, coupling: TEMPERED_COUPLING },
    even: { tie: evened, coupling: 1 },
  }

/** Strength of a tie by its evidence; `isCoupling`: of two copies of one entity. */
export const strengthBy = (strengths: Strengths, evidence: number, isCoupling: boolean): number => {
  const { tie, coupling } = readings[strengths]
  const declared = Math.fround(strengthOf(evidence))
  return isCoupling ? coupling * declared : tie(declared)
}

/** Ties with declared strengths, read as the form does: `incoming` and `outgoing` are written where `into` says, which may be the ties themselves. */
export const readStrengths = (
  ties: Ties,
  { nodeEntity }: Pick<Layers, 'nodeEntity'>,
  strengths: Strengths,
  into: Pick<Ties, 'incoming' | 'outgoing'>,
  check: Check,
): Ties => {
  if (strengths === 'declared') return ties
  const { tie, coupling } = readings[strengths]
  const { rowCount, offsets, columns, incoming, outgoing } = ties
  let steps = 0
  for (let i = 0; i < rowCount; i++) {
    const entity = nodeEntity[i]!
    const end = offsets[i + 1]!
    for (let k = offsets[i]!; k < end; k++) {
      const isCoupling = nodeEntity[columns[k]!] === entity
      into.incoming[k] = isCoupling ? coupling * incoming[k]! : tie(incoming[k]!)
      into.outgoing[k] = isCoupling ? coupling * outgoing[k]! : tie(outgoing[k]!)
    }
    steps += end - offsets[i]! + 1
    if (steps >= checkInterval) {
      steps = 0
      check()
    }
  }
  return { ...ties, incoming: into.incoming, outgoing: into.outgoing }
}
