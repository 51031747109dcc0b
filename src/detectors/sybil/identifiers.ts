/**
 * Groups of accounts that one hand holds: they share several identifiers, and little else is their own.
 *
 * A shared identifier alone says nothing: a campus network, a phone shop's demo device, an office printer's address and a
 * family's tablet are shared by people who each have a phone of their own. So an account is looked at only where the
 * identifiers that it is held by are shared: its devices where it has any, else its payment means, else its contacts, else its networks and
 * addresses. Shared are most of them, and most of what it does with them: the staff of an agency share a drawer of phones, and mostly use
 * their own. And an identifier ties only where at least half of its accounts are such accounts. Both rules are applied until neither removes
 * anything (a core, as in Stephen B. Seidman, "Network Structure and Minimum Degree", Social Networks 5(3), 1983; the order of removal does not matter).
 * What is left is split into separable sets and judged against shuffles that keep the number of identifiers of each kind of
 * every account and the number of accounts of every identifier: one shared identifier fits that null, several shared together do not.
 */
import { bipartiteCsr, type Csr, type UndirectedCsr, undirectedCsr } from '../../kernels/csr.js'
import { combinedSurprise, hypergeometricSurprise, logChoose } from '../../kernels/hypergeometric.js'
import { type LooseParts, looseParts } from '../../kernels/loose-parts.js'
import { Random } from '../../kernels/random.js'
import { separableSets } from '../../kernels/separable-sets.js'
import { countingArgsort } from '../../kernels/sort.js'
import { deal } from './calibrate.js'

/** Which account (0 .. accountCount - 1) uses which identifier (0 .. identifierCount - 1), each pair once. */
export interface Uses {
  readonly accountCount: number
  readonly identifierCount: number
  readonly account: Int32Array
  readonly identifier: Int32Array
  /** How often each pair was seen, 1 or more. */
  readonly times: Float64Array
  /** Kind of each identifier, 0 .. kindCount - 1. */
  readonly kind: Uint8Array
  /** Kinds in the order in which they hold an account; those of one step are taken together. */
  readonly holds: readonly (readonly number[])[]
  /** Kind of payments, which must be shared too by accounts of 1 in `paidOut`. */
  readonly purse: number
  readonly paidOut: Uint8Array
  /** Accounts that an identifier which holds an account has at least to be shared: 2, or more than a household. */
  readonly leastSharers: number
}

export interface IdentifierOptions {
  readonly minMembers: number
  readonly maxMembers: number
  readonly membersPerDoor: number
  /** More than this share of the identifiers that hold an account must be shared. */
  readonly sharedPart: number
}

export interface IdentifierGroups {
  readonly accounts: Csr
  readonly identifiers: Csr
  /** Nodes are accounts, then identifiers. */
  readonly sets: LooseParts
  /** Accounts of each set. */
  readonly members: Int32Array
  /** Per kind, then set: uses inside the set, uses by its accounts, uses of its identifiers; and all uses of each kind. */
  readonly inside: readonly Int32Array[]
  readonly ofAccounts: readonly Int32Array[]
  readonly ofIdentifiers: readonly Int32Array[]
  readonly total: readonly number[]
  /** Before calibration; -Infinity for sets below `minMembers` accounts. */
  readonly surprise: Float64Array
}

const degreeOf = ({ offsets }: Csr, row: number): number => offsets[row + 1]! - offsets[row]!

/** Two uses of shared identifiers weigh as much as one account. */
const linksPerMember = 2

/** Parts of a set that have less than this share of their uses in common are two sets. */
const looseConductance = 0.1

/** At least half of an identifier's accounts must be held by shared identifiers, or it is a place where strangers meet. */
const tieShare = 0.5

interface Held {
  readonly activeAccount: Uint8Array
  readonly tie: Uint8Array
}

