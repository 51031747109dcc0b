/** Risk that is repaired in place when interactions arrive, and risk as it would be if something were decided: nothing of it is written. */
import { carriageOf } from '../../../graph-schema/risk.js'
import {
  type EntityKind,
  type InteractionType,
  interactionType,
  type Scenario,
  scenarios,
} from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import { kindOf, type Snapshot } from '../../graph/snapshot.js'
import { LiveBeliefs, type PushOutcome } from '../../kernels/belief-push.js'
import type { Check } from '../../kernels/check.js'
import { nodeOf } from './domains.js'
import { strengthBy } from './forms.js'
import { decayAt } from './layered-ties.js'
import type { RiskField } from './propagate.js'

export interface ArrivedInteraction {
  readonly type: InteractionType
  /** Entity indexes of the snapshot, or as `enter` gives them. */
  readonly actor: number
  readonly target: number
  readonly scenario: Scenario
  /** Index into the snapshot's markets. */
  readonly market: number
  /** Epoch milliseconds, NaN for unknown. */
  readonly at: number
  readonly weight: number
}

export const whatIfs = ['cleared', 'banned', 'unlinked'] as const
export type WhatIf = (typeof whatIfs)[number]

/**
 * Bound on the error of repaired risk, times the reach of its node (belief-damping.ts): far below what any threshold tells apart, and a thousand interactions then touch thousands of entities, not all of
 * them. It does not grow from repair to repair.
 */
export const REPAIR_TOLERANCE = 1e-4

/** Takes over the ties of the field: afterwards the field itself must not be used. */
export class LiveRisk {
  /** No risk times the reach of its node is further than this from that of a full run; `bound` is how far any risk is at the moment. */
  readonly tolerance: number
  readonly #snapshot: Snapshot
  readonly #field: RiskField
  readonly #live: LiveBeliefs
  /** Copies that were made since, by entity and domain. */
  readonly #added = new Map<string, number>()
  readonly #entityOfAdded: number[] = []
  readonly #addedTo = new Map<number, { readonly node: number; readonly domain: number }[]>()
  /** Kinds of entities that the snapshot does not have; their indexes follow its own. */
  readonly #entered: EntityKind[] = []

