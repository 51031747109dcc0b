/**
 * Who calls: whoever the first of the authenticators knows that finds something in the request; a key goes before a session. While the store never had
 * a key, every caller from this machine is an admin; once one was made, a key is needed, and revoking the last one locks everybody out until
 * another is made.
 */
import cookie from '@fastify/cookie'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { RingfenceError } from '../../errors.js'
import type { KeyRole } from '../../jobs/api-keys.js'
import { type Person, type SessionLimits, type SessionRecord, Sessions } from '../../jobs/sessions.js'
import type { GraphStore } from '../../store/store.js'
import { AuthLimit, addressGroup } from '../access/auth-limit.js'
import type { Authenticator, Caller, Credential } from '../access/authenticator.js'
import { KeyAuthenticator } from '../access/key-authenticator.js'
import { SessionAuthenticator } from '../access/session-authenticator.js'
import { isLoopback } from '../loopback.js'

export type { Caller } from '../access/authenticator.js'

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
    /** One more way to tell who calls; before the service listens. */
    addAuthenticator: (authenticator: Authenticator) => void
    /** Opens a session for whoever the request, or `key`, shows, and sends its cookies. Throws as any request does. */
    signIn: (request: FastifyRequest, reply: FastifyReply, key: string | null) => Promise<Caller>
    /** Ends the session of the request; false where it has none. */
    signOut: (request: FastifyRequest, reply: FastifyReply) => Promise<boolean>
    /** When a session ends that is not used. */
    idleUntil: (session: SessionRecord) => string
  }
}

export const readers: readonly KeyRole[] = ['viewer', 'investigator', 'lead', 'operator', 'admin']
export const writers: readonly KeyRole[] = ['ingest', 'admin']
export const operators: readonly KeyRole[] = ['operator', 'lead', 'admin']
/** Who may start and stop jobs: an investigator those of exports alone. */
export const jobStarters: readonly KeyRole[] = ['investigator', ...operators]
/** Who may decide on entities and rings. */
export const deciders: readonly KeyRole[] = ['investigator', 'lead', 'admin']
/** Who may decide on many at once, and sees who did what. */
export const leads: readonly KeyRole[] = ['lead', 'admin']
/** Roles that see identifiers of persons as they are. */
export const unmaskedRoles: ReadonlySet<KeyRole> = new Set<KeyRole>(['investigator', 'lead', 'admin'])

const anonymous: Caller = {
  role: 'admin',
  key: null,
  name: 'someone on this machine',
  who: 'someone on this machine',
  session: null,
}

export type AuthFailure = 'missing' | 'unknown' | 'limited'

export interface AuthOptions {
  readonly store: GraphStore
  /** Failures of one address, or at one id, within a minute, beyond which it is turned away. */
  readonly failureLimit: number
  readonly session: SessionLimits
  /** Hears of each failure. */
  readonly failed: (reason: AuthFailure) => void
}

/** Where the store never had a key: null for those who may not do everything. */
const callerOfThisMachine = (request: FastifyRequest): Caller | null => {
  const { origin, 'x-forwarded-for': forwarded } = request.headers
  if (!isLoopback(request.socket.remoteAddress ?? '') || forwarded !== undefined) return null
  // A page from elsewhere can make a browser on this machine call here, also under a name of its own (DNS rebinding).
  if (!isLoopback(request.hostname))
    throw new RingfenceError(
      'auth.missing',
      `Without any key the service answers to names of this machine only, as localhost, not to ${request.hostname}.`,
    )
  if (origin !== undefined && !(URL.canParse(origin) && isLoopback(new URL(origin).hostname)))
    throw new RingfenceError('auth.csrf', `Without any key no page of another address is answered, as ${origin}.`)
  return anonymous
}