/** The greatest sets of accounts and identifiers that keep both rules; see the head of this file. */
const heldAccounts = (
  { accountCount, identifierCount, kind, holds, purse, paidOut, leastSharers }: Uses,
  accounts: Csr,
  identifiers: Csr,
  { maxMembers, sharedPart }: IdentifierOptions,
): Held => {
  const step = new Uint8Array(256).fill(255)
  holds.forEach((kinds, s) => {
    for (const k of kinds) step[k] = s
  })
  const leastOf = (i: number): number => (step[kind[i]!] === 255 ? 2 : leastSharers)
  const tie = new Uint8Array(identifierCount)
  const live = new Int32Array(identifierCount)
  for (let i = 0; i < identifierCount; i++) {
    live[i] = degreeOf(identifiers, i)
    tie[i] = live[i]! >= leastOf(i) && live[i]! <= maxMembers ? 1 : 0
  }
  const holding = new Uint8Array(accountCount).fill(255)
  const held = new Int32Array(accountCount)
  const shared = new Int32Array(accountCount)
  const timesHeld = new Float64Array(accountCount)
  const timesShared = new Float64Array(accountCount)
  const times = (k: number): number => accounts.weights?.[k] ?? 1
  const purses = new Int32Array(accountCount)
  const sharedPurses = new Int32Array(accountCount)
  const activeAccount = new Uint8Array(accountCount)
  const removed: number[] = []
  const fails = (a: number) =>
    !(shared[a]! > sharedPart * held[a]! && timesShared[a]! > sharedPart * timesHeld[a]!) ||
    (purses[a]! > 0 && !(sharedPurses[a]! > sharedPart * purses[a]!))
  for (let a = 0; a < accountCount; a++) {
    for (let k = accounts.offsets[a]!; k < accounts.offsets[a + 1]!; k++)
      holding[a] = Math.min(holding[a]!, step[kind[accounts.columns[k]!]!]!)
    for (let k = accounts.offsets[a]!; k < accounts.offsets[a + 1]!; k++) {
      const i = accounts.columns[k]!
      if (kind[i] === purse && paidOut[a] === 1) {
        purses[a]!++
        sharedPurses[a]! += tie[i]!
      }
      if (step[kind[i]!] !== holding[a]) continue
      held[a]!++
      timesHeld[a]! += times(k)
      if (tie[i] === 0) continue
      shared[a]!++
      timesShared[a]! += times(k)
    }
    activeAccount[a] = fails(a) ? 0 : 1
    if (activeAccount[a] === 0) removed.push(a)
  }
  while (removed.length > 0) {
    const a = removed.pop()!
    for (let k = accounts.offsets[a]!; k < accounts.offsets[a + 1]!; k++) {
      const i = accounts.columns[k]!
      live[i]!--
      if (tie[i] === 0 || (live[i]! >= leastOf(i) && live[i]! >= tieShare * degreeOf(identifiers, i))) continue
      tie[i] = 0
      for (let j = identifiers.offsets[i]!; j < identifiers.offsets[i + 1]!; j++) {
        const b = identifiers.columns[j]!
        if (kind[i] === purse && paidOut[b] === 1) sharedPurses[b]!--
        if (step[kind[i]!] === holding[b]) {
          shared[b]!--
          timesShared[b]! -= identifiers.weights?.[j] ?? 1
        }
        if (activeAccount[b] === 1 && fails(b)) {
          activeAccount[b] = 0
          removed.push(b)
        }
      }
    }
  }
  return { activeAccount, tie }
}

const tieGraph = (uses: Uses, accounts: Csr, { activeAccount, tie }: Held, check: () => void): UndirectedCsr => {
  const { accountCount, identifierCount } = uses
  const source = new Int32Array(accounts.columns.length)
  const target = new Int32Array(accounts.columns.length)
  let ties = 0
  for (let a = 0; a < accountCount; a++) {
    if (activeAccount[a] === 0) continue
    for (let k = accounts.offsets[a]!; k < accounts.offsets[a + 1]!; k++) {
      const i = accounts.columns[k]!
      if (tie[i] === 0) continue
      source[ties] = a
      target[ties++] = accountCount + i
    }
  }
  const edges = { source: source.subarray(0, ties), target: target.subarray(0, ties) }
  return undirectedCsr(accountCount + identifierCount, edges, 'one', check)
}

