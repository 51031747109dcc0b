/**
 * Slows guessing down: after so many failures within a minute an address is turned away before its key is looked at, and so is an id (of a key, of a
 * session) at which was guessed from whatever addresses. Keys that were let in from an address before are not, because many callers may stand behind
 * one address (a proxy, an office), and no guess of one may lock the others out.
 */
import { isIPv6 } from 'node:net'

/** One that guesses gets this much of a minute to wait at most. */
const WINDOW_MS = 60_000
/** How long a key that was let in from an address is known there. */
const KNOWN_MS = 3_600_000
/** Bounds of what is remembered; the oldest goes first, so that many addresses cost no more memory than these. */
const MOST_COUNTED = 20_000
const MOST_KNOWN = 100_000

/** Who has an IPv6 address has, as a rule, all of its /64. */
export const addressGroup = (address: string): string => {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (!isIPv6(plain)) return plain
  const [head, tail] = plain.split('::') as [string, string | undefined]
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0')
  const groups = [...before, ...(tail === undefined ? [] : zeros), ...after].slice(0, 4)
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}

interface Failures {
  count: number
  readonly endsAt: number
}

const dropOldest = (map: Map<string, unknown>, most: number): void => {
  if (map.size <= most) return
  for (const key of map.keys()) {
    map.delete(key)
    return
  }
}

export class AuthLimit {
  readonly #most: number
  readonly #now: () => number
  /** By address or id. */
  readonly #failures = new Map<string, Failures>()
  /** Address and hash of a key, to the time until which it is known. By the time of its first use. */
  readonly #known = new Map<string, number>()

  /** `most` failures within a minute are answered one by one. `now` is in milliseconds, never running back. */
  constructor(most: number, now: () => number = () => performance.now()) {
    this.#most = most
    this.#now = now
  }

  /**
   * Seconds for which `address` must wait before the key with this hash (null: none), which says it is `claims` (null: nothing), is looked at; 0 when it
   * need not.
   */
  wait(address: string, hash: string | null, claims: string | null = null): number {
    const group = addressGroup(address)
    const now = this.#now()
    if (hash !== null && (this.#known.get(`${group} ${hash}`) ?? 0) > now) return 0
    return Math.max(this.#left(group, now), claims === null ? 0 : this.#left(claims, now))
  }

  #left(name: string, now: number): number {
    const failures = this.#failures.get(name)
    if (failures === undefined || failures.count < this.#most) return 0
    return Math.max(0, Math.ceil((failures.endsAt - now) / 1000))
  }

  /** Those, the address or the id, that are turned away from this failure on. */
  failed(address: string, claims: string | null = null): readonly string[] {
    const group = addressGroup(address)
    return [group, ...(claims === null ? [] : [claims])].filter((name) => this.#count(name) === this.#most)
  }

  #count(name: string): number {
    const now = this.#now()
    const failures = this.#failures.get(name)
    if (failures && failures.endsAt > now) return ++failures.count
    // To the end of the order, as the newest.
    this.#failures.delete(name)
    this.#failures.set(name, { count: 1, endsAt: now + WINDOW_MS })
    dropOldest(this.#failures, MOST_COUNTED)
    return 1
  }

  letIn(address: string, hash: string): void {
    const key = `${addressGroup(address)} ${hash}`
    const now = this.#now()
    // Half of the time is left to every key in use, and most requests change nothing.
    if ((this.#known.get(key) ?? 0) > now + KNOWN_MS / 2) return
    this.#known.delete(key)
    this.#known.set(key, now + KNOWN_MS)
    dropOldest(this.#known, MOST_KNOWN)
  }
}
