/** Groups that share identifiers, as candidates with facts that name the identifiers. */
import { type EntityKind, entityKindByCode, entityKinds } from '../../../graph-schema/schema.js'
import { entityName, relationOf, type Snapshot } from '../../graph/snapshot.js'
import type { Candidate, DetectorContext, Fact, Member } from '../detector.js'
import { HOUSEHOLD } from '../households.js'
import { type Calibrated, calibrate, leastNats, shufflesFor, usable } from './calibrate.js'
import { cohortFact, firstSeen } from './cohort.js'
import {
  findIdentifierGroups,
  type IdentifierGroups,
  type IdentifierOptions,
  strongestShuffledUses,
  type Uses,
} from './identifiers.js'
import { distinctPairs, edgesOfPairs, type RelationPairs, windowOf } from './pairs.js'
import { rounded } from './words.js'

/** What holds an account, kinds of one step together. */
export type Holds = readonly (readonly EntityKind[])[]

/** From the hand to the place: a phone before a card, a card before a phone number, that before an address. */
export const BY_HAND: Holds = [['device'], ['payment'], ['contact'], ['network', 'address']]

/**
 * Users who pay with the same cards, each by more accounts than a household has, on whatever phones: apps that are cloned give each account a new one.
 * Creators who are paid into one account are an agency's.
 */
export const BY_PURSE: Holds = [['payment']]

/** An identifier is the group's where it has this many of its members, and they are this share of all who use it. */
const LEAST_OWN = 5
const OWN_SHARE = 2 / 3

/** A fact names this many identifiers, the most shared ones, and counts the others. */
const namedIdentifiers = 3

interface UsesData {
  readonly uses: Uses
  readonly pairs: RelationPairs
}

/** Without the uses of creators. */
const ofUsers = ({ entities }: Snapshot, pairs: RelationPairs): RelationPairs => {
  const from = entities.kindOffsets[entityKinds.user.code]!
  const to = entities.kindOffsets[entityKinds.user.code + 1]!
  const isUser = (_: number, p: number): boolean => pairs.actor[p]! >= from && pairs.actor[p]! < to
  const { relation, actor, target, first, end } = pairs
  return {
    relation,
    actor: actor.filter(isUser),
    target: target.filter(isUser),
    first: first.filter(isUser),
    end: end.filter(isUser),
  }
}

const readUses = (snapshot: Snapshot, pairs: RelationPairs, holds: Holds): UsesData => {
  const { relation, actor, target, first, end } = pairs
  const identifierCount = relation.inOffsets.length - 1
  const kind = new Uint8Array(identifierCount)
  const { kindOffsets } = snapshot.entities
  let code = 0
  for (let i = 0; i < identifierCount; i++) {
    while (relation.targetFrom + i >= kindOffsets[code + 1]!) code++
    kind[i] = code
  }
  const accountCount = relation.outOffsets.length - 1
  const paidOut = new Uint8Array(accountCount)
  // An account that publishes or sells is paid; a buyer's card pays, and a household's is shared.
  const creator = entityKinds.creator.code
  paidOut.fill(
    1,
    Math.max(0, kindOffsets[creator]! - relation.actorFrom),
    Math.max(0, kindOffsets[creator + 1]! - relation.actorFrom),
  )
  return {
    pairs,
    uses: {
      accountCount,
      identifierCount,
      account: actor.map((entity) => entity - relation.actorFrom),
      identifier: target.map((entity) => entity - relation.targetFrom),
      times: Float64Array.from(first, (from, p) => end[p]! - from),
      kind,
      holds: holds.map((kinds) => kinds.map((name) => entityKinds[name].code)),
      purse: entityKinds.payment.code,
      paidOut,
      leastSharers: holds === BY_PURSE ? HOUSEHOLD + 1 : 2,
    },
  }
}

const kindWords: Readonly<Record<string, readonly [string, string]>> = {
  device: ['device', 'devices'],
  network: ['network', 'networks'],
  payment: ['means of payment', 'means of payment'],
  contact: ['contact', 'contacts'],
  address: ['address', 'addresses'],
}