  constructor(snapshot: Snapshot, field: RiskField, tolerance = REPAIR_TOLERANCE, check?: Check) {
    this.tolerance = tolerance
    this.#snapshot = snapshot
    this.#field = field
    const { nodeEntity } = field.layers
    const entityOf = (node: number): number => nodeEntity[node] ?? this.#entityOfAdded[node - nodeEntity.length]!
    this.#live = new LiveBeliefs(field.system, field.seeds.explicit, field.seeds.absorbs, field.risk, {
      damping: field.damping,
      tolerance,
      strength: (evidence, a, b) => strengthBy(field.damping.strengths, evidence, entityOf(a) === entityOf(b)),
      ...(check ? { check } : {}),
    })
    this.#live.settle()
  }

  /** No risk is further than this from that of a full run over the same interactions. */
  get bound(): number {
    return this.#live.bound()
  }

  /** By the node's number of the field, or as `copiesOf` gives it. */
  riskOf(node: number): number {
    return this.#live.beliefOf(node)
  }

  /** The index of an entity that the snapshot does not have. */
  enter(kind: EntityKind): number {
    return this.#snapshot.entities.count + this.#entered.push(kind) - 1
  }

  copiesOf(entity: number): readonly { readonly node: number; readonly domain: number }[] {
    if (entity >= this.#snapshot.entities.count) return this.#addedTo.get(entity) ?? []
    const { nodeOffsets, nodeDomain } = this.#field.layers
    const known = Array.from({ length: nodeOffsets[entity + 1]! - nodeOffsets[entity]! }, (_, i) => {
      const node = nodeOffsets[entity]! + i
      return { node, domain: nodeDomain[node]! }
    })
    return [...known, ...(this.#addedTo.get(entity) ?? [])]
  }

  /**
   * Adds interactions and pushes. An entity that acts where it did not before gets a copy there. Couplings and the time that ages are counted from stay those of
   * the run. Throws `risk.domain` where nothing ever happened: that needs a full run.
   */
  add(interactions: readonly ArrivedInteraction[]): PushOutcome {
    for (const each of interactions) this.#take(each)
    return this.#live.settle()
  }

  /** As if this had been decided or cut. */
  suppose(entity: number, whatIf: WhatIf): PushOutcome {
    for (const { node } of this.copiesOf(entity)) {
      if (whatIf === 'unlinked') this.#live.cutTies(node)
      else {
        this.#live.setExplicit(node, whatIf === 'banned' ? 1 : 0)
        this.#live.setAbsorbing(node, true)
      }
    }
    return this.#live.settle()
  }

  /**
   * Risk of the copies of `asked` as if that had been decided or cut, and everything put back: what follows is within the same bound of what
   * was before.
   */
  supposing(
    entity: number,
    whatIf: WhatIf,
    asked: number,
  ): readonly { readonly domain: number; readonly risk: number }[] {
    const copies = this.copiesOf(entity)
    const before = copies.map(({ node }) => this.#live.given(node))
    const cut = whatIf === 'unlinked' ? copies.map(({ node }) => this.#live.tiesOf(node)) : []
    try {
      this.suppose(entity, whatIf)
      return this.copiesOf(asked).map(({ node, domain }) => ({ domain, risk: this.#live.beliefOf(node) }))
    } finally {
      for (const [at, { node }] of copies.entries()) {
        if (whatIf === 'unlinked')
          for (const { other, toNode, toOther } of cut[at]!) this.#live.setTie(node, other, toNode, toOther)
        else {
          this.#live.setExplicit(node, before[at]!.explicit)
          this.#live.setAbsorbing(node, before[at]!.absorbs)
        }
      }
      this.#live.settle()
    }
  }

  #take({ type, actor, target, scenario, market, at, weight }: ArrivedInteraction): void {
    if (interactionType(type).enforcement || actor === target || weight === 0) return
    const carriage = carriageOf(type, this.#kindOf(target))
    if (!carriage) return
    const { domainAt, markets } = this.#field.layers
    const domain = domainAt[scenarios[scenario].code * markets + market]!
    if (!(domain >= 0))
      throw new RingfenceError(
        'risk.domain',
        `Nothing was known of ${scenario}/${this.#snapshot.markets[market]} in the run.`,
      )
    const counted = weight * decayAt(at, this.#field.reference, carriage.halfLifeDays)
    const told = ({ strength, role }: (typeof carriage)['toActor']): number =>
      role === 'victim' ? 0 : counted * Math.atanh(strength)
    const a = this.#copy(actor, domain)
    const b = this.#copy(target, domain)
    const toActor = told(carriage.toActor)
    const toTarget = told(carriage.toTarget)
    if (toActor !== 0 || toTarget !== 0) this.#live.strengthen(a, b, toActor, toTarget)
  }

  #kindOf(entity: number): EntityKind {
    const { count } = this.#snapshot.entities
    return entity < count ? kindOf(this.#snapshot, entity) : this.#entered[entity - count]!
  }

  #copy(entity: number, domain: number): number {
    const isKnown = entity < this.#snapshot.entities.count
    const known = isKnown ? nodeOf(this.#field.layers, entity, domain) : -1
    if (known >= 0) return known
    const key = `${entity} ${domain}`
    const made = this.#added.get(key)
    if (made !== undefined) return made
    const node = this.#live.addNodes(1)
    this.#entityOfAdded.push(entity)
    const said = this.#field.seeds.everywhere.get(entity)
    if (said) {
      this.#live.setExplicit(node, said.value)
      this.#live.setAbsorbing(node, said.absorbs)
    }
    const { strength } = this.#field.couplings
    const { length } = this.#field.layers.domains
    for (const copy of this.copiesOf(entity)) {
      const into = strength[copy.domain * length + domain]!
      const out = strength[domain * length + copy.domain]!
      if (into > 0 || out > 0) this.#live.strengthen(node, copy.node, Math.atanh(into), Math.atanh(out))
    }
    this.#added.set(key, node)
    this.#addedTo.set(entity, [...(this.#addedTo.get(entity) ?? []), { node, domain }])
    return node
  }
}
