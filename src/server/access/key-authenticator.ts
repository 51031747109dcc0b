/** API keys, `Authorization: Bearer KEY`. They are found by their SHA-256, so that the time of the comparison says nothing about them. */
import type { FastifyRequest } from 'fastify'
import { RingfenceError } from '../../errors.js'
import { claimedKeyId, hashApiKey, isKeyRole } from '../../jobs/api-keys.js'
import type { Person } from '../../jobs/sessions.js'
import type { GraphStore } from '../../store/store.js'
import type { Authenticator, Caller, Credential } from './authenticator.js'

/** A revoked key stops working, and a new one works, within this. */
const REFRESH_MS = 2000

export class KeyAuthenticator implements Authenticator {
  readonly name = 'key'
  readonly ambient = false
  readonly #store: GraphStore
  #callers = new Map<string, Caller>()
  #byId = new Map<string, Caller>()
  #open = false
  #loadedAt = Number.NEGATIVE_INFINITY
  #loading: Promise<void> | null = null

  constructor(store: GraphStore) {
    this.#store = store
  }

  /** Under load the keys are read beside the requests, which wait for them only when what is known is too old. */
  async refresh(): Promise<void> {
    const age = performance.now() - this.#loadedAt
    if (age < REFRESH_MS / 2) return
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null
    })
    if (age >= REFRESH_MS) await this.#loading
    // A failure shows when what is known has become too old.
    else this.#loading.catch(() => {})
  }

  /** Reads the keys now; one that is being read may be from before the change. */
  async reload(): Promise<void> {
    await this.#loading?.catch(() => {})
    await this.#load()
  }

  /** Keys that are not revoked. */
  get count(): number {
    return this.#callers.size
  }

  /** Whether no key was ever made. */
  get open(): boolean {
    return this.#open
  }

  credential(request: FastifyRequest): Credential | null {
    const [scheme, key] = (request.headers.authorization ?? '').split(' ')
    return scheme?.toLowerCase() === 'bearer' && key ? this.credentialOf(key) : null
  }

  credentialOf(key: string): Credential {
    const fingerprint = hashApiKey(key)
    return {
      fingerprint,
      claims: claimedKeyId(key),
      caller: async () => this.#callers.get(fingerprint) ?? null,
      refusal: () => new RingfenceError('auth.unknown', 'The key is not known, or was revoked.'),
    }
  }

  async holds({ subject, role }: Person): Promise<boolean> {
    await this.refresh()
    return this.#byId.get(subject)?.role === role
  }

  async #load(): Promise<void> {
    const callers = new Map<string, Caller>()
    const byId = new Map<string, Caller>()
    const keys = await this.#store.listKeys()
    for (const { id, hash, role, name, revokedAt } of keys)
      if (revokedAt === null && isKeyRole(role)) {
        const caller = { role, key: id, name, who: `${name} (${id})`, session: null }
        callers.set(hash, caller)
        byId.set(id, caller)
      }
    this.#callers = callers
    this.#byId = byId
    this.#open = keys.length === 0
    this.#loadedAt = performance.now()
  }
}
