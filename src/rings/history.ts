/**
 * The life of a ring from run to run: it keeps the id under which it was born, and what happens to it is written down. Born, grown,
 * shrunk, merged into another, split from another, dormant while no run finds it, back, dissolved when it stayed away too long.
 */
import type { DormantRing, Lineage, MemberRecord, RingEvent, RunMemory } from '../store/store.js'
import { ringEventKinds } from '../store/store.js'
import { CONTAINED, matchRings, type Overlap } from './identity.js'

/** A ring of the run, under the id that its members give it. */
export interface NewRing {
  readonly id: string
  readonly members: readonly MemberRecord[]
}

export interface LineageOptions {
  /** What the base run remembers; null for the first run. */
  readonly memory: RunMemory | null
  /** Detectors of this run. A ring that none of its own detectors looked for is not missed. */
  readonly detectors: readonly string[]
  /** Epoch milliseconds; null is everything. A run that looks at an earlier time than its base misses no ring. */
  readonly asOf: number | null
  /** A ring that this many runs looked for in vain is dissolved. */
  readonly dissolveAfter: number
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

const accountNames = (members: readonly MemberRecord[]): Set<string> =>
  new Set(members.filter(({ role }) => role !== 'beneficiary').map(({ kind, id }) => `${kind}:${id}`))

const without = (of: ReadonlySet<string>, others: ReadonlySet<string>): number => {
  let count = 0
  for (const name of of) if (!others.has(name)) count++
  return count
}

/** Ids of rings are hashes; one that is taken already gets a number behind it. */
const freeId = (id: string, taken: ReadonlySet<string>): string => {
  if (!taken.has(id)) return id
  for (let n = 2; ; n++) if (!taken.has(`${id}-${n}`)) return `${id}-${n}`
}

/** For each ring of one side the overlap that holds most of its weight, if at least half of it; the first of equals. */
const holders = (
  overlaps: readonly Overlap[],
  side: 'before' | 'after',
  share: 'ofBefore' | 'ofAfter',
): ReadonlyMap<number, Overlap> => {
  const best = new Map<number, Overlap>()
  for (const overlap of overlaps)
    if (overlap[share] >= CONTAINED && overlap[share] > (best.get(overlap[side])?.[share] ?? 0))
      best.set(overlap[side], overlap)
  return best
}

/**
 * The id under which each new ring goes on, in the order given, and what happened to the rings of the base run. The same rings and
 * memory give the same answer.
 */
export const continueRings = (
  rings: readonly NewRing[],
  { memory, detectors, asOf, dissolveAfter }: LineageOptions,
): { readonly ids: readonly string[]; readonly lineage: Lineage } => {
  const before = memory?.rings ?? []
  const order = rings.map((_, index) => index).sort((a, b) => byBytes(rings[a]!.id, rings[b]!.id))
  const after = order.map((index) => rings[index]!)
  const { overlaps, afterOf, beforeOf } = matchRings(before, after)
  const parents = holders(overlaps, 'after', 'ofAfter')
  const heirs = holders(overlaps, 'before', 'ofBefore')

  const taken = new Set(before.map(({ id }) => id))
  const names = after.map(({ id }, ring) => {
    const match = beforeOf.get(ring)
    if (match) return before[match.before]!.id
    const name = freeId(id, taken)
    taken.add(name)
    return name
  })

  const events: RingEvent[] = []
  for (const [ring, { members }] of after.entries()) {
    const own = accountNames(members)
    const id = names[ring]!
    const match = beforeOf.get(ring)
    if (match) {
      const old = accountNames(before[match.before]!.members)
      const joined = without(own, old)
      const left = without(old, own)
      const overlap = match.jaccard
      if (before[match.before]!.absent > 0)
        events.push({ ring: id, event: 'back', overlap, accounts: own.size, other: null })
      if (joined > 0) events.push({ ring: id, event: 'grown', overlap, accounts: joined, other: null })
      if (left > 0) events.push({ ring: id, event: 'shrunk', overlap, accounts: left, other: null })
      continue
    }
    const parent = parents.get(ring)
    events.push(
      parent
        ? {
            ring: id,
            event: 'split',
            overlap: parent.jaccard,
            accounts: own.size,
            other: before[parent.before]!.id,
          }
        : { ring: id, event: 'born', overlap: null, accounts: own.size, other: null },
    )
  }

  const dormant: DormantRing[] = []
  const looksBack = asOf !== null && (memory?.run.asOf === null || asOf < (memory?.run.asOf ?? asOf))
  for (const [ring, { id, lastRun, absent, members, detectors: own }] of before.entries()) {
    if (afterOf.has(ring)) continue
    const accounts = accountNames(members).size
    const heir = heirs.get(ring)
    if (heir) {
      events.push({ ring: id, event: 'merged', overlap: heir.jaccard, accounts, other: names[heir.after]! })
      continue
    }
    const isMissed = !looksBack && own.some((detector) => detectors.includes(detector))
    const misses = absent + (isMissed ? 1 : 0)
    if (misses >= dissolveAfter) {
      events.push({ ring: id, event: 'dissolved', overlap: null, accounts, other: null })
      continue
    }
    if (absent === 0 && isMissed) events.push({ ring: id, event: 'dormant', overlap: null, accounts, other: null })
    dormant.push({ id, lastRun, absent: misses })
  }

  const place = (event: RingEvent): number => ringEventKinds.indexOf(event.event)
  events.sort((a, b) => byBytes(a.ring, b.ring) || place(a) - place(b))
  const ids = new Array<string>(rings.length)
  for (const [position, index] of order.entries()) ids[index] = names[position]!
  return { ids, lineage: { events, dormant } }
}
