/**
 * How the observed number of a fact is counted from the interactions that show it, so that anybody can count again: a detector
 * states the rule with the fact, `ringfence verify` applies it to what the store holds now. A rule is data, not code, so that it
 * is kept with the fact and read by a person.
 *
 * `E` is an entity: its index in a snapshot where a detector speaks, `kind:id` where a store does.
 */
import type { InteractionType } from '../../graph-schema/schema.js'

export type FactCount<E = number> =
  /** Interactions. */
  | { readonly of: 'interactions' }
  /** Different entities that act, or that are acted on. */
  | { readonly of: 'actors' }
  | { readonly of: 'targets' }
  /** Different (type, actor, target). */
  | { readonly of: 'pairs' }
  /** Different (type, actor, target, stretch of time): stretches of `stretch` milliseconds from `from` on. */
  | { readonly of: 'cells'; readonly from: number; readonly stretch: number }
  /** Pairs of different actors on the same target, over all targets. */
  | { readonly of: 'co-actors' }
  /** Those of the named that are an end; an interaction that touches none of them breaks the count. */
  | { readonly of: 'named'; readonly entities: readonly E[] }
  /** Different other ends of the interactions of one entity. */
  | { readonly of: 'partners'; readonly entity: E }
  | MeetingCount<E>
  | MomentCount<E>
  /** Interactions whose content has a copy, by another actor, at a Hamming distance of the fingerprints of at most `distance`. */
  | { readonly of: 'copies'; readonly distance: number }
  /** Interactions with this rating, a whole number of 1 to 5. */
  | { readonly of: 'rated'; readonly rating: number }

/**
 * Meetings of named pairs: pairs of targets that meet at an actor, or of actors that meet at a target. A pair meets at a place
 * when both have an interaction there, the times (the first known of each) at most `within` milliseconds apart; `within` null is
 * at any times, also unknown ones. Meetings of a pair within `session` of the one counted before are the same occasion; null
 * counts each place.
 */
export interface MeetingCount<E> {
  readonly of: 'meetings'
  readonly at: 'actor' | 'target'
  readonly pairs: readonly { readonly first: E; readonly second: E; readonly within: number | null }[]
  readonly session: number | null
}

/**
 * Moments at which both of a named pair of actors act on one target, at most `within` milliseconds apart; every interaction counts, not
 * only the first. Moments of a pair within `session` of the first of an occasion are that occasion.
 */
export interface MomentCount<E> {
  readonly of: 'moments'
  readonly pairs: readonly { readonly first: E; readonly second: E; readonly within: number }[]
  readonly session: number
}

export interface CountedInteraction<E> {
  readonly type: InteractionType
  readonly actor: E
  readonly target: E
  /** Epoch milliseconds; null or not-a-number is unknown. */
  readonly at: number | null
  /** 16 hex digits; null where there is none. */
  readonly fingerprint?: string | null
  /** 1 to 5; null where there is none. */
  readonly rating?: number | null
}

/** The same rule with entities written another way. */
export const mapCount = <E, F>(count: FactCount<E>, name: (entity: E) => F): FactCount<F> => {
  switch (count.of) {
    case 'named':
      return { of: 'named', entities: count.entities.map(name) }
    case 'partners':
      return { of: 'partners', entity: name(count.entity) }
    case 'meetings': {
      const pairs = count.pairs.map(({ first, second, within }) => ({
        first: name(first),
        second: name(second),
        within,
      }))
      return { of: 'meetings', at: count.at, pairs, session: count.session }
    }
    case 'moments': {
      const pairs = count.pairs.map(({ first, second, within }) => ({
        first: name(first),
        second: name(second),
        within,
      }))
      return { of: 'moments', pairs, session: count.session }
    }
    default:
      return count
  }
}

const distinct = <E>(shown: readonly CountedInteraction<E>[], key: (each: CountedInteraction<E>) => unknown): number =>
  new Set(shown.map(key)).size

const isKnown = (at: number | null): at is number => at !== null && !Number.isNaN(at)

