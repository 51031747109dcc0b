/**
 * Where others were seen with something of a ring: a target that at least `needed` of its accounts have acted on, acted on there by an account outside the
 * ring; or an identifier that its accounts use, used by an outside account that acts there. A foothold counts from the day at which all of it was known.
 */
import { interactionType } from '../../../graph-schema/schema.js'
import { type Relation, relationOf, type Snapshot } from '../../graph/snapshot.js'
import type { Check } from '../../kernels/check.js'
import { actingRelations } from '../propagation/domains.js'

/** An identifier with more users is a place (a campus network, a shop's terminal) and nobody's own: users beyond the first so many are no sign. */
export const HUB_USERS = 100

export interface RingAccounts {
  /** Entity numbers, ascending; those that the graph has. */
  readonly accounts: readonly number[]
  /** Accounts of the ring, in the graph or not yet. */
  readonly size: number
  /** Accounts that make the ring active, or a thing its target. */
  readonly needed: number
}

/** Something of a ring, and when that was known, in epoch milliseconds. */
interface Hold {
  readonly ring: number
  readonly since: number
}

const eachOut = (
  { outOffsets, actorFrom, target, at }: Relation,
  actor: number,
  visit: (target: number, at: number) => void,
): void => {
  const row = actor - actorFrom
  if (row < 0 || row + 1 >= outOffsets.length) return
  for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++) visit(target[edge]!, at[edge]!)
}

const eachIn = (
  { inOffsets, targetFrom, source, inEdge }: Relation,
  target: number,
  visit: (actor: number, edge: number) => void,
): void => {
  const row = target - targetFrom
  if (row < 0 || row + 1 >= inOffsets.length) return
  for (let i = inOffsets[row]!; i < inOffsets[row + 1]!; i++) visit(source[i]!, inEdge[i]!)
}

const note = (holds: Map<number, Hold[]>, thing: number, hold: Hold): void => {
  const known = holds.get(thing)
  if (known) known.push(hold)
  else holds.set(thing, [hold])
}

/** Relations whose targets a ring can have in common: not identifiers, and not accounts that belong together. */
const targetRelations = (snapshot: Snapshot): readonly Relation[] =>
  actingRelations(snapshot).filter(
    ({ type }) => type !== 'uses' && type !== 'operates' && !interactionType(type).undirected,
  )

const targetHolds = (snapshot: Snapshot, rings: readonly RingAccounts[], check: Check): Map<number, Hold[]> => {
  const holds = new Map<number, Hold[]>()
  const relations = targetRelations(snapshot)
  for (const [ring, { accounts, needed }] of rings.entries()) {
    check()
    const own = new Set(accounts)
    const times = new Map<number, number[]>()
    for (const account of accounts) {
      const first = new Map<number, number>()
      for (const relation of relations)
        eachOut(relation, account, (target, at) => {
          if (!Number.isNaN(at) && !own.has(target)) first.set(target, Math.min(at, first.get(target) ?? at))
        })
      for (const [target, at] of first) {
        const known = times.get(target)
        if (known) known.push(at)
        else times.set(target, [at])
      }
    }
    for (const [target, at] of times)
      if (at.length >= needed) note(holds, target, { ring, since: at.sort((a, b) => a - b)[needed - 1]! })
  }
  return holds
}

interface FirstUse {
  readonly actor: number
  readonly at: number
}

/** The first users of an identifier, by time: what is known of them never changes by who comes later. */
const firstUsers = (uses: Relation, identifier: number): readonly FirstUse[] => {
  const first = new Map<number, number>()
  eachIn(uses, identifier, (actor, edge) => {
    const at = uses.at[edge]!
    if (!Number.isNaN(at)) first.set(actor, Math.min(at, first.get(actor) ?? at))
  })
  return [...first]
    .map(([actor, at]) => ({ actor, at }))
    .sort((a, b) => a.at - b.at || a.actor - b.actor)
    .slice(0, HUB_USERS)
}

