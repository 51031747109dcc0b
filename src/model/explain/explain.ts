/**
 * Why one entity has its score: the stack's parts, exact shares of the features in the trees, what GraphSAGE hangs on, and what the
 * score would be without one neighbour or ring. A score is a lead, never a verdict.
 */
import { entityName, kindOf } from '../../graph/snapshot.js'
import { Random } from '../../kernels/random.js'
import type { FeatureDefinition } from '../features/definition.js'
import { featureDefinitions } from '../features/product/blocks.js'
import { rangeOf, type ScoredKind } from '../features/product/sides.js'
import type { KindModel } from '../product/train-model.js'
import { behindOf } from './behind.js'
import { changesOf, type Tried } from './counterfactuals.js'
import type { EntityScorer, OneScore } from './entity-scorer.js'
import { sageReasons } from './sage-reasons.js'
import { treesShares } from './shares.js'
import { effectWords, featureWords, probabilityText, type Wording } from './wording.js'

export interface PartShare {
  readonly name: string
  /** What the part says alone. */
  readonly value: number
  /** Its coefficient in the stack. */
  readonly weight: number
  /** With `intercept` they add up to the log-odds of the score before calibration. */
  readonly contribution: number
}

export interface Reason extends Wording {
  readonly part: string
  /** A feature's name; `neighbour` where GraphSAGE hangs on one, who is in `ids`. */
  readonly feature: string
  readonly unit: string
  /** Null where it is not known. */
  readonly value: number | null
  readonly typical: number | null
  /**
   * Log-odds of the score before calibration. Of the trees' features: exact shares, which add up. Of what GraphSAGE reads: what the
   * part loses without it alone, which does not.
   */
  readonly contribution: number
}

export interface Counterfactual {
  readonly without: string
  readonly is: 'entity' | 'ring'
  /** The sentence around the id. */
  readonly before: string
  readonly after: string
  readonly score: number
}

export interface Explanation {
  readonly entity: string
  readonly score: number
  readonly low: number
  readonly high: number
  /** Labels with such scores that stand behind it. */
  readonly labels: number
  readonly logOdds: number
  readonly intercept: number
  readonly parts: readonly PartShare[]
  /** By falling size of the contribution. */
  readonly reasons: readonly Reason[]
  /** What adds up to the trees' contribution beside their reasons. */
  readonly rest: { readonly expected: number; readonly features: number; readonly contribution: number }
  /** By falling size of the change. */
  readonly counterfactuals: readonly Counterfactual[]
  /** Removals that were tried and those that were not: of counterfactuals, and of what GraphSAGE reads. */
  readonly tried: { readonly counterfactuals: number; readonly graphsage: number }
  readonly leftOut: { readonly counterfactuals: number; readonly graphsage: number }
}

/** Entities whose median stands for what is typical: its own error is then a tenth of the spread. */
const sampleSize = 200
const counterfactualsShown = 5

/** What the stack reads of an entity beside its models. */
const partFeatures: ReadonlyMap<string, string> = new Map([
  ['push', 'trust.push'],
  ['rings', 'rings.membership'],
])

const medianOf = (values: number[]): number | null => {
  if (values.length === 0) return null
  values.sort((a, b) => a - b)
  return values[(values.length - 1) >> 1]!
}

interface Usual {
  readonly definitions: readonly FeatureDefinition[]
  /** Median of each feature over a sample; null where none of it is known. */
  readonly typical: readonly (number | null)[]
}

const known = (value: number): number | null => (Number.isFinite(value) ? value : null)

export class Explainer {
  readonly #scorer: EntityScorer
  readonly #usual = new Map<ScoredKind, Usual>()

  constructor(scorer: EntityScorer, seed: number) {
    this.#scorer = scorer
    const { features } = scorer
    for (const kind of scorer.kinds) {
      const { from, to } = rangeOf(features.snapshot, kind)
      const random = new Random(seed, 97)
      const rows = Array.from({ length: Math.min(sampleSize, to - from) }, () =>
        features.row(from + random.below(to - from)),
      )
      const definitions = featureDefinitions(kind)
      const typical = definitions.map((_, j) => medianOf(rows.map((row) => row[j]!).filter(Number.isFinite)))
      this.#usual.set(kind, { definitions, typical })
    }
  }

  /** `reasons`: so many of each part at most; 0: the score and its parts alone. Null: the model has no scores of such a kind. */
  explain(entity: number, reasons: number): Explanation | null {
    const scorer = this.#scorer
    const model = scorer.modelOf(entity)
    if (model === null) return null
    const one = scorer.score(entity)
    const { probability, low, high, labels } = scorer.said(entity, one.logOdds)
    const parts = partsOf(model, one)
    const shared = {
      entity: entityName(scorer.features.snapshot, entity),
      score: probability,
      low,
      high,
      labels,
      logOdds: one.logOdds,
      intercept: model.stack.intercept,
      parts,
    }
    if (reasons === 0)
      return {
        ...shared,
        reasons: [],
        rest: { expected: 0, features: 0, contribution: parts.find(({ name }) => name === 'trees')!.contribution },
        counterfactuals: [],
        tried: { counterfactuals: 0, graphsage: 0 },
        leftOut: { counterfactuals: 0, graphsage: 0 },
      }
    const trees = this.#treesReasons(entity, model, one, parts, reasons)
    const sage = this.#sageReasons(entity, one, parts, reasons)
    const changes = this.#counterfactuals(entity, one, probability)
    return {
      ...shared,
      reasons: [...trees.reasons, ...sage.reasons, ...this.#partReasons(entity, one, parts)].sort(
        (a, b) => Math.abs(b.contribution) - Math.abs(a.contribution),
      ),
      rest: trees.rest,
      counterfactuals: changes.counterfactuals,
      tried: { counterfactuals: changes.tried, graphsage: sage.tried },
      leftOut: { counterfactuals: changes.leftOut, graphsage: sage.leftOut },
    }
  }

