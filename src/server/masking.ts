/** Identifiers of persons (kinds that the schema calls personal) as keyed hashes, for roles that may not see them. */
import type { EntityKind } from '../../graph-schema/schema.js'
import { maskedId, maskedSentence, Names, processMaskKey } from '../exports/names.js'
import { findEntity, type Snapshot } from '../graph/snapshot.js'
import type { KeyRole } from '../jobs/api-keys.js'
import { unmaskedRoles } from './plugins/auth.js'

export class Masking {
  readonly #key: string

  constructor(key: string | null) {
    this.#key = key ?? processMaskKey()
  }

  /** Whether the role sees identifiers of persons as hashes. */
  masks(role: KeyRole): boolean {
    return !unmaskedRoles.has(role)
  }

  /** How the role sees names in an export. */
  names(role: KeyRole): Names {
    return new Names(this.masks(role) ? this.#key : null)
  }

  id(role: KeyRole, kind: EntityKind, id: string): string {
    return this.masks(role) ? maskedId(this.#key, kind, id) : id
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

  /** A sentence with the ids that the graph has masked; where an id is not there, the rest of the sentence is left out. */
  sentence(role: KeyRole, text: string, snapshot: Snapshot | null): string {
    if (!this.masks(role)) return text
    return maskedSentence(this.#key, text, (kind, id) => snapshot !== null && findEntity(snapshot, kind, id) >= 0)
  }
}
