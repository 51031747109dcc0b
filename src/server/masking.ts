/** Identifiers of persons (kinds that the schema calls personal) as keyed hashes, for roles that may not see them. */
import { createHmac, randomBytes } from 'node:crypto'
import { type EntityKind, entityKind, entityKindNames, limits } from '../../graph-schema/schema.js'
import { findEntity, type Snapshot } from '../graph/snapshot.js'
import type { KeyRole } from '../jobs/api-keys.js'
import { unmaskedRoles } from './plugins/auth.js'

const personalKinds = entityKindNames.filter((kind) => entityKind(kind).personal)
const mention = new RegExp(`\\b(${personalKinds.join('|')}):(?=\\S)`, 'g')

export class Masking {
  readonly #key: string

  constructor(key: string | null) {
    this.#key = key ?? randomBytes(32).toString('hex')
  }

  /** Whether the role sees identifiers of persons as hashes. */
  masks(role: KeyRole): boolean {
    return !unmaskedRoles.has(role)
  }

  id(role: KeyRole, kind: EntityKind, id: string): string {
    if (!entityKind(kind).personal || !this.masks(role)) return id
    return `~${createHmac('sha256', this.#key).update(`${kind}:${id}`).digest('hex').slice(0, 16)}`
  }

  /** `kind:id` of an entity as the role sees it. */
  name(role: KeyRole, { kind, id }: { readonly kind: EntityKind; readonly id: string }): string {
    return `${kind}:${this.id(role, kind, id)}`
  }

  /** The same of a text `kind:id`. */
  fullName(role: KeyRole, name: string): string {
    const colon = name.indexOf(':')
    return this.name(role, { kind: name.slice(0, colon) as EntityKind, id: name.slice(colon + 1) })
  }

  /**
   * Masks each `kind:id` of a personal kind in a sentence. An id may hold blanks and points, so that where it ends is found in the
   * graph: the longest id that is there. Where none is, the rest of the sentence is left out.
   */
  sentence(role: KeyRole, text: string, snapshot: Snapshot | null): string {
    if (!this.masks(role)) return text
    let masked = ''
    let from = 0
    mention.lastIndex = 0
    for (let match = mention.exec(text); match; match = mention.exec(text)) {
      const kind = match[1] as EntityKind
      const start = match.index + match[0].length
      const length = snapshot ? longestId(snapshot, kind, text.slice(start, start + limits.idBytes)) : 0
      masked += text.slice(from, start)
      if (length === 0) return `${masked}~ …`
      masked += this.id(role, kind, text.slice(start, start + length))
      from = start + length
      mention.lastIndex = from
    }
    return masked + text.slice(from)
  }
}

/** Length of the longest start of `text` that is an entity's id; 0 where none is. */
const longestId = (snapshot: Snapshot, kind: EntityKind, text: string): number => {
  for (let length = text.length; length > 0; length--)
    if (findEntity(snapshot, kind, text.slice(0, length)) >= 0) return length
  return 0
}
