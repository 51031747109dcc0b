/**
 * Answers for the score of one entity at a time: a worker thread of its own holds the model and what all entities need, for one
 * snapshot. A new run or another model is made ready in a second thread, while the first goes on answering; then they change places,
 * so that an answer never mixes two.
 */
import type { EntityKind } from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import type { Snapshot } from '../graph/snapshot.js'
import type { Explanation } from '../model/explain/explain.js'
import type { RunRecord } from '../store/store.js'
import type { CurrentView } from './read-view.js'
import type { ModelSource } from './served-model.js'
import { WorkerPool } from './worker-pool.js'

/** Whether the champion is another is asked no more often, so that answers cost no trip to the store. */
const ASK_AGAIN_MS = 2000
/** What failed is not worth much work: it is tried again after this, or at once with another run or model. */
const TRY_AGAIN_MS = 30_000

interface Desk {
  readonly key: string
  readonly snapshot: Snapshot
  readonly run: RunRecord | null
  readonly model: string
  readonly pool: WorkerPool
  /** Questions under way: the thread ends after the last. */
  asked: number
}

export interface ScoredEntity {
  readonly run: RunRecord | null
  readonly model: string
  /** Null: the model has no scores of such a kind. */
  readonly explanation: Explanation
  /** Of the answer, for names in its sentences. */
  readonly snapshot: Snapshot
}

const asCoded = (error: unknown): RingfenceError =>
  error instanceof RingfenceError
    ? error
    : new RingfenceError('internal', 'The model could not be made ready.', {}, { cause: error })

export class ScoreDesk {
  readonly #current: CurrentView
  readonly #source: ModelSource
  #desk: Desk | null = null
  #opening: Promise<void> | null = null
  #failure: { readonly error: RingfenceError; readonly at: number; readonly of: string } | null = null
  #checked = Number.NEGATIVE_INFINITY
  #closed = false
  readonly #ending = new Set<Desk>()

  constructor(current: CurrentView, source: ModelSource) {
    this.#current = current
    this.#source = source
  }

  /**
   * `reasons`: how many reasons of each part to tell; 0: the score alone. Throws `model.none`, `server.loading` while the first model is made ready, `entity.unknown`,
   * `model.kind`, and why the model cannot be used.
   */
  async explain(kind: EntityKind, id: string, reasons: number): Promise<ScoredEntity> {
    await this.refresh()
    const desk = this.#desk
    if (desk === null) {
      if (this.#failure) throw this.#failure.error
      this.#current.graph()
      throw new RingfenceError('server.loading', 'The model is being made ready for the graph of the latest run.')
    }
    desk.asked++
    try {
      const { run, model, snapshot } = desk
      const { explanation, known } = await desk.pool.run({ name: 'explain', kind, id, reasons })
      if (!known) throw new RingfenceError('entity.unknown', `The graph of the scores does not have ${kind}:${id}.`)
      if (explanation === null)
        throw new RingfenceError('model.kind', `Model ${model} has no scores of a ${kind}: it learned from too few.`)
      return { run, model, snapshot, explanation }
    } finally {
      desk.asked--
      if (this.#ending.has(desk) && desk.asked === 0) await this.#end(desk)
    }
  }

  /** Looks whether there is another run or model, and makes it ready in the background. Throws `model.none`. */
  async refresh(): Promise<void> {
    const { snapshot, view } = this.#current
    const isOther = this.#desk !== null && snapshot !== null && this.#desk.snapshot !== snapshot
    if (this.#opening !== null || this.#closed) return
    if (!isOther && this.#desk !== null && performance.now() - this.#checked < ASK_AGAIN_MS) return
    this.#checked = performance.now()
    const key = await this.#source.key()
    if (key === null) {
      const before = this.#desk
      this.#desk = null
      this.#failure = null
      if (before) await this.#retire(before)
      throw new RingfenceError('model.none', 'No model is champion, so nothing has a score.')
    }
    if (snapshot === null || this.#opening !== null) return
    if (this.#desk?.key === key && this.#desk.snapshot === snapshot) return
    const of = `${key} ${view.run?.id}`
    if (this.#failure?.of === of && performance.now() - this.#failure.at < TRY_AGAIN_MS) return
    this.#opening = this.#open(key, snapshot)
      .then(() => {
        this.#failure = null
      })
      .catch((error: unknown) => {
        this.#failure = { error: asCoded(error), at: performance.now(), of }
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

  async #open(key: string, snapshot: Snapshot): Promise<void> {
    const { view } = this.#current
    const rings = view.run && { run: view.run, rings: view.rings }
    const { id, model } = await this.#source.load()
    const pool = new WorkerPool(1)
    try {
      await pool.run({ name: 'open-scorer', snapshot, rings, model })
      if (this.#closed) throw new RingfenceError('job.cancelled', 'The service stops.')
    } catch (error) {
      await pool.close()
      throw error
    }
    const before = this.#desk
    this.#desk = { key, snapshot, run: view.run, model: id, pool, asked: 0 }
    if (before) await this.#retire(before)
  }

  async #retire(desk: Desk): Promise<void> {
    if (desk.asked === 0) await this.#end(desk)
    else this.#ending.add(desk)
  }

  async #end(desk: Desk): Promise<void> {
    this.#ending.delete(desk)
    await desk.pool.close()
  }
}
