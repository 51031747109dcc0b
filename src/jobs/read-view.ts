/**
 * What queries read: an immutable index of one run, swapped whole, so that no answer mixes two runs and none costs a trip to the
 * store.
 */
import type { EntityKind } from '../../graph-schema/schema.js'
import type { Snapshot } from '../graph/snapshot.js'
import type { GraphStore, RingRecord, RunRecord, RunWithRings } from '../store/store.js'
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

/** Holds the view of the moment and the graph of its run. */
export class CurrentView {
  #view = new ReadView(null)
  #snapshot: Promise<Snapshot> | null = null
  #ready: Snapshot | null = null
  readonly #store: GraphStore

  constructor(store: GraphStore) {
    this.#store = store
  }

  get view(): ReadView {
    return this.#view
  }

  /** The graph of the latest run; null while it is being read. */
  get snapshot(): Snapshot | null {
    return this.#ready
  }

  /** Reads the latest run from the store, then its graph in the background. */
  async load(): Promise<void> {
    this.#view = new ReadView(await this.#store.readRun(null))
    this.#snapshot = this.#readSnapshot(this.#view.run?.asOf ?? null)
    this.#snapshot.catch(() => {})
  }

  /** Resolves when the graph is there; rejects with what the store said. */
  async settled(): Promise<void> {
    await this.#snapshot
  }

  swap(content: RunWithRings, snapshot: Snapshot): void {
    this.#view = new ReadView(content)
    this.#ready = snapshot
    this.#snapshot = Promise.resolve(snapshot)
  }

  async #readSnapshot(asOf: number | null): Promise<Snapshot> {
    const raw = await this.#store.readGraph(asOf)
    const pool = new WorkerPool(1)
    try {
      const { snapshot } = await pool.run({ name: 'snapshot', raw })
      // A run that ended meanwhile has brought its own, newer graph.
      this.#ready ??= snapshot
      return snapshot
    } finally {
      await pool.close()
    }
  }
}
