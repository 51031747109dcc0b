/**
 * What queries read: an immutable index of one run, swapped whole, so that no answer mixes two runs and none costs a trip to the
 * store.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { EntityKind } from '../../graph-schema/schema.js'
import { errorTable, RingfenceError } from '../errors.js'
import type { Snapshot } from '../graph/snapshot.js'
import type { GraphStore, RingRecord, RunRecord, RunWithRings } from '../store/store.js'
import { publishedRun } from './publication.js'
import { WorkerPool } from './worker-pool.js'

export interface EntityRing {
  readonly id: string
  readonly score: number
  readonly fdr: number
  readonly role: string
  readonly membership: number
  readonly behaviours: readonly string[]
  readonly window: { readonly from: string; readonly to: string } | null
}

/** Epoch milliseconds as ISO 8601. */
export const isoTime = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

export const windowText = (window: RingRecord['window']): EntityRing['window'] =>
  window && { from: new Date(window.from).toISOString(), to: new Date(window.to).toISOString() }

export const asOfText = (run: RunRecord): string | null => isoTime(run.asOf)

export class ReadView {
  readonly run: RunRecord | null
  /** By falling score, then id. */
  readonly rings: readonly RingRecord[]
  readonly #byId = new Map<string, RingRecord>()
  readonly #byEntity = new Map<string, EntityRing[]>()

  constructor(content: RunWithRings | null) {
    this.run = content?.run ?? null
    this.rings = content?.rings ?? []
    for (const ring of this.rings) {
      this.#byId.set(ring.id, ring)
      const shared = {
        id: ring.id,
        score: ring.score,
        fdr: ring.fdr,
        behaviours: ring.behaviours,
        window: windowText(ring.window),
      }
      for (const { kind, id, role, score } of ring.members) {
        const key = `${kind}:${id}`
        const entry = { ...shared, role, membership: score }
        const known = this.#byEntity.get(key)
        if (known) known.push(entry)
        else this.#byEntity.set(key, [entry])
      }
    }
  }

  ring(id: string): RingRecord | undefined {
    return this.#byId.get(id)
  }

  /** By falling score of the ring; none for an entity in no ring. */
  ringsOf(kind: EntityKind, id: string): readonly EntityRing[] {
    return this.#byEntity.get(`${kind}:${id}`) ?? []
  }

  get memberships(): number {
    return this.#byEntity.size
  }
}

/** A graph that cannot be read is often a server that is away for a moment; one that is damaged is not worth much work. */
const RETRY_MS = 1000
const RETRY_MOST_MS = 60_000

const unreadable = (error: unknown): RingfenceError => {
  const known = error instanceof RingfenceError ? error : null
  // What it says may name a path or an address, which is for the log alone.
  const why = known ? `${known.code}, ${errorTable[known.code].title}` : 'an internal error, which is in the log'
  const cause = known?.code ?? 'internal'
  return new RingfenceError('graph.unreadable', `The last try ended with ${why}.`, { cause }, { cause: error })
}

const FOLLOW_MS = 2000

const readPublished = async (store: GraphStore): Promise<RunWithRings | null> => {
  const run = await publishedRun(store)
  return run === null ? null : store.readRun(run)
}

/** Holds the view of the moment and the graph of its run. */
export class CurrentView {
  #view = new ReadView(null)
  #isRunRead = true
  #loading: Promise<void> = Promise.resolve()
  #ready: Snapshot | null = null
  #failure: RingfenceError | null = null
  /** Counts loads and swaps, so that a slow load does not put an older run in the place of a newer one. */
  #generation = 0
  readonly #store: GraphStore

  constructor(store: GraphStore) {
    this.#store = store
  }

  /** Empty as long as nothing could be read: for what must not fail. Answers are made from `latest()`. */
  get view(): ReadView {
    return this.#view
  }

  /** The graph of the latest run; null while it is being read, or when it cannot be. */
  get snapshot(): Snapshot | null {
    return this.#ready
  }

  /** Why the latest run or its graph is not there, `graph.unreadable`; null while all is well or still being read. */
  get failure(): RingfenceError | null {
    return this.#failure
  }

  /** Throws `graph.unreadable` when the latest run could not be read, which is not the same as none. */
  latest(): ReadView {
    if (!this.#isRunRead && this.#failure) throw this.#failure
    return this.#view
  }

  /** Throws `server.loading`, and `graph.unreadable` when the last try failed. */
  graph(): Snapshot {
    if (this.#ready) return this.#ready
    throw this.#failure ?? new RingfenceError('server.loading', 'The graph of the latest run is being read.')
  }

  /** Reads the latest run from the store, then its graph in the background. Does not reject: `settled` does, and `failure` tells. */
  async load(): Promise<void> {
    this.#generation += 1
    const generation = this.#generation
    try {
      const view = new ReadView(await readPublished(this.#store))
      // A run that ended meanwhile has brought its own, newer graph.
      if (generation !== this.#generation) return
      this.#view = view
      this.#isRunRead = true
      this.#loading = this.#readSnapshot(view.run?.asOf ?? null, generation)
    } catch (error) {
      if (generation !== this.#generation) return
      this.#isRunRead = false
      this.#failure = unreadable(error)
      this.#loading = Promise.reject(error)
    }
    this.#loading.catch(() => {})
  }

  /** Resolves when the graph is there; rejects with what the store said. */
  async settled(): Promise<void> {
    await this.#loading
  }

  /** After a `load`: loads again as long as it fails, with ever longer breaks, until the graph is there or `signal` stops it. */
  async keepLoading(signal: AbortSignal, failed: (error: unknown) => void): Promise<void> {
    for (let wait = RETRY_MS; !signal.aborted; wait = Math.min(2 * wait, RETRY_MOST_MS)) {
      try {
        await this.settled()
        return
      } catch (error) {
        if (signal.aborted) return
        failed(error)
      }
      await sleep(wait, undefined, { signal, ref: false }).catch(() => {})
      // A job may have brought its graph meanwhile.
      if (!signal.aborted && this.#failure) await this.load()
    }
  }

  /** Takes up what another process published, or chose to go back to. */
  async follow(signal: AbortSignal, everyMs = FOLLOW_MS): Promise<void> {
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {})
      if (signal.aborted) return
      try {
        const run = await publishedRun(this.#store)
        if (this.#isRunRead && run !== (this.#view.run?.id ?? null)) await this.load()
      } catch {
        // The store is away; what was read last stays, and readiness tells.
      }
    }
  }

  swap(content: RunWithRings, snapshot: Snapshot): void {
    this.#generation += 1
    this.#view = new ReadView(content)
    this.#isRunRead = true
    this.#ready = snapshot
    this.#failure = null
    this.#loading = Promise.resolve()
  }

  async #readSnapshot(asOf: number | null, generation: number): Promise<void> {
    let pool: WorkerPool | undefined
    try {
      const raw = await this.#store.readGraph(asOf)
      pool = new WorkerPool(1)
      const { snapshot } = await pool.run({ name: 'snapshot', raw, without: null })
      if (generation !== this.#generation) return
      this.#ready = snapshot
      this.#failure = null
    } catch (error) {
      if (generation !== this.#generation) return
      this.#failure = unreadable(error)
      throw error
    } finally {
      await pool?.close()
    }
  }
}
