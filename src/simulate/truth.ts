/** What was planted: rings with their members, and groups that look organized and are not. */
import type { EntityKind } from '../../graph-schema/schema.js'

/**
 * The behaviours that are planted and the parts that accounts play, by the words that found rings have. They are the simulation's
 * own list: what is planted does not depend on which detectors there are.
 */
export const behaviours = ['lockstep', 'dense-block', 'sybil', 'account-trading', 'matrix', 'coattail'] as const
export type Behaviour = (typeof behaviours)[number]
export type Role = 'core' | 'mule' | 'amplifier' | 'broker' | 'beneficiary'

export const difficulties = ['easy', 'medium', 'hard'] as const
export type Difficulty = (typeof difficulties)[number]

export interface PlantedMember {
  readonly kind: EntityKind
  readonly index: number
  readonly role: Role
}

export interface PlantedRing {
  /** As in `lockstep-hard-2`. */
  readonly id: string
  readonly behaviour: Behaviour
  readonly difficulty: Difficulty
  readonly members: readonly PlantedMember[]
}

export interface InnocentGroup {
  /** As in `fan-club-1`. */
  readonly id: string
  readonly story: string
  readonly members: readonly { readonly kind: EntityKind; readonly index: number }[]
}
