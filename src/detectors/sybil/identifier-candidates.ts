/** Groups that share identifiers, as candidates with facts that name the identifiers. */
import { entityKindByCode, entityKinds } from '../../../graph-schema/schema.js'
import { entityName, relationOf, type Snapshot } from '../../graph/snapshot.js'
import type { Candidate, DetectorContext, Fact, Member } from '../detector.js'
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

/** What holds an account, from the hand to the place: a phone before a card, a card before a phone number, that before an address. */
const holds = [['device'], ['payment'], ['contact'], ['network', 'address']] as const

/** A fact names this many identifiers, the most shared ones, and counts the others. */
const namedIdentifiers = 3

interface UsesData {
  readonly uses: Uses
  readonly pairs: RelationPairs
}

const readUses = (snapshot: Snapshot, pairs: RelationPairs): UsesData => {
  const { relation, actor, target, first, end } = pairs
  const identifierCount = relation.inOffsets.length - 1
  const kind = new Uint8Array(identifierCount)
  const { kindOffsets } = snapshot.entities
  let code = 0
  for (let i = 0; i < identifierCount; i++) {
    while (relation.targetFrom + i >= kindOffsets[code + 1]!) code++
    kind[i] = code
  }
  return {
    pairs,
    uses: {
      accountCount: relation.outOffsets.length - 1,
      identifierCount,
      account: actor.map((entity) => entity - relation.actorFrom),
      identifier: target.map((entity) => entity - relation.targetFrom),
      times: Float64Array.from(first, (from, p) => end[p]! - from),
      kind,
      holds: holds.map((kinds) => kinds.map((name) => entityKinds[name].code)),
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

/** Candidates of shared identifiers; none where no account uses any. `learned`: what shuffles gave in an earlier run, null to shuffle. */
export const identifierCandidates = (
  { snapshot, seed, progress, checkCancelled }: DetectorContext,
  options: IdentifierOptions & { readonly shuffles: number; readonly searches: number },
  learned: Float64Array | null,
): Calibrated => {
  const relation = relationOf(snapshot, 'uses')
  if (!relation) return { candidates: [], strongest: null }
  const data = readUses(snapshot, distinctPairs(relation, checkCancelled))
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
