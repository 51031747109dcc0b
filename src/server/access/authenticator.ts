/** What tells who calls. Keys and sessions are two of them; single sign-on is a third (docs/extending.md). */
import type { FastifyRequest } from 'fastify'
import type { RingfenceError } from '../../errors.js'
import type { KeyRole } from '../../jobs/api-keys.js'
import type { Person, SessionRecord } from '../../jobs/sessions.js'

export interface Caller {
  readonly role: KeyRole
  /** Id of the key; null without one. */
  readonly key: string | null
  readonly name: string
  /** For the record of what was done: the name, and the key's id. */
  readonly who: string
  readonly session: SessionRecord | null
}

/** What a request shows of who sends it, not yet looked at. */
export interface Credential {
  /** A hash of the secret, to know it again; never the secret. */
  readonly fingerprint: string
  /** The id whose secret it says it is, such as that of a key: guesses at one id are counted together. Null where it names none. */
  readonly claims: string | null
  /** Whose it is; null: nobody's. What it throws is no guess, such as `session.ended`. */
  caller(): Promise<Caller | null>
  /** Told where it is nobody's. */
  refusal(): RingfenceError
}

export interface Authenticator {
  readonly name: string
  /**
   * Whether a browser sends it by itself, as a cookie or what a proxy adds: pages from elsewhere could use it. It is then only good for signing
   * in, and the session that is opened has a token of its own against such pages.
   */
  readonly ambient: boolean
  /** Null where the request shows nothing for this one. */
  credential(request: FastifyRequest): Credential | null
  /** Whether a session that was opened by it still may go on; left out, it goes on until it expires. */
  holds?(person: Person): Promise<boolean>
}
