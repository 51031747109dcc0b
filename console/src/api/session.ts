/**
 * Who is signed in. A key is exchanged for a session cookie that no script can read, at POST /v1/session, and is kept nowhere. Beside it is a cookie
 * with the token that goes with whatever changes something; read anew each time, as another tab may have signed in since. Without keys the
 * service asks for nothing and no sign-in is shown.
 *
 * When a session ends, requests wait while the person signs in over the page, which stays as it is: nothing typed is lost.
 */
type Listener = () => void

const csrf = (): string | null => /(?:^|; )(?:__Host-)?ringfence-csrf=([^;]+)/.exec(document.cookie)?.[1] ?? null

class Session {
  #ready: Promise<void> | null = null
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
    return csrf() !== null
  }

  /** What goes with a request beside the cookie. */
  headers(method: string): Record<string, string> {
    const token = method === 'GET' ? null : csrf()
    return token === null ? {} : { 'x-csrf-token': token }
  }

  onChange(listener: Listener): Listener {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Resolves when requests make sense: somebody is signed in, or nobody needs to be. One request asks this, not each of a view's: those without a
   * key count as guesses of whoever shares this address.
   */
  ready(): Promise<void> {
    this.#ready ??= csrf() === null ? this.#look() : Promise.resolve()
    return this.#ready
  }

  async #look(): Promise<void> {
    // Where there is no answer, that is told by what is asked next.
    const answer = await fetch('/v1/session').catch(() => null)
    // Read to its end, or the connection stays taken.
    await answer?.text().catch(() => '')
    if (answer?.status === 401) await this.renew('')
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
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch('/v1/session', { method: 'POST', headers, body: JSON.stringify({ key }) })
    if (!answer.ok) {
      const problem = (await answer.json().catch(() => null)) as { detail?: string; advice?: string } | null
      return `${problem?.detail ?? `The service answered ${answer.status}.`} ${problem?.advice ?? ''}`.trim()
    }
    this.#asks = null
    this.#waiting = null
    this.#letIn()
    this.#tell()
    return null
  }

  async signOut(): Promise<void> {
    await fetch('/v1/session', { method: 'DELETE', headers: this.headers('DELETE') }).catch(() => null)
    location.reload()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

export const session = new Session()
