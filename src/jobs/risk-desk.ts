/** Answers for the risk of one entity at a time: a worker thread of its own holds the latest propagation, made again from its record. */
import { RingfenceError } from '../errors.js'
import type { Snapshot } from '../graph/snapshot.js'
import type { PropagationRecord, RiskRow } from '../store/risk-store.js'
import type { GraphStore } from '../store/store.js'
import { Changeover, type Desk } from './changeover.js'
import type { CurrentView } from './read-view.js'
import type { RiskAnswer, RiskQuestion } from './risk-task.js'
import type { WorkerPool } from './worker-pool.js'

/** Whether there is a newer propagation is asked no more often, so that answers cost no trip to the store. */
const ASK_AGAIN_MS = 2000
interface RiskThread extends Desk {
  readonly propagation: PropagationRecord
}

export interface AnsweredRisk {
  readonly propagation: PropagationRecord
  readonly answer: RiskAnswer
}

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
    const { present, failure } = this.#desks
    if (present === null)
      throw failure ?? new RingfenceError('server.loading', 'Risk is being made ready from the latest propagation.')
    const { propagation, answer } = await this.#desks.ask(present, async ({ pool, propagation }) => ({
      propagation,
      ...(await pool.run({ name: 'risk-of', ...question })),
    }))
    if (answer === null)
      throw new RingfenceError(
        'entity.unknown',
        `The graph of the propagation does not have ${question.kind}:${question.id}${question.whatIf ? `, or what is supposed of` : ''}.`,
      )
    return { propagation, answer }
  }

  /** Looks whether there is a newer propagation, and makes it ready in the background. Throws `risk.none`. */
  async refresh(): Promise<void> {
    if (this.#desks.isBusy) return
    if (this.#desks.present !== null && performance.now() - this.#checked < ASK_AGAIN_MS) return
    this.#checked = performance.now()
    const latest = await this.#store.readPropagation(null)
    if (latest === null) throw none()
    this.#latest = latest
    if (this.#desks.present?.propagation.id === latest.id) return
    this.#desks.begin(latest.id, (pool) => this.#open(latest, pool))
  }

  /** Resolves when what is being made ready is, or has failed. */
  settled(): Promise<void> {
    return this.#desks.settled()
  }

  close(): Promise<void> {
    return this.#desks.close()
  }

  /** The graph that queries see where it is as of the same time: it is in memory already. */
  async #graphOf({ asOf }: PropagationRecord, pool: WorkerPool): Promise<Snapshot> {
    const { snapshot } = this.#current
    if (snapshot !== null && snapshot.asOf === asOf) return snapshot
    const raw = await this.#store.readGraph(asOf)
    return (await pool.run({ name: 'snapshot', raw, without: null })).snapshot
  }

  async #open(propagation: PropagationRecord, pool: WorkerPool): Promise<Omit<RiskThread, 'pool'>> {
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
    return { propagation }
  }
}
