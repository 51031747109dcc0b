/**
 * A worker thread that answers questions, and its successor: the next one is made ready in the background, while the present one goes on answering; then they
 * change places, and the old one ends after its last question. What could not be made ready is tried again after a while, or at once for something else.
 */
import { RingfenceError } from '../errors.js'
import { WorkerPool } from './worker-pool.js'

export interface Desk {
  readonly pool: WorkerPool
}

/** What failed is not worth much work. */
const TRY_AGAIN_MS = 30_000

export class Changeover<T extends Desk> {
  /** For an error that has no code of its own. */
  readonly #unready: string
  #present: T | null = null
  #opening: Promise<void> | null = null
  #failure: { readonly error: RingfenceError; readonly at: number; readonly of: string } | null = null
  #isClosed = false
  /** Questions under way. */
  readonly #asked = new Map<T, number>()
  readonly #ending = new Set<T>()

  constructor(unready: string) {
    this.#unready = unready
  }

  get present(): T | null {
    return this.#present
  }

  /** Why the latest one could not be made ready. */
  get failure(): RingfenceError | null {
    return this.#failure?.error ?? null
  }

  /** Whether nothing may be begun now. */
  get isBusy(): boolean {
    return this.#opening !== null || this.#isClosed
  }

  /** Asks a desk; it stays for as long as the question takes. */
  async ask<R>(desk: T, question: (desk: T) => Promise<R>): Promise<R> {
    this.#asked.set(desk, (this.#asked.get(desk) ?? 0) + 1)
    try {
      return await question(desk)
    } finally {
      const left = this.#asked.get(desk)! - 1
      if (left > 0) this.#asked.set(desk, left)
      else this.#asked.delete(desk)
      if (left === 0 && this.#ending.has(desk)) await this.#end(desk)
    }
  }

  /**
   * Makes the desk for `of` ready in the background, unless that is under way or has just failed. Its thread is ended where `make` throws, and where the service
   * stops meanwhile.
   */
  begin(of: string, make: (pool: WorkerPool) => Promise<Omit<T, 'pool'>>): void {
    if (this.isBusy) return
    if (this.#failure?.of === of && performance.now() - this.#failure.at < TRY_AGAIN_MS) return
    this.#opening = this.#open(make)
      .then(() => {
        this.#failure = null
      })
      .catch((error: unknown) => {
        const coded =
          error instanceof RingfenceError ? error : new RingfenceError('internal', this.#unready, {}, { cause: error })
        this.#failure = { error: coded, at: performance.now(), of }
      })
      .finally(() => {
        this.#opening = null
      })
  }

  /** Nobody answers from now on, until another is ready. */
  async vacate(): Promise<void> {
    this.#failure = null
    await this.#replace(null)
  }

  /** Resolves when what is being made ready is, or has failed. */
  async settled(): Promise<void> {
    await this.#opening
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const desks = [...this.#ending, ...(this.#present ? [this.#present] : [])]
    this.#present = null
    await Promise.all(desks.map(({ pool }) => pool.close()))
  }

  async #open(make: (pool: WorkerPool) => Promise<Omit<T, 'pool'>>): Promise<void> {
    const pool = new WorkerPool(1)
    let made: Omit<T, 'pool'>
    try {
      made = await make(pool)
      if (this.#isClosed) throw new RingfenceError('job.cancelled', 'The service stops.')
    } catch (error) {
      await pool.close()
      throw error
    }
    await this.#replace({ ...made, pool } as T)
  }

  async #replace(next: T | null): Promise<void> {
    const before = this.#present
    this.#present = next
    if (before === null) return
    if (this.#asked.has(before)) this.#ending.add(before)
    else await this.#end(before)
  }

  async #end(desk: T): Promise<void> {
    this.#ending.delete(desk)
    await desk.pool.close()
  }
}