const kindFact = (
  snapshot: Snapshot,
  { pairs, uses }: UsesData,
  groups: IdentifierGroups,
  set: number,
  kind: number,
  size: number,
  insidePairs: readonly number[],
): Fact => {
  const { inside, ofAccounts, ofIdentifiers, total } = groups
  const users = new Map<number, number>()
  const positions = insidePairs.filter((p) => uses.kind[uses.identifier[p]!] === kind)
  for (const p of positions) users.set(pairs.target[p]!, (users.get(pairs.target[p]!) ?? 0) + 1)
  const ranked = [...users].sort((a, b) => b[1] - a[1] || a[0] - b[0])
  const listed = ranked
    .slice(0, namedIdentifiers)
    .map(([entity, count]) => `${entityName(snapshot, entity)} by ${count}`)
    .join(', ')
  const more = ranked.length > namedIdentifiers ? ` and ${ranked.length - namedIdentifiers} more` : ''
  const name = entityKindByCode[kind]!
  const words = kindWords[name] ?? [name, `${name}s`]
  const observed = inside[kind]![set]!
  const expected = (ofAccounts[kind]![set]! * ofIdentifiers[kind]![set]!) / total[kind]!
  return {
    code: `sybil.shared-${name}`,
    sentence: `The ${size} accounts share ${ranked.length} ${words[ranked.length === 1 ? 0 : 1]} (${listed}${more}): ${observed} of their ${ofAccounts[kind]![set]} uses of any ${words[0]} are of ${ranked.length === 1 ? 'it' : 'these'}, where chance would give ${rounded(expected)}.`,
    observed,
    expected,
    unit: 'uses',
    count: { of: 'pairs' },
    shows: [{ type: 'uses', edges: edgesOfPairs(pairs, positions) }],
  }
}

interface AlsoThere {
  /** By account, how many of its identifiers are the group's. */
  readonly accounts: ReadonlyMap<number, number>
  /** Places of their uses of these, ascending. */
  readonly positions: readonly number[]
  /** How many of these uses chance would give. */
  readonly expected: number
}

/**
 * Accounts that were not looked at, as they have a phone or card of their own, but use what else is the group's. They are found through the
 * group, and add nothing to its surprise.
 */
const alsoThere = (
  { uses }: UsesData,
  { accounts, identifiers, total }: IdentifierGroups,
  members: ReadonlySet<number>,
): AlsoThere => {
  const used = new Map<number, number>()
  for (const account of members)
    for (let k = accounts.offsets[account]!; k < accounts.offsets[account + 1]!; k++)
      used.set(accounts.columns[k]!, (used.get(accounts.columns[k]!) ?? 0) + 1)
  const found = new Map<number, number>()
  const own = new Set<number>()
  /** By kind, the share of all uses that are of what is the group's. */
  const share = total.map(() => 0)
  for (const [identifier, count] of used) {
    const from = identifiers.offsets[identifier]!
    const to = identifiers.offsets[identifier + 1]!
    if (count < LEAST_OWN || count < OWN_SHARE * (to - from)) continue
    own.add(identifier)
    share[uses.kind[identifier]!]! += (to - from) / total[uses.kind[identifier]!]!
    for (let k = from; k < to; k++) {
      const account = identifiers.columns[k]!
      if (!members.has(account)) found.set(account, (found.get(account) ?? 0) + 1)
    }
  }
  // The pairs are in the order of the rows of accounts, each once, so a place in one is a place in the other.
  const positions: number[] = []
  let expected = 0
  for (const account of [...found.keys()].sort((x, y) => x - y))
    for (let k = accounts.offsets[account]!; k < accounts.offsets[account + 1]!; k++) {
      expected += share[uses.kind[accounts.columns[k]!]!]!
      if (own.has(accounts.columns[k]!)) positions.push(k)
    }
  return { accounts: found, positions, expected }
}

