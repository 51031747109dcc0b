/**
 * The session of a browser: a cookie that scripts cannot read, and beside it the token that a page must send with what changes something. Over TLS,
 * also at a proxy that is trusted, both are Secure and named `__Host-`, so that no other host can set them.
 */
import type { CookieSerializeOptions } from '@fastify/cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { RingfenceError } from '../../errors.js'
import { hashToken, isSame, type Person, type SessionRecord, type Sessions } from '../../jobs/sessions.js'
import type { Authenticator, Caller, Credential } from './authenticator.js'

const COOKIE = 'ringfence-session'
const CSRF_COOKIE = 'ringfence-csrf'
export const CSRF_HEADER = 'x-csrf-token'

const isSecure = (request: FastifyRequest): boolean => request.protocol === 'https'

/** Where it came over TLS one without the prefix does not count: another host may have set it. */
const named = (request: FastifyRequest, name: string): string => (isSecure(request) ? `__Host-${name}` : name)

const optionsFor = (request: FastifyRequest): CookieSerializeOptions => ({
  path: '/',
  sameSite: 'strict',
  secure: isSecure(request),
})

/** Whether a request changes something. */
const changes = ({ method }: FastifyRequest): boolean => !['GET', 'HEAD', 'OPTIONS'].includes(method)

const shownBy = (request: FastifyRequest): { readonly id: string; readonly token: string } | null => {
  const cookie = request.cookies[named(request, COOKIE)]
  const [, id, token] = /^(s-[0-9a-f]{16})\.([\w-]{43})$/.exec(cookie ?? '') ?? []
  return id === undefined || token === undefined ? null : { id, token }
}

export class SessionAuthenticator implements Authenticator {
  readonly name = 'session'
  /** What changes something needs the token beside the cookie. */
  readonly ambient = false
  readonly #sessions: Sessions
  readonly #holds: (person: Person) => Promise<boolean>

  constructor(sessions: Sessions, holds: (person: Person) => Promise<boolean>) {
    this.#sessions = sessions
    this.#holds = holds
  }

  credential(request: FastifyRequest): Credential | null {
    const shown = shownBy(request)
    if (shown === null) return null
    const { id, token } = shown
    return {
      fingerprint: hashToken(token),
      claims: id,
      caller: () => this.#callerOf(request, id, token),
      refusal: () => new RingfenceError('session.ended', 'The session is not known, or not any more.'),
    }
  }

  async #callerOf(request: FastifyRequest, id: string, token: string): Promise<Caller | null> {
    const session = await this.#sessions.find(id, token)
    if (session === null) return null
    if (!(await this.#holds(session))) {
      const why = session.source === 'key' ? 'its key was revoked' : 'who it is may not sign in any more'
      await this.#sessions.end(id, session.who, why)
      throw new RingfenceError('session.ended', `The session has ended: ${why}.`)
    }
    if (changes(request)) {
      const sent = request.headers[CSRF_HEADER]
      if (typeof sent !== 'string' || !isSame(sent, session.csrf))
        throw new RingfenceError('auth.csrf', `The request lacks the token of its session (${CSRF_HEADER}).`)
    }
    const { role, name, who, source, subject } = session
    return { role, name, who, key: source === 'key' ? subject : null, session }
  }

  /** The session whose cookie the request has, where it goes on. */
  async sessionOf(request: FastifyRequest): Promise<SessionRecord | null> {
    const shown = shownBy(request)
    return shown === null ? null : this.#sessions.find(shown.id, shown.token).catch(() => null)
  }

  /** Sends both cookies, for as long as the session may last. */
  give(request: FastifyRequest, reply: FastifyReply, session: SessionRecord, token: string): void {
    const maxAge = Math.max(0, Math.floor((Date.parse(session.expiresAt) - Date.now()) / 1000))
    const options = { ...optionsFor(request), maxAge }
    reply.setCookie(named(request, COOKIE), `${session.id}.${token}`, { ...options, httpOnly: true })
    reply.setCookie(named(request, CSRF_COOKIE), session.csrf, options)
  }

  take(request: FastifyRequest, reply: FastifyReply): void {
    for (const name of [COOKIE, CSRF_COOKIE]) reply.clearCookie(named(request, name), optionsFor(request))
  }
}
