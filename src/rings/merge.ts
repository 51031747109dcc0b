/**
 * Candidates of all detectors into rings: two candidates are one ring when their accounts overlap enough.
 *
 * Overlap is the Jaccard index of the accounts. Targets alone do not count: rings that serve the same video stay apart; but where most of a list of
 * targets is the same, less of the accounts must be, as each interaction type shows another part of one ring. Strongest
 * candidate first, each joins the ring it overlaps most or starts one, so that a chain of half-overlaps cannot run
 * together into one blob. One that lies nearly whole inside a stronger ring is a part of it however large that is: the farm's half of
 * the accounts that a trade has handed over.
 *
 * What only ever benefits is a target or somebody whom no other candidate names; an account that benefits of one candidate and
 * acts in another (a buyer, known to share devices with what was bought) is an account.
 */
import type { Behaviour, Candidate, Fact, Member, Role } from '../detectors/detector.js'
import { falseDiscoveryRates } from './false-discovery.js'

/** At one half, more accounts are shared than not by the smaller group of a balanced pair. */
const MERGE_JACCARD = 0.5

/** The same where the targets overlap by MERGE_JACCARD, and so many at least are the same: two rings that share a quarter of their accounts and a list are one. */
const MERGE_SAME_LIST = 0.25
const LEAST_LIST = 3

/** So much of a candidate inside a stronger ring leaves a fifth for what either of them sees amiss. */
const MERGE_CONTAINED = 0.8

/**
 * Where detectors differ, the more particular role stays: who stands between others or gains from them is told by how they deal, while
 * a group of shared identifiers calls everybody core.
 */
const ROLE_ORDER: readonly Role[] = ['broker', 'beneficiary', 'core', 'amplifier', 'mule']

export interface MergedRing {
  /** Sorted by entity index. */
  readonly members: readonly Member[]
  /** The strongest candidate's: detectors may look at the same interactions, so their surprises are not added. */
  readonly nats: number
  /** The least false-discovery rate among its candidates. */
  readonly fdr: number
  readonly behaviours: readonly Behaviour[]
  readonly detectors: readonly string[]
  readonly window: { readonly from: number; readonly to: number } | null
  readonly facts: readonly Fact[]
}

interface Group {
  readonly candidates: number[]
  readonly accounts: Set<number>
  readonly targets: Set<number>
}

const isSameList = (targets: readonly number[], list: ReadonlySet<number>): boolean => {
  const common = targets.filter((target) => list.has(target)).length
  return common >= LEAST_LIST && common >= MERGE_JACCARD * (targets.length + list.size - common)
}

const actingEntities = (candidates: readonly Candidate[]): ReadonlySet<number> =>
  new Set(
    candidates.flatMap(({ members }) =>
      members.flatMap(({ role, entity }) => (role === 'beneficiary' ? [] : [entity])),
    ),
  )

const stronger = (a: Member, b: Member): Member => {
  const byRole = ROLE_ORDER.indexOf(a.role) - ROLE_ORDER.indexOf(b.role)
  const role = byRole <= 0 ? a.role : b.role
  return { entity: a.entity, role, membership: Math.max(a.membership, b.membership) }
}

const joinMembers = (candidates: readonly Candidate[]): Member[] => {
  const members = new Map<number, Member>()
  for (const candidate of candidates)
    for (const member of candidate.members) {
      const known = members.get(member.entity)
      members.set(member.entity, known ? stronger(known, member) : member)
    }
  return [...members.values()].sort((a, b) => a.entity - b.entity)
}

const joinWindows = (candidates: readonly Candidate[]): MergedRing['window'] => {
  const windows = candidates.flatMap(({ window }) => (window ? [window] : []))
  if (windows.length === 0) return null
  return { from: Math.min(...windows.map((w) => w.from)), to: Math.max(...windows.map((w) => w.to)) }
}

/** `silentDetectors`: how many detectors ran and gave no candidate. Rings come back by falling surprise, then first member. */
export const mergeCandidates = (candidates: readonly Candidate[], silentDetectors: number): MergedRing[] => {
  const rates = falseDiscoveryRates(
    Float64Array.from(candidates, (candidate) => candidate.nats),
    silentDetectors,
  )
  const order = candidates
    .map((_, index) => index)
    .sort(
      (a, b) =>
        candidates[b]!.nats - candidates[a]!.nats ||
        candidates[a]!.members[0]!.entity - candidates[b]!.members[0]!.entity ||
        a - b,
    )

  const acting = actingEntities(candidates)
  const groups: Group[] = []
  const groupsOfAccount = new Map<number, number[]>()
  for (const index of order) {
    const entities = candidates[index]!.members.map(({ entity }) => entity)
    const accounts = entities.filter((entity) => acting.has(entity))
    const targets = entities.filter((entity) => !acting.has(entity))
    const shared = new Map<number, number>()
    for (const account of accounts)
      for (const group of groupsOfAccount.get(account) ?? []) shared.set(group, (shared.get(group) ?? 0) + 1)
    let best = -1
    let bestJaccard = 0
    let within = 0
    for (const [group, common] of shared) {
      const jaccard = common / (groups[group]!.accounts.size + accounts.length - common)
      if (jaccard > bestJaccard) {
        best = group
        bestJaccard = jaccard
        within = common / accounts.length
      }
    }
    const isOne =
      bestJaccard >= MERGE_JACCARD ||
      within >= MERGE_CONTAINED ||
      (bestJaccard >= MERGE_SAME_LIST && isSameList(targets, groups[best]!.targets))
    if (!isOne) {
      best = groups.length
      groups.push({ candidates: [], accounts: new Set(), targets: new Set() })
    }
    const group = groups[best]!
    group.candidates.push(index)
    for (const target of targets) group.targets.add(target)
    for (const account of accounts) {
      if (group.accounts.has(account)) continue
      group.accounts.add(account)
      const known = groupsOfAccount.get(account)
      if (known) known.push(best)
      else groupsOfAccount.set(account, [best])
    }
  }

  return groups.map((group) => {
    const own = group.candidates.map((index) => candidates[index]!)
    return {
      members: joinMembers(own),
      nats: own[0]!.nats,
      fdr: Math.min(...group.candidates.map((index) => rates[index]!)),
      behaviours: [...new Set(own.map((candidate) => candidate.behaviour))].sort(),
      detectors: [...new Set(own.map((candidate) => candidate.detector))].sort(),
      window: joinWindows(own),
      facts: own.flatMap((candidate) => candidate.facts),
    }
  })
}