const meetings = <E>({ at, pairs, session }: MeetingCount<E>, shown: readonly CountedInteraction<E>[]): number => {
  // The first known time of each entity at each place; null where only unknown ones.
  const places = new Map<E, Map<E, number | null>>()
  for (const each of shown) {
    const [who, place] = at === 'actor' ? [each.target, each.actor] : [each.actor, each.target]
    const own = places.get(who) ?? new Map<E, number | null>()
    places.set(who, own)
    const known = own.get(place) ?? null
    const time = isKnown(each.at) ? each.at : null
    own.set(place, known === null ? time : time === null ? known : Math.min(known, time))
  }
  let count = 0
  for (const { first, second, within } of pairs) {
    const there = places.get(second)
    const met: number[] = []
    for (const [place, time] of places.get(first) ?? []) {
      const other = there?.get(place)
      if (other === undefined) continue
      if (within === null || (time !== null && other !== null && Math.abs(time - other) <= within))
        met.push(time ?? Number.NaN)
    }
    if (session === null) {
      count += met.length
      continue
    }
    let last = Number.NEGATIVE_INFINITY
    for (const time of met.sort((a, b) => a - b)) {
      if (time - last <= session) continue
      count++
      last = time
    }
  }
  return count
}

const moments = <E>({ pairs, session }: MomentCount<E>, shown: readonly CountedInteraction<E>[]): number => {
  const actions = new Map<E, Map<E, number[]>>()
  for (const { actor, target, at } of shown) {
    if (!isKnown(at)) continue
    const own = actions.get(actor) ?? new Map<E, number[]>()
    actions.set(actor, own)
    const times = own.get(target)
    if (times) times.push(at)
    else own.set(target, [at])
  }
  let count = 0
  for (const { first, second, within } of pairs) {
    const met: number[] = []
    for (const [target, times] of actions.get(first) ?? []) {
      const others = actions.get(second)?.get(target) ?? []
      for (const at of times) if (others.some((other) => Math.abs(other - at) <= within)) met.push(at)
    }
    let until = Number.NEGATIVE_INFINITY
    for (const at of met.sort((a, b) => a - b)) {
      if (at <= until) continue
      count++
      until = at + session
    }
  }
  return count
}

const bitsSet = (value: bigint): number => {
  let rest = value
  let count = 0
  for (; rest > 0n; rest &= rest - 1n) count++
  return count
}

const copies = <E>(distance: number, shown: readonly CountedInteraction<E>[]): number => {
  const marked = shown.flatMap(({ actor, fingerprint }) =>
    fingerprint ? [{ actor, bits: BigInt(`0x${fingerprint}`) }] : [],
  )
  return marked.filter(({ actor, bits }) =>
    marked.some((other) => other.actor !== actor && bitsSet(other.bits ^ bits) <= distance),
  ).length
}

/** The number that the interactions give under the rule; not-a-number where one of them does not belong to what it counts. */
export const recount = <E extends number | string>(
  count: FactCount<E>,
  shown: readonly CountedInteraction<E>[],
): number => {
  switch (count.of) {
    case 'interactions':
      return shown.length
    case 'actors':
      return distinct(shown, ({ actor }) => actor)
    case 'targets':
      return distinct(shown, ({ target }) => target)
    case 'pairs':
      // An id holds no line feed.
      return distinct(shown, ({ type, actor, target }) => `${type}\n${actor}\n${target}`)
    case 'cells':
      return distinct(shown, ({ type, actor, target, at }) => {
        const stretch = isKnown(at) ? Math.floor((at - count.from) / count.stretch) : null
        return `${type}\n${actor}\n${target}\n${stretch}`
      })
    case 'co-actors': {
      const actorsOf = new Map<E, Set<E>>()
      for (const { actor, target } of shown) actorsOf.set(target, (actorsOf.get(target) ?? new Set()).add(actor))
      let pairs = 0
      for (const { size } of actorsOf.values()) pairs += (size * (size - 1)) / 2
      return pairs
    }
    case 'named': {
      const named = new Set(count.entities)
      const seen = new Set<E>()
      for (const { actor, target } of shown) {
        if (!named.has(actor) && !named.has(target)) return Number.NaN
        if (named.has(actor)) seen.add(actor)
        if (named.has(target)) seen.add(target)
      }
      return seen.size
    }
    case 'partners': {
      const partners = new Set<E>()
      for (const { actor, target } of shown) {
        if (actor !== count.entity && target !== count.entity) return Number.NaN
        partners.add(actor === count.entity ? target : actor)
      }
      return partners.size
    }
    case 'meetings':
      return meetings(count, shown)
    case 'moments':
      return moments(count, shown)
    case 'copies':
      return copies(count.distance, shown)
    case 'rated':
      return shown.filter(({ rating }) => rating === count.rating).length
  }
}
