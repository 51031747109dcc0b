/**
 * Who is signed in. A key is exchanged for a session cookie at POST /v1/session where the service offers that; where it does not, the key is
 * sent with each request and kept for this tab alone. Without keys the service asks for nothing and no sign-in is shown.
 *
 * When a session ends, requests wait while the person signs in over the page, which stays as it is: nothing typed is lost.
 */
const STORED = 'ringfence.key'

type Listener = () => void

const stored = (): string | null => {
  try {
    return sessionStorage.getItem(STORED)
  } catch {
    return null
  }
}

class Session {
  #key: string | null = stored()
  #cookie = false
  #csrf: string | null = null
  #waiting: Promise<void> | null = null
  #letIn: Listener = () => {}
  /** Why a key is asked for; null while none is. */
  #asks: string | null = null
  readonly #listeners = new Set<Listener>()

  get asks(): string | null {
    return this.#asks
  }

  /** Whether there is anything to sign out of. */
  get isSignedIn(): boolean {
    return this.#key !== null || this.#cookie
  }

  /** Whether a plain link to the API is answered: no key needs to be sent beside it. */
  get linksWork(): boolean {
    return this.#key === null
  }

  headers(method: string): Record<string, string> {
    return {
      ...(this.#key === null ? {} : { authorization: `Bearer ${this.#key}` }),
      ...(this.#csrf === null || method === 'GET' ? {} : { 'x-csrf-token': this.#csrf }),
    }
  }

  onChange(listener: Listener): Listener {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves when somebody has signed in. */
  renew(why: string): Promise<void> {
    this.#asks = why
    this.#waiting ??= new Promise<void>((resolve) => {
      this.#letIn = resolve
    })
    this.#tell()
    return this.#waiting
  }

  /** Null when the key is taken, else what is wrong with it. */
  async signIn(key: string): Promise<string | null> {
    const json = { 'content-type': 'application/json' }
    const asked = await fetch('/v1/session', { method: 'POST', headers: json, body: JSON.stringify({ key }) })
    if (asked.ok) {
      const body: unknown = await asked.json().catch(() => null)
      const token = (body as { csrf?: unknown } | null)?.csrf
      this.#cookie = true
      this.#csrf = typeof token === 'string' ? token : null
      this.#keep(null)
    } else {
      // Without such a route, any address that needs a key tells whether this is one.
      const tried = await fetch('/v1/runs?limit=1', { headers: { authorization: `Bearer ${key}` } })
      if (!tried.ok && tried.status !== 503) {
        const problem = (await tried.json().catch(() => null)) as { detail?: string; advice?: string } | null
        return `${problem?.detail ?? `The service answered ${tried.status}.`} ${problem?.advice ?? ''}`.trim()
      }
      this.#keep(key)
    }
    this.#asks = null
    this.#waiting = null
    this.#letIn()
    this.#tell()
    return null
  }

  async signOut(): Promise<void> {
    if (this.#cookie)
      await fetch('/v1/session', { method: 'DELETE', headers: this.headers('DELETE') }).catch(() => null)
    this.#keep(null)
    location.reload()
  }

  #keep(key: string | null): void {
    this.#key = key
    try {
      if (key === null) sessionStorage.removeItem(STORED)
      else sessionStorage.setItem(STORED, key)
    } catch {
      // A browser that keeps nothing: the key lives as long as the page.
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

export const session = new Session()
