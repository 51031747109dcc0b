/** What differs between the rings of two runs whose ids were carried on from one to the other. */
import type { Lineage, RingRecord, RunWithRings } from '../store/store.js'

export interface Standing {
  /** Surprise in nats. */
  readonly score: number
  readonly fdr: number
}

export interface BornRing extends Standing {
  readonly ring: string
  readonly event: 'born' | 'split' | 'back'
  /** `split`: the ring it comes from. */
  readonly from: string | null
  /** `kind:id`, sorted bytewise, here and below. */
  readonly members: readonly string[]
}

export interface GoneRing extends Standing {
  readonly ring: string
  /** The ring that has most of it now. */
  readonly mergedInto: string | null
  readonly members: readonly string[]
}

export interface ChangedRing {
  readonly ring: string
  readonly joined: readonly string[]
  readonly left: readonly string[]
  readonly before: Standing
  readonly after: Standing
}

export interface RingDifference {
  /** The run that it is compared with. */
  readonly base: string
  /** Each by ring. */
  readonly born: readonly BornRing[]
  readonly gone: readonly GoneRing[]
  /** Rings with other members than before. */
  readonly changed: readonly ChangedRing[]
  /** Rings with the same members, whose surprise is another. */
  readonly rescored: readonly Omit<ChangedRing, 'joined' | 'left'>[]
  /** Rings with the same members and surprise. */
  readonly same: number
  /** Entities that are in a ring and were in none, and the other way round. */
  readonly membersIn: readonly string[]
  readonly membersOut: readonly string[]
}

const namesOf = ({ members }: RingRecord): string[] => members.map(({ kind, id }) => `${kind}:${id}`)
const standingOf = ({ score, fdr }: RingRecord): Standing => ({ score, fdr })
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
const byRing = (a: { readonly ring: string }, b: { readonly ring: string }): number => byBytes(a.ring, b.ring)

const missing = (from: Iterable<string>, others: ReadonlySet<string>): string[] =>
  [...from].filter((name) => !others.has(name)).sort(byBytes)

/** `lineage` is what happened from `base` to `rings`. */
export const ringDifference = (base: RunWithRings, rings: readonly RingRecord[], lineage: Lineage): RingDifference => {
  const events = new Map<string, Lineage['events'][number]>()
  for (const event of lineage.events)
    if (['born', 'split', 'back', 'merged'].includes(event.event)) events.set(event.ring, event)
  const before = new Map(base.rings.map((ring) => [ring.id, ring]))
  const after = new Map(rings.map((ring) => [ring.id, ring]))
  const born: BornRing[] = []
  const changed: ChangedRing[] = []
  const rescored: Omit<ChangedRing, 'joined' | 'left'>[] = []
  let same = 0
  for (const ring of rings) {
    const old = before.get(ring.id)
    if (!old) {
      const event = events.get(ring.id)
      const kind = event?.event === 'split' || event?.event === 'back' ? event.event : 'born'
      const from = kind === 'split' ? event!.other : null
      born.push({ ring: ring.id, event: kind, from, members: namesOf(ring), ...standingOf(ring) })
      continue
    }
    const joined = missing(namesOf(ring), new Set(namesOf(old)))
    const left = missing(namesOf(old), new Set(namesOf(ring)))
    const sides = { ring: ring.id, before: standingOf(old), after: standingOf(ring) }
    if (joined.length > 0 || left.length > 0) changed.push({ ...sides, joined, left })
    else if (old.score !== ring.score) rescored.push(sides)
    else same++
  }
  const gone = base.rings
    .filter(({ id }) => !after.has(id))
    .map((ring): GoneRing => {
      const event = events.get(ring.id)
      const mergedInto = event?.event === 'merged' ? event.other : null
      return { ring: ring.id, mergedInto, members: namesOf(ring), ...standingOf(ring) }
    })
  const inBefore = new Set(base.rings.flatMap(namesOf))
  const inAfter = new Set(rings.flatMap(namesOf))
  return {
    base: base.run.id,
    born: born.sort(byRing),
    gone: gone.sort(byRing),
    changed: changed.sort(byRing),
    rescored: rescored.sort(byRing),
    same,
    membersIn: missing(inAfter, inBefore),
    membersOut: missing(inBefore, inAfter),
  }
}
