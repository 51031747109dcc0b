/**
 * Which rings to look at first: by expected harm, the chance that the lead is right times what it touches. The chance begins at 1 - q, q being the
 * ring's false-discovery rate, and moves to how often people confirmed rings of the same detectors, which begins to count for more than q from `PRIOR`
 * judged rings on:
 *
 *     chance = (PRIOR (1 - q) + confirmed) / (PRIOR + confirmed + cleared)
 *
 * the mean of a beta posterior whose prior has the weight of PRIOR rings.
 */
import type { RingRecord } from '../store/store.js'
import type { LabelBook } from './label-book.js'

/** As couplings of domains are counted with 20 times the pooled slope: one judged ring or two say little of a detector. */
export const PRIOR = 20

export const howLeadsAreRanked =
  `Expected harm is the chance that the lead is right times what it touches. The chance begins at 1 less the rate of chance leads, and moves with how often people confirmed rings of the same detectors, the rate counting like ${PRIOR} judged rings: before there are any, it says only that the lead is no accident: honest groups act as one too. What it touches are its accounts and what these acted on. Rings that were confirmed or cleared are not listed.` as const

export interface Lead {
  readonly ring: RingRecord
  /** Of rings that share a detector with it. */
  readonly confirmed: number
  readonly cleared: number
  /** That the lead is right, 0 to 1. */
  readonly chance: number
  readonly touches: number
  /** chance x touches: entities. */
  readonly expectedHarm: number
}

export interface Leads {
  /** By falling expected harm, then id. */
  readonly leads: readonly Lead[]
  /** Rings that are decided on already. */
  readonly leftOut: { readonly confirmed: number; readonly cleared: number }
}

/** As things were held at `at`, epoch milliseconds. */
export const rankedLeads = (rings: readonly RingRecord[], book: LabelBook, at: number): Leads => {
  const judged: { readonly isConfirmed: boolean; readonly detectors: ReadonlySet<string> }[] = []
  for (const subject of book.subjects) {
    const label = book.current(subject, at)
    if (label?.ring && (label.decision === 'confirmed' || label.decision === 'cleared'))
      judged.push({ isConfirmed: label.decision === 'confirmed', detectors: new Set(label.ring.detectors) })
  }
  // Rings of the same detectors have the same counts.
  const known = new Map<string, { readonly confirmed: number; readonly cleared: number }>()
  const countsOf = (detectors: readonly string[]) => {
    const key = detectors.join(' ')
    let counts = known.get(key)
    if (!counts) {
      const alike = judged.filter((each) => detectors.some((detector) => each.detectors.has(detector)))
      const confirmed = alike.filter(({ isConfirmed }) => isConfirmed).length
      counts = { confirmed, cleared: alike.length - confirmed }
      known.set(key, counts)
    }
    return counts
  }
  const leads: Lead[] = []
  const leftOut = { confirmed: 0, cleared: 0 }
  for (const ring of rings) {
    const decision = book.current(`ring:${ring.id}`, at)?.decision
    if (decision === 'confirmed' || decision === 'cleared') {
      leftOut[decision]++
      continue
    }
    const { confirmed, cleared } = countsOf(ring.detectors)
    const chance = (PRIOR * (1 - ring.fdr) + confirmed) / (PRIOR + confirmed + cleared)
    const touches = ring.members.length
    leads.push({ ring, confirmed, cleared, chance, touches, expectedHarm: chance * touches })
  }
  leads.sort((a, b) => b.expectedHarm - a.expectedHarm || (a.ring.id < b.ring.id ? -1 : 1))
  return { leads, leftOut }
}
