/** Takes out of a store's columns what is on the allow-list, and says what each entry of the list hides. */
import { entityKinds, isEntityKind } from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import type { Check } from '../kernels/check.js'
import { neverCancelled } from '../kernels/check.js'
import { eachBlock } from './blocks.js'
import type { RawGraph } from './raw-graph.js'
import { graphDropping } from './without.js'

export interface AllowedName {
  /** Of the entry. */
  readonly id: string
  /** `kind:id`, or with `*` in it for any characters. */
  readonly name: string
}

export interface Hidden {
  readonly entities: number
  readonly interactions: number
  /** In the order of the entries; what two of them hide counts for the first. */
  readonly byEntry: readonly { readonly id: string; readonly entities: number; readonly interactions: number }[]
}

/** Characters of a pattern that are no `*`: fewer, and it is a mistake that hides a platform. */
const LEAST_LITERAL = 3

/** Whether an id of the kind is meant. Throws `request.invalid` for what is no name and no pattern. */
export const matcherOf = (name: string): { readonly kind: string; readonly matches: (id: string) => boolean } => {
  const colon = name.indexOf(':')
  const kind = name.slice(0, colon)
  const id = name.slice(colon + 1)
  if (!isEntityKind(kind) || id === '')
    throw new RingfenceError('request.invalid', `${name} is not kind:id, with * for any characters.`, { name })
  const parts = id.split('*')
  if (parts.length === 1) return { kind, matches: (given) => given === id }
  if (parts.join('').length < LEAST_LITERAL)
    throw new RingfenceError(
      'request.invalid',
      `${name} would hide too much: give ${LEAST_LITERAL} characters beside *.`,
    )
  const first = parts[0]!
  const last = parts.at(-1)!
  const middle = parts.slice(1, -1)
  return {
    kind,
    matches: (given) => {
      if (given.length < first.length + last.length || !given.startsWith(first) || !given.endsWith(last)) return false
      // The leftmost place of each part leaves most for the others.
      let from = first.length
      for (const part of middle) {
        const at = given.indexOf(part, from)
        if (at < 0) return false
        from = at + part.length
      }
      return from <= given.length - last.length
    },
  }
}

/** `raw` without all that any of `names` means, as graphWithout does. Throws what `matcherOf` and `check` throw. */
export const graphWithoutAllowed = (
  raw: RawGraph,
  names: readonly AllowedName[],
  check: Check = neverCancelled,
): { readonly raw: RawGraph; readonly hidden: Hidden } => {
  const matchers = names.map(({ name }) => matcherOf(name))
  const byKind = new Map<number, number[]>()
  matchers.forEach(({ kind }, i) => {
    const code = entityKinds[kind as keyof typeof entityKinds].code
    byKind.set(code, [...(byKind.get(code) ?? []), i])
  })
  const all = Buffer.from(raw.names.buffer, raw.names.byteOffset, raw.names.byteLength)
  const drop = new Uint8Array(raw.entityCount)
  /** One more than the entry that hides it. */
  const entry = new Int32Array(raw.entityCount)
  const counts = names.map(({ id }) => ({ id, entities: 0, interactions: 0 }))
  let entities = 0
  eachBlock(raw.entityCount, check, (from, to) => {
    for (let e = from; e < to; e++) {
      const wanted = byKind.get(raw.entityKind[e]!)
      if (!wanted) continue
      const id = all.toString('utf8', raw.nameOffsets[e]!, raw.nameOffsets[e + 1]!)
      const found = wanted.find((i) => matchers[i]!.matches(id))
      if (found === undefined) continue
      drop[e] = 1
      entry[e] = found + 1
      counts[found]!.entities++
      entities++
    }
  })
  if (entities === 0) return { raw, hidden: { entities, interactions: 0, byEntry: counts } }
  let interactions = 0
  eachBlock(raw.count, check, (from, to) => {
    for (let i = from; i < to; i++) {
      const a = entry[raw.actor[i]!]!
      const b = entry[raw.target[i]!]!
      if (a === 0 && b === 0) continue
      interactions++
      counts[(a === 0 ? b : b === 0 ? a : Math.min(a, b)) - 1]!.interactions++
    }
  })
  return {
    raw: graphDropping(raw, drop, new Uint8Array(256), check),
    hidden: { entities, interactions, byEntry: counts },
  }
}