export interface IdentifierHolds {
  readonly holds: ReadonlyMap<number, { readonly by: readonly Hold[]; readonly users: readonly FirstUse[] }>
  /** All accounts that use one of them. */
  readonly users: ReadonlySet<number>
}

export const identifierHolds = (snapshot: Snapshot, rings: readonly RingAccounts[], check: Check): IdentifierHolds => {
  const by = new Map<number, Hold[]>()
  const users = new Set<number>()
  const uses = relationOf(snapshot, 'uses')
  if (!uses) return { holds: new Map(), users }
  for (const [ring, { accounts }] of rings.entries()) {
    check()
    const first = new Map<number, number>()
    for (const account of accounts)
      eachOut(uses, account, (identifier, at) => {
        if (!Number.isNaN(at)) first.set(identifier, Math.min(at, first.get(identifier) ?? at))
      })
    for (const [identifier, since] of first) note(by, identifier, { ring, since })
  }
  const holds = new Map<number, { by: readonly Hold[]; users: readonly FirstUse[] }>()
  for (const [identifier, each] of by) {
    check()
    const first = firstUsers(uses, identifier)
    holds.set(identifier, { by: each, users: first })
    for (const { actor } of first) users.add(actor)
  }
  return { holds, users }
}

export interface FootholdInputs {
  readonly snapshot: Snapshot
  readonly rings: readonly RingAccounts[]
  readonly identifiers: IdentifierHolds
  readonly domains: number
  /** -1: none that is known. */
  readonly domainOf: (relation: Relation, edge: number) => number
  /** When an account first acted in a domain, in epoch milliseconds; Infinity. Known for `identifiers.users`. */
  readonly firstAct: (account: number, domain: number) => number
  readonly check: Check
}

/** By ring and domain, epoch milliseconds, ascending. */
export const footholdsOf = (inputs: FootholdInputs): readonly (readonly (readonly number[])[])[] => {
  const { snapshot, rings, identifiers, domains, domainOf, firstAct, check } = inputs
  const found: number[][][] = rings.map(() => Array.from({ length: domains }, () => []))
  const ringsOf = new Map<number, Set<number>>()
  for (const [ring, { accounts }] of rings.entries())
    for (const account of accounts) ringsOf.set(account, (ringsOf.get(account) ?? new Set()).add(ring))

  /** Least time per hold and domain, each as `seen` says. */
  const settle = (
    holds: readonly Hold[],
    visit: (seen: (actor: number, domain: number, at: number) => void) => void,
  ): void => {
    const least = new Float64Array(holds.length * domains).fill(Number.POSITIVE_INFINITY)
    visit((actor, domain, at) => {
      const inside = ringsOf.get(actor)
      for (const [h, { ring }] of holds.entries()) {
        const place = h * domains + domain
        if (at < least[place]! && !inside?.has(ring)) least[place] = at
      }
    })
    for (const [h, { ring, since }] of holds.entries())
      for (let domain = 0; domain < domains; domain++) {
        const at = Math.max(since, least[h * domains + domain]!)
        if (at < Number.POSITIVE_INFINITY) found[ring]![domain]!.push(at)
      }
  }

  const relations = targetRelations(snapshot)
  for (const [target, holds] of targetHolds(snapshot, rings, check)) {
    check()
    settle(holds, (seen) => {
      for (const relation of relations)
        eachIn(relation, target, (actor, edge) => {
          const domain = domainOf(relation, edge)
          if (domain >= 0) seen(actor, domain, relation.at[edge]!)
        })
    })
  }
  for (const { by, users } of identifiers.holds.values()) {
    check()
    settle(by, (seen) => {
      for (const { actor, at } of users)
        for (let domain = 0; domain < domains; domain++) seen(actor, domain, Math.max(at, firstAct(actor, domain)))
    })
  }
  for (const ofRing of found) for (const times of ofRing) times.sort((a, b) => a - b)
  return found
}
