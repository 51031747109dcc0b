/** Identifiers of persons (kinds that the schema calls personal) as keyed hashes, for roles that may not see them. */
import { createHmac, randomBytes } from 'node:crypto'
import { type EntityKind, entityKind, entityKindNames } from '../../graph-schema/schema.js'
import type { KeyRole } from '../jobs/api-keys.js'
import { unmaskedRoles } from './plugins/auth.js'

const personalKinds = entityKindNames.filter((kind) => entityKind(kind).personal)
const mention = new RegExp(`\\b(${personalKinds.join('|')}):(\\S+)`, 'g')

export class Masking {
  readonly #key: string

  constructor(key: string | null) {
    this.#key = key ?? randomBytes(32).toString('hex')
  }

  id(role: KeyRole, kind: EntityKind, id: string): string {
    if (!entityKind(kind).personal || unmaskedRoles.has(role)) return id
    return `~${createHmac('sha256', this.#key).update(`${kind}:${id}`).digest('hex').slice(0, 16)}`
  }

  /** Masks each `kind:id` of a personal kind in a sentence. Ids with blanks are masked to the first blank. */
  sentence(role: KeyRole, text: string): string {
    if (unmaskedRoles.has(role)) return text
    return text.replace(mention, (_, kind: EntityKind, rest: string) => {
      const [, id, tail] = /^(.*?)([.,;:)]*)$/.exec(rest) as unknown as [string, string, string]
      return `${kind}:${this.id(role, kind, id)}${tail}`
    })
  }
}
