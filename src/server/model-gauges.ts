/** The champion as an operator watches it: its age, and what its latest scoring has shown. */
import { Gauge, type Registry } from 'prom-client'
import type { KindDrift } from '../model/drift/measure-drift.js'
import { entityModels } from '../model/registry/registry.js'
import type { RegisteredModel, ScoringRecord } from '../store/model-store.js'
import type { GraphStore } from '../store/store.js'

/** Two scrapes close together cost one look at the store. */
const FRESH_MS = 5000

interface Seen {
  readonly champion: RegisteredModel | null
  readonly scoring: ScoringRecord | null
}

export class ModelGauges {
  readonly #store: GraphStore
  #seen: Promise<Seen> | null = null
  #seenAt = 0

  constructor(store: GraphStore, registers: Registry[]) {
    this.#store = store
    const look = (): Promise<Seen> => this.#look()
    const byKind = (name: string, help: string, value: (drift: KindDrift) => number | null): void => {
      new Gauge({
        name,
        help,
        labelNames: ['kind'],
        registers,
        async collect() {
          this.reset()
          const { scoring } = await look()
          for (const drift of (scoring?.report.drift ?? []) as readonly KindDrift[]) {
            const known = value(drift)
            if (known !== null) this.set({ kind: drift.kind }, known)
          }
        },
      })
    }
    const single = (name: string, help: string, value: (seen: Seen) => number): void => {
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          this.set(value(await look()))
        },
      })
    }
    single('ringfence_model_age_seconds', 'Seconds since the champion was trained; -1 without one.', ({ champion }) =>
      champion ? (Date.now() - Date.parse(champion.trainedAt)) / 1000 : -1,
    )
    single(
      'ringfence_model_scored_age_seconds',
      'Seconds since the champion scored; -1 if it never did.',
      ({ scoring }) => (scoring ? (Date.now() - Date.parse(scoring.finishedAt)) / 1000 : -1),
    )
    single(
      'ringfence_model_drift_warnings',
      'Warnings of drift in the latest scoring by the champion.',
      ({ scoring }) => scoring?.notes.filter(({ code }) => code.startsWith('drift.')).length ?? 0,
    )
    byKind(
      'ringfence_model_input_stability_index',
      'Population stability index of the input that has moved most since training.',
      ({ inputs }) => inputs.most[0]?.psi ?? null,
    )
    byKind(
      'ringfence_model_inputs_moved',
      'Inputs that moved beyond the limit and beyond chance.',
      ({ inputs }) => inputs.moved,
    )
    byKind('ringfence_model_score_stability_index', 'The same of scores.', ({ scores }) => scores)
    byKind('ringfence_model_unseen_share', 'Share of entities that were not there in training.', ({ unseen }) => unseen)
    byKind(
      'ringfence_model_calibration_error',
      'Calibration error on labels decided since training; absent below fifty.',
      ({ calibration }) => calibration,
    )
  }

  /** Metrics are answered while the store is away too, with what was seen last. */
  #look(): Promise<Seen> {
    const now = Date.now()
    if (this.#seen === null || now - this.#seenAt > FRESH_MS) {
      const before = this.#seen
      this.#seenAt = now
      this.#seen = this.#read().catch(() => before ?? { champion: null, scoring: null })
    }
    return this.#seen
  }

  async #read(): Promise<Seen> {
    const champion = await this.#store.readChampion(entityModels)
    const scoring = await this.#store.readScoring(null)
    return { champion, scoring: champion !== null && scoring?.model === champion.id ? scoring : null }
  }
}
