/**
 * How each interaction type carries risk from one end to the other: how strongly, with which sign, in which direction, and how fast it fades.
 * Strengths are weights of evidence of one fresh interaction: atanh(strength) adds up over several. `docs/risk.md` explains them.
 */
import type { EntityKind, InteractionType } from './schema.js'

/** source: known by a ring, a label or a decision. helper: tied to one by what one hand holds or does. exposed: was near one. victim: was harmed by one. */
export const riskRoles = ['source', 'helper', 'exposed', 'victim'] as const
export type RiskRole = (typeof riskRoles)[number]

export interface Carried {
  /** Above -1 and below 1; negative where risk at the other end speaks for this one. 0: nothing is carried. */
  readonly strength: number
  /** What it makes of the end that is reached. What makes a victim is kept apart and never passed on. */
  readonly role: Exclude<RiskRole, 'source'>
}

export interface RiskCarriage {
  /** What the target is told of the actor's risk. */
  readonly toTarget: Carried
  /** What the actor is told of the target's risk. */
  readonly toActor: Carried
  /** Days after which evidence counts half. Unknown times count as fresh. */
  readonly halfLifeDays: number
}

const helper = (strength: number): Carried => ({ strength, role: 'helper' })
const exposed = (strength: number): Carried => ({ strength, role: 'exposed' })
const victim = (strength: number): Carried => ({ strength, role: 'victim' })
const both = (carried: Carried, halfLifeDays: number): RiskCarriage => ({
  toTarget: carried,
  toActor: carried,
  halfLifeDays,
})

/** `uses` by what is used: a phone is one hand's, a network is a neighbourhood's for a few days. */
export const usesCarriage: Readonly<Partial<Record<EntityKind, RiskCarriage>>> = {
  device: both(helper(0.9), 90),
  payment: both(helper(0.9), 365),
  contact: both(helper(0.7), 365),
  address: both(helper(0.4), 180),
  network: both(exposed(0.15), 3),
}

/** null carries nothing: decisions of the platform are sources, see `enforcementRisk`. */
export const riskCarriage: Readonly<Record<InteractionType, RiskCarriage | null>> = {
  publish: { toTarget: helper(0.6), toActor: helper(0.4), halfLifeDays: 180 },
  promote: { toTarget: helper(0.3), toActor: helper(0.3), halfLifeDays: 90 },
  sell: both(helper(0.6), 180),
  follow: { toTarget: exposed(0.05), toActor: exposed(0.02), halfLifeDays: 60 },
  view: { toTarget: exposed(0.01), toActor: exposed(0.005), halfLifeDays: 14 },
  like: { toTarget: exposed(0.08), toActor: exposed(0.03), halfLifeDays: 30 },
  comment: { toTarget: exposed(0.08), toActor: exposed(0.03), halfLifeDays: 30 },
  share: { toTarget: exposed(0.08), toActor: exposed(0.03), halfLifeDays: 30 },
  favorite: { toTarget: exposed(0.08), toActor: exposed(0.03), halfLifeDays: 30 },
  click: { toTarget: exposed(0.01), toActor: exposed(0.005), halfLifeDays: 14 },
  cart: { toTarget: exposed(0.03), toActor: exposed(0.01), halfLifeDays: 30 },
  // Bought orders push a product; whoever bought from a risky seller was harmed, and is no culprit by that.
  order: { toTarget: helper(0.15), toActor: victim(0.5), halfLifeDays: 90 },
  review: { toTarget: helper(0.2), toActor: exposed(0.05), halfLifeDays: 90 },
  // Who wants the money back was not helping; risky buyers who do speak for the seller.
  refund: { toTarget: exposed(-0.05), toActor: victim(0.5), halfLifeDays: 90 },
  uses: both(helper(0.5), 90),
  operates: both(helper(0.8), 180),
  transfer: both(helper(0.5), 120),
  associate: both(helper(0.4), 180),
  warn: null,
  restrict: null,
  ban: null,
}

export const carriageOf = (type: InteractionType, target: EntityKind): RiskCarriage | null =>
  (type === 'uses' ? usesCarriage[target] : undefined) ?? riskCarriage[type]

/** What a decision says of the entity, and whether risk that reaches it ends there: it was dealt with. */
export const enforcementRisk = {
  warn: { seed: 0.2, absorbs: false },
  restrict: { seed: 0.6, absorbs: true },
  ban: { seed: 1, absorbs: true },
} as const

/** How far membership in a ring makes a member a source, by role: who gains may be an honest competitor's target or a customer of the ring. */
export const ringRoleSeed: Readonly<Record<string, number>> = {
  core: 1,
  broker: 1,
  amplifier: 0.8,
  mule: 0.6,
  beneficiary: 0.3,
}
