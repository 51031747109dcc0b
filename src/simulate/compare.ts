/** Rings that were found beside the rings that were planted, by the accounts they have in common. */
import type { RingRecord } from '../store/store.js'
import type { Simulation } from './simulate.js'
import type { Behaviour, Difficulty } from './truth.js'

export type Verdict = 'found' | 'partly' | 'missed'

export interface PlantedResult {
  readonly id: string
  readonly behaviour: Behaviour
  readonly difficulty: Difficulty
  readonly accounts: number
  readonly verdict: Verdict
  /** The found ring that overlaps most; null where none has an account of it. */
  readonly ring: string | null
  /** Jaccard index with that ring, 0 to 1. */
  readonly overlap: number
  /** Share of the planted accounts that are in any ring which is mostly theirs. */
  readonly recall: number
  readonly behaviours: readonly string[]
}

export interface Comparison {
  readonly planted: readonly PlantedResult[]
  /** Found rings of which less than half of the accounts were planted. */
  readonly falseRings: readonly { readonly id: string; readonly accounts: number }[]
  /** Innocent groups that came out as a ring: at least half of a found ring's accounts are theirs. */
  readonly innocents: readonly { readonly id: string; readonly story: string; readonly ring: string | null }[]
}

/** Overlap from which a planted ring counts as found; the same as the merge of candidates asks for one ring. */
const FOUND_OVERLAP = 0.5
/** Share of its accounts from which a planted ring counts as partly found. */
const PARTLY_RECALL = 0.2
const MOSTLY = 0.5

const isAccount = (kind: string): boolean => kind === 'user' || kind === 'creator'

const common = (a: ReadonlySet<string>, b: ReadonlySet<string>): number => {
  let count = 0
  for (const each of a) if (b.has(each)) count++
  return count
}

export const compareWithTruth = (simulation: Simulation, rings: readonly RingRecord[]): Comparison => {
  const { names } = simulation
  const found = rings
    .map((ring) => ({
      ring,
      accounts: new Set(ring.members.filter(({ kind }) => isAccount(kind)).map(({ kind, id }) => `${kind}:${id}`)),
    }))
    .filter(({ accounts }) => accounts.size > 0)

  const plantedAccounts = new Set<string>()
  const planted = simulation.rings.map((ring): PlantedResult => {
    const own = new Set(
      ring.members.filter(({ kind }) => isAccount(kind)).map(({ kind, index }) => names.name(kind, index)),
    )
    for (const account of own) plantedAccounts.add(account)
    let best: (typeof found)[number] | null = null
    let overlap = 0
    const covered = new Set<string>()
    for (const each of found) {
      const shared = common(own, each.accounts)
      const jaccard = shared / (own.size + each.accounts.size - shared)
      if (jaccard > overlap) {
        overlap = jaccard
        best = each
      }
      if (shared >= MOSTLY * each.accounts.size)
        for (const account of each.accounts) if (own.has(account)) covered.add(account)
    }
    const recall = covered.size / own.size
    return {
      id: ring.id,
      behaviour: ring.behaviour,
      difficulty: ring.difficulty,
      accounts: own.size,
      verdict: overlap >= FOUND_OVERLAP ? 'found' : recall >= PARTLY_RECALL ? 'partly' : 'missed',
      ring: best?.ring.id ?? null,
      overlap,
      recall,
      behaviours: best?.ring.behaviours ?? [],
    }
  })
  return {
    planted,
    falseRings: found
      .filter(({ accounts }) => common(accounts, plantedAccounts) < MOSTLY * accounts.size)
      .map(({ ring, accounts }) => ({ id: ring.id, accounts: accounts.size })),
    innocents: simulation.innocents.map(({ id, story, members }) => {
      const own = new Set(members.map(({ kind, index }) => names.name(kind, index)))
      const touched = found.find(({ accounts }) => common(accounts, own) >= MOSTLY * accounts.size)
      return { id, story, ring: touched?.ring.id ?? null }
    }),
  }
}