const alsoThereFact = ({ pairs }: UsesData, { accounts, positions, expected }: AlsoThere): Fact => ({
  code: 'sybil.also-there',
  sentence:
    `${accounts.size} more ${accounts.size === 1 ? 'account has' : 'accounts have'} phones or cards of their own, but ${accounts.size === 1 ? 'uses' : 'use'} ` +
    'identifiers that nobody else uses but this group, or hardly anybody.',
  observed: positions.length,
  expected,
  unit: 'uses',
  count: { of: 'pairs' },
  shows: [{ type: 'uses', edges: edgesOfPairs(pairs, positions) }],
})

/**
 * Candidates of shared identifiers; none where no account uses any. `learned`: what shuffles gave in an earlier run, null to shuffle. `holds`:
 * what accounts must share.
 */
export const identifierCandidates = (
  { snapshot, seed, progress, checkCancelled }: DetectorContext,
  options: IdentifierOptions & { readonly shuffles: number; readonly searches: number },
  learned: Float64Array | null,
  holds: Holds,
): Calibrated => {
  const relation = relationOf(snapshot, 'uses')
  if (!relation) return { candidates: [], strongest: null }
  const all = distinctPairs(relation, checkCancelled)
  const data = readUses(snapshot, holds === BY_PURSE ? ofUsers(snapshot, all) : all, holds)
  const { uses, pairs } = data
  const groups = findIdentifierGroups(uses, options, checkCancelled)
  const { accounts, sets, surprise, members } = groups
  const shuffles = shufflesFor(uses.account.length, options.shuffles)
  const rounds = shuffles + 1
  progress('identifiers', 1 / rounds)
  const step = (done: number) => progress('identifiers', (1 + done) / rounds)
  const judges = surprise.some((s) => s > -Infinity)
  const strongest =
    usable(learned, surprise) ??
    (judges ? strongestShuffledUses(uses, options, shuffles, seed, checkCancelled, step) : new Float64Array(0))
  const nats = surprise.map((s) =>
    s === -Infinity ? 0 : Math.max(0, calibrate(s, strongest) - Math.log(options.searches)),
  )
  const { label, count } = sets
  const insidePairs: number[][] = Array.from({ length: count }, () => [])
  for (let p = 0; p < uses.account.length; p++) {
    const set = label[uses.account[p]!]!
    if (set !== -1 && nats[set]! >= leastNats && label[uses.accountCount + uses.identifier[p]!] === set)
      insidePairs[set]!.push(p)
  }
  const first = firstSeen([pairs], relation.actorFrom, uses.accountCount, 'actor')
  const candidates: Candidate[] = []
  for (let set = 0; set < count; set++) {
    if (nats[set]! < leastNats) continue
    checkCancelled()
    const own = insidePairs[set]!
    const sharedOf = new Map<number, number>()
    for (const p of own) sharedOf.set(uses.account[p]!, (sharedOf.get(uses.account[p]!) ?? 0) + 1)
    const found: Member[] = [...sharedOf]
      .sort(([a], [b]) => a - b)
      .map(([account, shared]) => ({
        entity: relation.actorFrom + account,
        role: shared > 1 ? 'core' : 'mule',
        membership: shared / (accounts.offsets[account + 1]! - accounts.offsets[account]!),
      }))
    const kinds = [...new Set(own.map((p) => uses.kind[uses.identifier[p]!]!))].sort((a, b) => a - b)
    const facts = kinds.map((kind) => kindFact(snapshot, data, groups, set, kind, members[set]!, own))
    const cohort = cohortFact(
      first,
      found.map(({ entity }) => entity),
    )
    if (cohort) facts.push(cohort)
    const others = alsoThere(data, groups, new Set(sharedOf.keys()))
    if (others.accounts.size > 0) {
      facts.push(alsoThereFact(data, others))
      for (const [account, shared] of others.accounts)
        found.push({
          entity: relation.actorFrom + account,
          role: 'mule',
          membership: shared / (accounts.offsets[account + 1]! - accounts.offsets[account]!),
        })
      found.sort((x, y) => x.entity - y.entity)
    }
    candidates.push({
      detector: 'sybil',
      behaviour: 'sybil',
      members: found,
      window: windowOf([{ pairs, positions: own }]),
      nats: nats[set]!,
      facts,
    })
  }
  progress('identifiers', 1)
  return { candidates, strongest: learned === null && !judges ? null : strongest }
}
