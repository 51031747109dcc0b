/** Which device, network, payment, contact and address an account is seen with, and how that changes when accounts change hands. */
import { type EntityKind, entityKinds } from '../../graph-schema/schema.js'
import type { Accounts, World } from './world.js'

export type IdentifierKind = 'device' | 'network' | 'payment' | 'contact' | 'address'
type AccountKind = 'creator' | 'user'

interface Change {
  readonly kind: IdentifierKind
  readonly at: number
  readonly before: number
}

export class Identities {
  readonly #world: World
  /** 1 where an account has a change: most have none, and the map is not asked. */
  readonly #changed: Readonly<Record<AccountKind, Uint8Array>>
  readonly #changes = new Map<string, Change[]>()

  constructor(world: World) {
    this.#world = world
    this.#changed = { creator: new Uint8Array(world.creators.count), user: new Uint8Array(world.users.count) }
  }

  #accounts(kind: AccountKind): Accounts {
    return kind === 'creator' ? this.#world.creators : this.#world.users
  }

  /** From the start. */
  set(account: AccountKind, index: number, kind: IdentifierKind, identifier: number): void {
    this.#accounts(account)[kind][index] = identifier
  }

  /** From `at` on; what was there before is never seen again. One change of a kind for an account. */
  change(account: AccountKind, index: number, kind: IdentifierKind, identifier: number, at: number): void {
    const key = `${account}:${index}`
    const change: Change = { kind, at, before: this.#accounts(account)[kind][index]! }
    this.#accounts(account)[kind][index] = identifier
    this.#changed[account][index] = 1
    const known = this.#changes.get(key)
    if (known) known.push(change)
    else this.#changes.set(key, [change])
  }

  hasChanges(account: AccountKind, index: number): boolean {
    return this.#changed[account][index] === 1
  }

  /** The identifier of this kind that the account has at `at`. */
  at(account: AccountKind, index: number, kind: IdentifierKind, at: number): number {
    const now = this.#accounts(account)[kind][index]!
    if (this.#changed[account][index] === 0) return now
    const change = this.#changes.get(`${account}:${index}`)!.find((each) => each.kind === kind)
    return change && at < change.at ? change.before : now
  }
}

export const identifierCode = (kind: IdentifierKind & EntityKind): number => entityKinds[kind].code