  #treesReasons(entity: number, model: KindModel, one: OneScore, parts: readonly PartShare[], most: number) {
    const { expected, values } = treesShares(model.ensembles, one.row, this.#scorer.partOf(entity))
    const factor = factorOf(parts, 'trees')
    const moving = Array.from(values.keys())
      .filter((j) => values[j] !== 0)
      .sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!) || a - b)
    const told = factor === 0 ? [] : moving.slice(0, most)
    const left = moving.slice(told.length)
    return {
      reasons: told.map((j) => this.#reason('trees', entity, one.row[j]!, j, factor * values[j]!)),
      rest: {
        expected: factor * expected,
        features: left.length,
        contribution: factor * left.reduce((sum, j) => sum + values[j]!, 0),
      },
    }
  }

  /** Parts that are one feature each. */
  #partReasons(entity: number, one: OneScore, parts: readonly PartShare[]): readonly Reason[] {
    const { features } = this.#scorer
    const names = features.names.get(kindOf(features.snapshot, entity) as ScoredKind)!
    return parts.flatMap(({ name, contribution }) => {
      const feature = partFeatures.get(name)
      if (feature === undefined || contribution === 0) return []
      const j = names.indexOf(feature)
      return [this.#reason(name, entity, one.row[j]!, j, contribution)]
    })
  }

  #sageReasons(entity: number, one: OneScore, parts: readonly PartShare[], most: number) {
    const factor = factorOf(parts, 'graphsage')
    if (factor === 0) return { reasons: [], tried: 0, leftOut: 0 }
    const { reasons, tried, leftOut } = sageReasons(this.#scorer, entity, one)
    return {
      tried,
      leftOut,
      reasons: reasons.slice(0, most).map(({ is, index, effect }): Reason => {
        const contribution = factor * effect
        if (is === 'feature') return this.#reason('graphsage', entity, one.row[index]!, index, contribution)
        return {
          part: 'graphsage',
          feature: 'neighbour',
          unit: '',
          value: null,
          typical: null,
          contribution,
          words: `What is known of one neighbour. Without it GraphSAGE ${effectWords(-contribution)}.`,
          ids: [entityName(this.#scorer.features.snapshot, index)],
          more: 0,
        }
      }),
    }
  }

  #counterfactuals(entity: number, one: OneScore, now: number) {
    const scorer = this.#scorer
    const { tried, leftOut } = changesOf(scorer.features, entity)
    const counterfactuals = tried
      .map((each) => ({
        each,
        score: scorer.said(entity, scorer.score(entity, each.change, one).logOdds).probability,
      }))
      .sort((a, b) => Math.abs(b.score - now) - Math.abs(a.score - now))
      .slice(0, counterfactualsShown)
      .map(({ each, score }) => counterfactualOf(each, score, now))
    return { counterfactuals, tried: tried.length, leftOut }
  }

  #reason(part: string, entity: number, value: number, j: number, contribution: number): Reason {
    const { features } = this.#scorer
    const kind = kindOf(features.snapshot, entity) as ScoredKind
    const { definitions, typical } = this.#usual.get(kind)!
    const definition = definitions[j]!
    const shown = { value: known(value), typical: typical[j]!, contribution }
    return {
      part,
      feature: definition.name,
      unit: definition.unit,
      ...shown,
      words: featureWords(definition, { ...shown, kind, part }),
      ...behindOf(features, kind, entity, definition.name),
    }
  }
}

const partsOf = ({ stack }: KindModel, { parts }: OneScore): readonly PartShare[] =>
  stack.names.map((name, j) => {
    const value = parts[j]!
    const weight = stack.coefficients[j]!
    return { name, value, weight, contribution: weight * Math.min(stack.limit, Math.max(-stack.limit, value)) }
  })

/** What a part's own log-odds count for in the score's: its weight, less where the part is drawn in to the stack's limit. */
const factorOf = (parts: readonly PartShare[], name: string): number => {
  const { value, weight, contribution } = parts.find((part) => part.name === name)!
  return value === 0 ? weight : contribution / value
}

const counterfactualOf = ({ change, name, words }: Tried, score: number, now: number): Counterfactual => {
  const scores = `: ${probabilityText(score)} instead of ${probabilityText(now)}.`
  return change.without === 'ring'
    ? { without: name, is: 'ring', before: `Without ${words}`, after: scores, score }
    : { without: name, is: 'entity', before: 'Without ', after: `, ${words}${scores}`, score }
}

/** `name` says how an id may be shown to whoever reads it. */
export const counterfactualSentence = (
  { is, before, without, after }: Counterfactual,
  name: (id: string) => string = (id) => id,
): string => (is === 'ring' ? `${before}${after}` : `${before}${name(without)}${after}`)
