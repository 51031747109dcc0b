/** Without a model: the strongest ring alone, as the unsupervised ranking of all entities has it. No probability of anything. */
import { perCent, probabilityText } from './wording.js'

export interface RingOf {
  readonly id: string
  readonly fdr: number
  readonly role: string
  /** Strength of membership, 0 to 1. */
  readonly membership: number
}

const strengthOf = ({ membership, fdr }: RingOf): number => membership * (1 - fdr)

export const ringLead = (rings: readonly RingOf[]) => {
  const ordered = [...rings].sort((a, b) => strengthOf(b) - strengthOf(a) || (a.id < b.id ? -1 : 1))
  return {
    score: ordered.length > 0 ? strengthOf(ordered[0]!) : 0,
    explanation: ordered.map((ring) => ({
      sentence: `It is in the ring ${ring.id} as ${ring.role}, with strength ${probabilityText(ring.membership)}; of rings as surprising as this, ${perCent(ring.fdr)} are expected by chance alone.`,
      part: 'rings',
      feature: 'rings.membership',
      unit: 'strength',
      value: ring.membership,
      typical: null,
      contribution: strengthOf(ring),
      ids: [ring.id],
      more: 0,
    })),
  }
}