export const findIdentifierGroups = (uses: Uses, options: IdentifierOptions, check: () => void): IdentifierGroups => {
  const { accountCount, identifierCount, kind } = uses
  const both = bipartiteCsr(
    accountCount,
    identifierCount,
    { source: uses.account, target: uses.identifier, weight: uses.times },
    'sum',
    check,
  )
  const accounts = both.rows
  const identifiers = both.columns
  const graph = tieGraph(uses, accounts, heldAccounts(uses, accounts, identifiers, options), check)
  const counts = new Uint8Array(accountCount + identifierCount).fill(1, 0, accountCount)
  const sets = separableSets(
    graph,
    { maxSize: options.maxMembers, membersPerDoor: options.membersPerDoor, linksPerMember, counts },
    check,
  )
  const { label, count } = looseParts(graph, sets, { most: looseConductance, least: 2 * options.minMembers }, check)
  const kindCount = kind.reduce((most, k) => Math.max(most, k), -1) + 1
  const perKind = () => Array.from({ length: kindCount }, () => new Int32Array(count))
  const inside = perKind()
  const ofAccounts = perKind()
  const ofIdentifiers = perKind()
  const named = perKind()
  const total = new Array<number>(kindCount).fill(0)
  const nameable = new Array<number>(kindCount).fill(0)
  const members = new Int32Array(count)
  let using = 0
  for (let a = 0; a < accountCount; a++) {
    const set = label[a]!
    if (degreeOf(accounts, a) > 0) using++
    if (set !== -1) members[set]!++
    for (let k = accounts.offsets[a]!; k < accounts.offsets[a + 1]!; k++) {
      const i = accounts.columns[k]!
      total[kind[i]!]!++
      if (set === -1) continue
      ofAccounts[kind[i]!]![set]!++
      if (label[accountCount + i] === set) inside[kind[i]!]![set]!++
    }
  }
  for (let i = 0; i < identifierCount; i++) {
    const degree = degreeOf(identifiers, i)
    if (degree >= 2) nameable[kind[i]!]!++
    const set = label[accountCount + i]!
    if (set === -1) continue
    ofIdentifiers[kind[i]!]![set]! += degree
    named[kind[i]!]![set]!++
  }
  const surprise = new Float64Array(count).fill(-Infinity)
  for (let set = 0; set < count; set++) {
    const size = members[set]!
    if (size < options.minMembers) continue
    let nats = 0
    let tests = 0
    let cost = logChoose(using, size) + Math.log(size * (size + 1))
    for (let k = 0; k < kindCount; k++) {
      const names = named[k]![set]!
      cost += logChoose(nameable[k]!, names) + Math.log((names + 1) * (names + 2))
      if (names === 0) continue
      tests++
      nats += hypergeometricSurprise(total[k]!, ofAccounts[k]![set]!, ofIdentifiers[k]![set]!, inside[k]![set]!)
    }
    surprise[set] = combinedSurprise(nats, tests) - cost
  }
  return { accounts, identifiers, sets: { label, count }, members, inside, ofAccounts, ofIdentifiers, total, surprise }
}

/** The largest surprise of the same search on each of some shuffles: identifiers dealt anew over the uses of each kind. */
export const strongestShuffledUses = (
  uses: Uses,
  options: IdentifierOptions,
  shuffles: number,
  seed: number,
  check: () => void,
  step: (done: number) => void,
): Float64Array => {
  const { kind, identifier } = uses
  const kinds = Uint8Array.from(identifier, (i) => kind[i]!)
  const order = countingArgsort(kinds, 256)
  const dealt = Int32Array.from(order, (p) => identifier[p]!)
  const shuffled = new Int32Array(identifier.length)
  const strongest = new Float64Array(shuffles).fill(-Infinity)
  for (let s = 0; s < shuffles; s++) {
    const random = new Random(seed, -1 - s)
    for (let from = 0, to = 0; from < order.length; from = to) {
      const own = kinds[order[from]!]!
      while (to < order.length && kinds[order[to]!] === own) to++
      deal(dealt.subarray(from, to), random, check)
    }
    for (let k = 0; k < order.length; k++) shuffled[order[k]!] = dealt[k]!
    check()
    for (const surprise of findIdentifierGroups({ ...uses, identifier: shuffled }, options, check).surprise)
      if (surprise > strongest[s]!) strongest[s] = surprise
    step(s + 1)
  }
  return strongest
}