export const auth = fp<AuthOptions>(
  async (app, { store, failureLimit, session: limits, failed }) => {
    await app.register(cookie)
    const keys = new KeyAuthenticator(store)
    const sessions = new Sessions(store, limits)
    const authenticators: Authenticator[] = [keys]
    const holds = async (person: Person): Promise<boolean> => {
      const source = authenticators.find(({ name }) => name === person.source)
      return source !== undefined && ((await source.holds?.(person)) ?? true)
    }
    const browser = new SessionAuthenticator(sessions, holds)
    const limit = new AuthLimit(failureLimit)
    app.decorate('hasKeys', async () => {
      await keys.refresh()
      return keys.count > 0
    })
    app.decorate('reloadKeys', () => keys.reload())
    app.decorate('addAuthenticator', (authenticator: Authenticator) => void authenticators.push(authenticator))
    app.decorate('idleUntil', (session: SessionRecord) => sessions.idleUntil(session))
    app.decorateRequest('caller', null as unknown as Caller)

    /** Once for each minute in which somebody is turned away, however much is tried. */
    const lockedOut = async (request: FastifyRequest, names: readonly string[]): Promise<void> => {
      const at = new Date().toISOString()
      const address = addressGroup(request.ip)
      const audit = names.map((name) => ({
        at,
        who: `someone at ${request.ip}`,
        action: 'auth.lock-out',
        subject: name === address ? `address:${name}` : name,
        before: null,
        after: { failures: failureLimit, withinSeconds: 60 },
      }))
      await store.decide({ audit }).catch((err: unknown) => request.log.error({ err }, 'A lock-out is not logged'))
    }

    /** Throws `auth.missing`, `auth.rate` and what the credential says. */
    const letIn = async (request: FastifyRequest, credential: Credential | null): Promise<Caller> => {
      const { fingerprint = null, claims = null } = credential ?? {}
      const seconds = limit.wait(request.ip, fingerprint, claims)
      if (seconds > 0) {
        failed('limited')
        throw new RingfenceError(
          'auth.rate',
          `Too many requests without a valid key came from this address, or for this key; the next is looked at in ${seconds} s.`,
          { retryAfter: seconds },
        )
      }
      const caller = (await credential?.caller()) ?? null
      if (credential === null || caller === null) {
        failed(credential === null ? 'missing' : 'unknown')
        const locked = limit.failed(request.ip, claims)
        if (locked.length > 0) await lockedOut(request, locked)
        throw credential === null ? new RingfenceError('auth.missing', 'The request has no key.') : credential.refusal()
      }
      limit.letIn(request.ip, credential.fingerprint)
      return caller
    }

    const first = (request: FastifyRequest, asked: readonly Authenticator[]): Credential | null => {
      for (const each of asked) {
        const credential = each.credential(request)
        if (credential !== null) return credential
      }
      return null
    }

    const callerOf = async (request: FastifyRequest): Promise<Caller> => {
      await keys.refresh()
      const local = keys.open ? callerOfThisMachine(request) : null
      if (local !== null) return local
      return letIn(request, first(request, [...authenticators.filter(({ ambient }) => !ambient), browser]))
    }

    app.addHook('onRequest', async (request, reply) => {
      const roles = request.routeOptions.config.roles
      if (roles === 'public' || request.is404) return
      try {
        request.caller = await callerOf(request)
      } catch (error) {
        if (error instanceof RingfenceError && error.code === 'session.ended') browser.take(request, reply)
        throw error
      }
      // A route that names no role is for administrators: forgetting is safe.
      const allowed: readonly KeyRole[] = roles ?? ['admin']
      if (!allowed.includes(request.caller.role))
        throw new RingfenceError(
          'auth.role',
          `This needs a key of the role ${allowed.join(' or ')}; yours is ${request.caller.role}.`,
        )
    })

    app.addHook('onSend', async (request, reply) => {
      const session = request.caller?.session
      if (!session || reply.hasHeader('set-cookie')) return
      try {
        const renewed = await sessions.use(session.id)
        if (renewed === null) return
        browser.give(request, reply, renewed.record, renewed.token)
        limit.letIn(request.ip, renewed.record.hash)
      } catch (err) {
        // The answer is made; the next request tries again.
        request.log.warn({ err }, 'A session could not be renewed')
      }
    })

    app.decorate('signIn', async (request, reply, key) => {
      await keys.refresh()
      const asked = authenticators.map((each) => ({ each, credential: each.credential(request) }))
      const shown = key === null ? asked.find(({ credential }) => credential !== null) : undefined
      const credential = key === null ? (shown?.credential ?? null) : keys.credentialOf(key)
      if (credential === null)
        throw new RingfenceError(
          'request.invalid',
          'body must have required property key, or the request a credential.',
        )
      const caller = await letIn(request, credential)
      const { role, name, who } = caller
      const source = shown?.each.name ?? keys.name
      const person: Person = { source, subject: caller.key ?? who, role, name, who }
      const { record, token } = await sessions.open(person, request.ip)
      // Whoever signs in anew is done with the session before.
      const before = await browser.sessionOf(request)
      if (before !== null) await sessions.end(before.id, who, 'signed in anew')
      browser.give(request, reply, record, token)
      limit.letIn(request.ip, record.hash)
      return { ...caller, session: record }
    })

    app.decorate('signOut', async (request, reply) => {
      const { session, who } = request.caller
      if (session === null) return false
      await sessions.end(session.id, who, 'signed out')
      browser.take(request, reply)
      return true
    })
  },
  { name: 'auth' },
)
