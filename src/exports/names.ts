/**
 * What a reader sees of identifiers of persons: as they are, or as keyed hashes (HMAC with SHA-256, 16 hex digits), the same for the same
 * identifier, so that what is shared stays visible and nobody finds an identifier by trying without the key.
 */
import { createHmac, randomBytes } from 'node:crypto'
import {
  type EntityKind,
  entityKind,
  entityKindNames,
  interactionType,
  isPersonalAttribute,
  limits,
} from '../../graph-schema/schema.js'
import type { EntityRef, InteractionRecord, InteractionRef } from '../store/store.js'

export const personalKinds: readonly EntityKind[] = entityKindNames.filter((kind) => entityKind(kind).personal)
const mention = new RegExp(`\\b(${personalKinds.join('|')}):(?=\\S)`, 'g')

let madeKey: string | null = null

/** The key of RINGFENCE_MASK_KEY, else one that is the same as long as this process lives. */
export const processMaskKey = (): string => {
  if (process.env.RINGFENCE_MASK_KEY) return process.env.RINGFENCE_MASK_KEY
  madeKey ??= randomBytes(32).toString('hex')
  return madeKey
}

/** `~` and 16 hex digits. */
export const keyedHash = (key: string, text: string): string =>
  `~${createHmac('sha256', key).update(text).digest('hex').slice(0, 16)}`

/** The id of an entity of any kind, hashed where the kind is personal. */
export const maskedId = (key: string, kind: EntityKind, id: string): string =>
  entityKind(kind).personal ? keyedHash(key, `${kind}:${id}`) : id

/** Length of the longest start of `text` that is the id of an entity; 0 where none is. */
const longestId = (text: string, isKnown: (id: string) => boolean): number => {
  for (let length = text.length; length > 0; length--) if (isKnown(text.slice(0, length))) return length
  return 0
}

/**
 * Masks each `kind:id` of a personal kind in a sentence. An id may hold blanks and points, so that where it ends is known only from the
 * entities that there are: the longest id wins. Where none is, the rest of the sentence is left out.
 */
export const maskedSentence = (
  key: string,
  text: string,
  isKnown: (kind: EntityKind, id: string) => boolean,
): string => {
  let masked = ''
  let from = 0
  mention.lastIndex = 0
  for (let match = mention.exec(text); match; match = mention.exec(text)) {
    const kind = match[1] as EntityKind
    const start = match.index + match[0].length
    const length = longestId(text.slice(start, start + limits.idBytes), (id) => isKnown(kind, id))
    masked += text.slice(from, start)
    if (length === 0) return `${masked}~ …`
    masked += maskedId(key, kind, text.slice(start, start + length))
    from = start + length
    mention.lastIndex = from
  }
  return masked + text.slice(from)
}

type Attributes = Readonly<Record<string, unknown>> | null

/** How one reader sees names. */
export class Names {
  readonly #key: string | null

  /** A key masks with it; null shows all. */
  constructor(key: string | null) {
    this.#key = key
  }

  get masked(): boolean {
    return this.#key !== null
  }

  id({ kind, id }: EntityRef): string {
    return this.#key === null ? id : maskedId(this.#key, kind, id)
  }

  /** `kind:id`. */
  name(entity: EntityRef): string {
    return `${entity.kind}:${this.id(entity)}`
  }

  sentence(text: string, isKnown: (kind: EntityKind, id: string) => boolean): string {
    return this.#key === null ? text : maskedSentence(this.#key, text, isKnown)
  }

  attributes(attributes: Attributes): Attributes {
    if (this.#key === null || attributes === null) return attributes
    const kept = Object.entries(attributes).filter(([name]) => !isPersonalAttribute(name))
    return kept.length === 0 ? null : Object.fromEntries(kept)
  }

  /** The id of an interaction may be made of the ids of its ends. */
  interactionId({ id, actor, target }: Pick<InteractionRecord, 'id' | 'actor' | 'target'>): string {
    if (this.#key === null) return id
    let masked = id
    for (const end of [actor, target])
      if (entityKind(end.kind).personal) masked = masked.replaceAll(end.id, () => this.id(end))
    return masked
  }

  /** Of one that is not in the store any more, so that its ends cannot be looked up. */
  lostInteractionId({ type, id }: InteractionRef): string {
    if (this.#key === null) return id
    const { actors, targets } = interactionType(type)
    return [...actors, ...targets].some((kind) => entityKind(kind).personal)
      ? keyedHash(this.#key, `${type} ${id}`)
      : id
  }
}
