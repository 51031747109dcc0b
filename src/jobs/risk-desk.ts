/**
 * Answers for the risk of one entity at a time: a worker thread of its own holds the latest propagation, made again from its record. Interactions that
 * come meanwhile are taken in by that thread, within a bound; what it cannot take in lets the graph be read again, now and then. Nothing of it is written: the
 * store has the interactions, so another start of the service knows them all.
 */
import { RingfenceError } from '../errors.js'
import type { Snapshot } from '../graph/snapshot.js'
import type { BatchResult, RecordBatch } from '../store/record-batch.js'
import type { PropagationRecord, RiskRow } from '../store/risk-store.js'
import type { GraphStore } from '../store/store.js'
import { ArrivalQueue } from './arrival-queue.js'
import { Changeover, type Desk } from './changeover.js'
import type { CurrentView } from './read-view.js'
import type { RiskAnswer, RiskQuestion } from './risk-task.js'
import type { WorkerPool } from './worker-pool.js'

/** Whether there is a newer propagation is asked no more often, so that answers cost no trip to the store. */
const ASK_AGAIN_MS = 2000
/** The graph is read again for what could not be taken in: not more often, and for a tenth of the time at most. */
const READ_AGAIN_MS = 30_000
const READ_AGAIN_SHARE = 10

interface LiveThread {
  readonly queue: ArrivalQueue
  /** When its graph was read. */
  readonly graphAt: Date
}

interface RiskThread extends Desk {
  readonly propagation: PropagationRecord
  /** Null where nothing is taken in: it is off, or the propagation is as of a time. */
  readonly live: LiveThread | null
  readonly openedAt: number
  readonly openMs: number
}

/** How far the risk of a thread follows the store. */
export interface Following {
  readonly graphAt: Date
  /** Interactions that came since, and are taken in. */
  readonly repaired: number
  readonly repairedAt: Date | null
  /** Interactions that are in the store and not taken in. */
  readonly waiting: number
}

export interface AnsweredRisk {
  readonly propagation: PropagationRecord
  readonly answer: RiskAnswer
  readonly following: Following | null
}

const interactionsOf = ({ relations }: Snapshot): number => relations.reduce((sum, { count }) => sum + count, 0)

/** What-ifs are answered to this: no threshold tells less apart, and more would cost time. */
export const WHAT_IF_TOLERANCE = 1e-4

const none = (): RingfenceError =>
  new RingfenceError('risk.none', 'The store has no propagation, so nothing is known of risk.')

export class RiskDesk {
  readonly #store: GraphStore
  readonly #current: CurrentView
  readonly #desks = new Changeover<RiskThread>('The propagation could not be made ready.')
  #latest: PropagationRecord | null = null
  #checked = Number.NEGATIVE_INFINITY
  readonly #isLive: boolean
  /** Of the thread that is being made ready, until it has taken its place. */
  #coming: ArrivalQueue | null = null

  /** `live`: whether interactions that come are taken in. */
  constructor(store: GraphStore, current: CurrentView, live = true) {
    this.#store = store
    this.#current = current
    this.#isLive = live
  }

  /** A batch was written by this process. */
  arrived(batch: RecordBatch, result: BatchResult): void {
    const queue = this.#desks.present?.live?.queue
    if (this.#coming === queue) this.#coming = null
    this.#coming?.push(batch, result)
    queue?.push(batch, result)
    this.#repair()
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
    const { present, failure } = this.#desks
    if (present === null)
      throw failure ?? new RingfenceError('server.loading', 'Risk is being made ready from the latest propagation.')
    this.#repair()
    const { propagation, answer, following } = await this.#desks.ask(present, async ({ pool, propagation, live }) => ({
      propagation,
      ...(await pool.run({ name: 'risk-of', ...question })),
      following: live && {
        graphAt: live.graphAt,
        repaired: live.queue.repaired,
        repairedAt: live.queue.repairedAt,
        waiting: live.queue.waiting,
      },
    }))
    if (answer === null)
      throw new RingfenceError(
        'entity.unknown',
        `The graph of the propagation does not have ${question.kind}:${question.id}${question.whatIf ? `, or what is supposed of` : ''}.`,
      )
    return { propagation, answer, following }
  }

  /** Looks whether there is a newer propagation, and makes it ready in the background. Throws `risk.none`. */
  async refresh(): Promise<void> {
    if (this.#desks.isBusy) return
    if (this.#desks.present !== null && performance.now() - this.#checked < ASK_AGAIN_MS) return
    this.#checked = performance.now()
    const latest = await this.#store.readPropagation(null)
    if (latest === null) throw none()
    this.#latest = latest
    const { present } = this.#desks
    if (present?.propagation.id === latest.id && !(await this.#isBehind(present))) return
    this.#desks.begin(latest.id, (pool) => this.#open(latest, pool))
  }

  /** Resolves when what is being made ready is, or has failed. */
  settled(): Promise<void> {
    return this.#desks.settled()
  }

  close(): Promise<void> {
    return this.#desks.close()
  }

  /** Whether a thread misses what it cannot take in, and it is time to read the graph again. */
  async #isBehind({ live, openedAt, openMs }: RiskThread): Promise<boolean> {
    if (live === null) return false
    live.queue.compare((await this.#store.counts()).interactions)
    return live.queue.stuck > 0 && performance.now() - openedAt > Math.max(READ_AGAIN_MS, READ_AGAIN_SHARE * openMs)
  }

  #repair(): void {
    const { present } = this.#desks
    if (present === null || present.live === null) return
    const { queue } = present.live
    // What fails is counted as waiting; a thread that is gone is told when somebody asks it.
    void this.#desks
      .ask(present, ({ pool }) => queue.drain((lines) => pool.run({ name: 'risk-arrived', lines })))
      .catch(() => {})
  }

  /** The graph that queries see where it is as of the same time, and nothing has come since: it is in memory already. */
  async #graphOf({ asOf }: PropagationRecord, pool: WorkerPool, isLive: boolean): Promise<Snapshot> {
    const { snapshot } = this.#current
    if (snapshot !== null && snapshot.asOf === asOf) {
      const isWhole = !isLive || interactionsOf(snapshot) === (await this.#store.counts()).interactions
      if (isWhole) return snapshot
    }
    const raw = await this.#store.readGraph(asOf)
    return (await pool.run({ name: 'snapshot', raw, without: null })).snapshot
  }

  async #open(propagation: PropagationRecord, pool: WorkerPool): Promise<Omit<RiskThread, 'pool'>> {
    const begin = performance.now()
    const isLive = this.#isLive && propagation.asOf === null
    const graphAt = new Date()
    const queue = new ArrivalQueue()
    // From before the graph is read: which of it the graph has is told apart afterwards.
    this.#coming = isLive ? queue : null
    try {
      const snapshot = await this.#graphOf(propagation, pool, isLive)
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
        repaired: isLive,
      })
      if (isLive) {
        await queue.begin(interactionsOf(snapshot), async () => (await this.#store.counts()).interactions)
        await queue.drain((lines) => pool.run({ name: 'risk-arrived', lines }))
      }
      const now = performance.now()
      return { propagation, live: isLive ? { queue, graphAt } : null, openedAt: now, openMs: now - begin }
    } catch (error) {
      this.#coming = null
      throw error
    }
  }
}
