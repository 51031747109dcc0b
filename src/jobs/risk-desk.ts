/**
 * Answers for the risk of one entity at a time: a worker thread of its own holds the latest propagation, made again from its record. Another
 * propagation is made ready in a second thread, while the first goes on answering; then they change places, so that an answer never mixes two.
 */
import { RingfenceError } from '../errors.js'
import type { Snapshot } from '../graph/snapshot.js'
import type { PropagationRecord, RiskRow } from '../store/risk-store.js'
import type { GraphStore } from '../store/store.js'
import type { CurrentView } from './read-view.js'
import type { RiskAnswer, RiskQuestion } from './risk-task.js'
import { WorkerPool } from './worker-pool.js'

/** Whether there is a newer propagation is asked no more often, so that answers cost no trip to the store. */
const ASK_AGAIN_MS = 2000
/** What failed is not worth much work: it is tried again after this, or at once with another propagation. */
const TRY_AGAIN_MS = 30_000

interface Desk {
  readonly propagation: PropagationRecord
  readonly pool: WorkerPool
  /** Questions under way: the thread ends after the last. */
  asked: number
}

export interface AnsweredRisk {
  readonly propagation: PropagationRecord
  readonly answer: RiskAnswer
}

/** What-ifs are answered to this: no threshold tells less apart, and more would cost time. */
export const WHAT_IF_TOLERANCE = 1e-4

const none = (): RingfenceError =>
  new RingfenceError('risk.none', 'The store has no propagation, so nothing is known of risk.')

const asCoded = (error: unknown): RingfenceError =>
  error instanceof RingfenceError
    ? error
    : new RingfenceError('internal', 'The propagation could not be made ready.', {}, { cause: error })

export class RiskDesk {
  readonly #store: GraphStore
  readonly #current: CurrentView
  #latest: PropagationRecord | null = null
  #desk: Desk | null = null
  #opening: Promise<void> | null = null
  #failure: { readonly error: RingfenceError; readonly at: number; readonly of: string } | null = null
  #checked = Number.NEGATIVE_INFINITY
  #closed = false
  readonly #ending = new Set<Desk>()

  constructor(store: GraphStore, current: CurrentView) {
    this.#store = store
    this.#current = current
  }

  /** The record of the latest propagation. Throws `risk.none`. */
  async latest(): Promise<PropagationRecord> {
    await this.refresh()
    if (this.#latest === null) throw none()
    return this.#latest
  }

  /** Throws `risk.none`, `server.loading` while the first propagation is made ready, `entity.unknown`, and why it cannot be made ready. */
  async ask(question: RiskQuestion): Promise<AnsweredRisk> {
    await this.refresh()
    const desk = this.#desk
    if (desk === null) {
      if (this.#failure) throw this.#failure.error
      throw new RingfenceError('server.loading', 'Risk is being made ready from the latest propagation.')
    }
    desk.asked++
    try {
      const { answer } = await desk.pool.run({ name: 'risk-of', ...question })
      if (answer === null)
        throw new RingfenceError(
          'entity.unknown',
          `The graph of the propagation does not have ${question.kind}:${question.id}${question.whatIf ? `, or what is supposed of` : ''}.`,
        )
      return { propagation: desk.propagation, answer }
    } finally {
      desk.asked--
      if (this.#ending.has(desk) && desk.asked === 0) await this.#end(desk)
    }
  }

  /** Looks whether there is a newer propagation, and makes it ready in the background. Throws `risk.none`. */
  async refresh(): Promise<void> {
    if (this.#opening !== null || this.#closed) return
    if (this.#desk !== null && performance.now() - this.#checked < ASK_AGAIN_MS) return
    this.#checked = performance.now()
    const latest = await this.#store.readPropagation(null)
    if (latest === null) throw none()
    this.#latest = latest
    if (this.#opening !== null || this.#closed || this.#desk?.propagation.id === latest.id) return
    if (this.#failure?.of === latest.id && performance.now() - this.#failure.at < TRY_AGAIN_MS) return
    this.#opening = this.#open(latest)
      .then(() => {
        this.#failure = null
      })
      .catch((error: unknown) => {
        this.#failure = { error: asCoded(error), at: performance.now(), of: latest.id }
      })
      .finally(() => {
        this.#opening = null
      })
  }

  /** Resolves when what is being made ready is, or has failed. */
  async settled(): Promise<void> {
    await this.#opening
  }

  async close(): Promise<void> {
    this.#closed = true
    const desks = [...this.#ending, ...(this.#desk ? [this.#desk] : [])]
    this.#desk = null
    await Promise.all(desks.map(({ pool }) => pool.close()))
  }

  /** The graph that queries see where it is as of the same time: it is in memory already. */
  async #graphOf({ asOf }: PropagationRecord, pool: WorkerPool): Promise<Snapshot> {
    const { snapshot } = this.#current
    if (snapshot !== null && snapshot.asOf === asOf) return snapshot
    const raw = await this.#store.readGraph(asOf)
    return (await pool.run({ name: 'snapshot', raw, without: null })).snapshot
  }

  async #open(propagation: PropagationRecord): Promise<void> {
    const pool = new WorkerPool(1)
    try {
      const snapshot = await this.#graphOf(propagation, pool)
      const given: RiskRow[] = []
      await this.#store.readRiskRows(propagation.id, (rows) => {
        for (const row of rows) if (row.given > 0 || row.absorbs) given.push(row)
      })
      await pool.run({
        name: 'propagate',
        snapshot,
        least: propagation.least,
        recorded: { propagation, given },
        whatIfTolerance: WHAT_IF_TOLERANCE,
      })
      if (this.#closed) throw new RingfenceError('job.cancelled', 'The service stops.')
    } catch (error) {
      await pool.close()
      throw error
    }
    const before = this.#desk
    this.#desk = { propagation, pool, asked: 0 }
    if (before === null) return
    if (before.asked === 0) await this.#end(before)
    else this.#ending.add(before)
  }

  async #end(desk: Desk): Promise<void> {
    this.#ending.delete(desk)
    await desk.pool.close()
  }
}
