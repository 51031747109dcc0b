/** Answers for the score of one entity at a time: a worker thread of its own holds the model and what all entities need, for one snapshot. */
import type { EntityKind } from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import type { Snapshot } from '../graph/snapshot.js'
import type { Explanation } from '../model/explain/explain.js'
import type { RunRecord } from '../store/store.js'
import { Changeover, type Desk } from './changeover.js'
import type { CurrentView } from './read-view.js'
import type { ModelSource } from './served-model.js'
import type { WorkerPool } from './worker-pool.js'

/** Whether the champion is another is asked no more often, so that answers cost no trip to the store. */
const ASK_AGAIN_MS = 2000
interface ScoreThread extends Desk {
  readonly key: string
  readonly snapshot: Snapshot
  readonly run: RunRecord | null
  readonly model: string
}

export interface ScoredEntity {
  readonly run: RunRecord | null
  readonly model: string
  /** Null: the model has no scores of such a kind. */
  readonly explanation: Explanation
  /** Of the answer, for names in its sentences. */
  readonly snapshot: Snapshot
}

export class ScoreDesk {
  readonly #current: CurrentView
  readonly #source: ModelSource
  readonly #desks = new Changeover<ScoreThread>('The model could not be made ready.')
  #checked = Number.NEGATIVE_INFINITY

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
    const { present, failure } = this.#desks
    if (present === null) {
      if (failure) throw failure
      this.#current.graph()
      throw new RingfenceError('server.loading', 'The model is being made ready for the graph of the latest run.')
    }
    const { run, model, snapshot } = present
    const { explanation, known } = await this.#desks.ask(present, ({ pool }) =>
      pool.run({ name: 'explain', kind, id, reasons }),
    )
    if (!known) throw new RingfenceError('entity.unknown', `The graph of the scores does not have ${kind}:${id}.`)
    if (explanation === null)
      throw new RingfenceError('model.kind', `Model ${model} has no scores of a ${kind}: it learned from too few.`)
    return { run, model, snapshot, explanation }
  }

  /** Looks whether there is another run or model, and makes it ready in the background. Throws `model.none`. */
  async refresh(): Promise<void> {
    const { snapshot, view } = this.#current
    const { present } = this.#desks
    const isOther = present !== null && snapshot !== null && present.snapshot !== snapshot
    if (this.#desks.isBusy) return
    if (!isOther && present !== null && performance.now() - this.#checked < ASK_AGAIN_MS) return
    this.#checked = performance.now()
    const key = await this.#source.key()
    if (key === null) {
      await this.#desks.vacate()
      throw new RingfenceError('model.none', 'No model is champion, so nothing has a score.')
    }
    if (snapshot === null || (this.#desks.present?.key === key && this.#desks.present.snapshot === snapshot)) return
    this.#desks.begin(`${key} ${view.run?.id}`, (pool) => this.#open(key, snapshot, pool))
  }

  /** Resolves when what is being made ready is, or has failed. */
  settled(): Promise<void> {
    return this.#desks.settled()
  }

  close(): Promise<void> {
    return this.#desks.close()
  }

  async #open(key: string, snapshot: Snapshot, pool: WorkerPool): Promise<Omit<ScoreThread, 'pool'>> {
    const { view } = this.#current
    const rings = view.run && { run: view.run, rings: view.rings }
    const { id, model } = await this.#source.load()
    await pool.run({ name: 'open-scorer', snapshot, rings, model })
    return { key, snapshot, run: view.run, model: id }
  }
}
