/**
 * Who calls: a key in `Authorization: Bearer KEY`, of one role. Keys are compared by their SHA-256, so that the time of the
 * comparison says nothing about them. While the store never had a key, every caller from this machine is an admin; once one was
 * made, a key is needed, and revoking the last one locks everybody out until another is made.
 */
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { RingfenceError } from '../../errors.js'
import { hashApiKey, isKeyRole, type KeyRole, keyRoles } from '../../jobs/api-keys.js'
import type { GraphStore } from '../../store/store.js'
import { isLoopback } from '../loopback.js'
import { AuthLimit } from './auth-limit.js'

export interface Caller {
  readonly role: KeyRole
  /** Id of the key; null without keys. */
  readonly key: string | null
  /** For the record of what was done: the key's name and id. */
  readonly who: string
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
  interface FastifyContextConfig {
    /** Roles that may call the route; `public` needs no key. */
    roles?: readonly KeyRole[] | 'public'
    /** Its answers show identifiers of persons to those who may see them; that they were read is logged. */
    personal?: boolean
  }
  interface FastifyInstance {
    /** Whether the store has a key that is not revoked. */
    hasKeys: () => Promise<boolean>
    /** After a change of the keys by this process: it holds from the next request on. */
    reloadKeys: () => Promise<void>
  }
}

/** A revoked key stops working, and a new one works, within this. */
const REFRESH_MS = 2000

export const readers: readonly KeyRole[] = ['viewer', 'investigator', 'lead', 'operator', 'admin']
export const writers: readonly KeyRole[] = ['ingest', 'admin']
export const operators: readonly KeyRole[] = ['operator', 'lead', 'admin']
/** Who may decide on entities and rings. */
export const deciders: readonly KeyRole[] = ['investigator', 'lead', 'admin']
/** Who may decide on many at once, and sees who did what. */
export const leads: readonly KeyRole[] = ['lead', 'admin']
/** Roles that see identifiers of persons as they are. */
export const unmaskedRoles: ReadonlySet<KeyRole> = new Set<KeyRole>(['investigator', 'lead', 'admin'])

const anonymous: Caller = { role: 'admin', key: null, who: 'someone on this machine' }

class KeyCache {
  readonly #store: GraphStore
  #callers = new Map<string, Caller>()
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

  get callers(): ReadonlyMap<string, Caller> {
    return this.#callers
  }

  /** Whether no key was ever made. */
  get open(): boolean {
    return this.#open
  }

  async #load(): Promise<void> {
    const callers = new Map<string, Caller>()
    const keys = await this.#store.listKeys()
    for (const { id, hash, role, name, revokedAt } of keys)
      if (revokedAt === null && isKeyRole(role)) callers.set(hash, { role, key: id, who: `${name} (${id})` })
    this.#callers = callers
    this.#open = keys.length === 0
    this.#loadedAt = performance.now()
  }
}

export type AuthFailure = 'missing' | 'unknown' | 'limited'

export interface AuthOptions {
  readonly store: GraphStore
  /** Failures of one address within a minute, beyond which it is turned away. */
  readonly failureLimit: number
  /** Hears of each failure. */
  readonly failed: (reason: AuthFailure) => void
}

export const auth = fp<AuthOptions>(
  async (app, { store, failureLimit, failed }) => {
    const cache = new KeyCache(store)
    const limit = new AuthLimit(failureLimit)
    app.decorate('hasKeys', async () => {
      await cache.refresh()
      return cache.callers.size > 0
    })
    app.decorate('reloadKeys', () => cache.reload())
    app.decorateRequest('caller', null as unknown as Caller)

    const callerOf = async (request: FastifyRequest): Promise<Caller> => {
      await cache.refresh()
      if (cache.open && isLoopback(request.socket.remoteAddress ?? '')) {
        // A page from elsewhere can make a browser on this machine call here under a name of its own (DNS rebinding).
        if (isLoopback(request.hostname)) return anonymous
        throw new RingfenceError(
          'auth.missing',
          `Without any key the service answers to names of this machine only, as localhost, not to ${request.hostname}.`,
        )
      }
      const [scheme, key] = (request.headers.authorization ?? '').split(' ')
      const hash = scheme?.toLowerCase() === 'bearer' && key ? hashApiKey(key) : null
      const seconds = limit.wait(request.ip, hash)
      if (seconds > 0) {
        failed('limited')
        throw new RingfenceError(
          'auth.rate',
          `Too many requests without a valid key came from this address; the next is looked at in ${seconds} s.`,
          { retryAfter: seconds },
        )
      }
      const caller = hash === null ? undefined : cache.callers.get(hash)
      if (hash === null || !caller) {
        limit.failed(request.ip)
        failed(hash === null ? 'missing' : 'unknown')
        throw hash === null
          ? new RingfenceError('auth.missing', 'The request has no key.')
          : new RingfenceError('auth.unknown', 'The key is not known, or was revoked.')
      }
      limit.letIn(request.ip, hash)
      return caller
    }

    app.addHook('onRequest', async (request) => {
      const roles = request.routeOptions.config.roles
      if (roles === 'public' || request.is404) return
      request.caller = await callerOf(request)
      // A route that names no role is for administrators: forgetting is safe.
      const allowed: readonly KeyRole[] = roles ?? ['admin']
      if (!allowed.includes(request.caller.role))
        throw new RingfenceError(
          'auth.role',
          `This needs a key of the role ${allowed.join(' or ')}; yours is ${request.caller.role}.`,
        )
    })
  },
  { name: 'auth' },
)

export { keyRoles }
