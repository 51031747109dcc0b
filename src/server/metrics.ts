/** What an operator watches, in the format of Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { ModelGauges } from './model-gauges.js'
import type { AuthFailure } from './plugins/auth.js'
import type { Services } from './services.js'

export class Metrics {
  readonly #registry = new Registry()
  readonly #requests: Histogram<'method' | 'route' | 'status'>
  readonly #authFailures: Counter<'reason'>

  constructor({ store, current, jobs }: Services) {
    const registers = [this.#registry]
    collectDefaultMetrics({ register: this.#registry })
    this.#requests = new Histogram({
      name: 'ringfence_http_request_seconds',
      help: 'Time to answer, by route.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30],
      registers,
    })
    this.#authFailures = new Counter({
      name: 'ringfence_auth_failures_total',
      help: 'Requests without a valid key: none (missing), a wrong one (unknown), or turned away unseen (limited).',
      labelNames: ['reason'],
      registers,
    })
    for (const reason of ['missing', 'unknown', 'limited'] as const) this.#authFailures.inc({ reason }, 0)
    const gauge = (name: string, help: string, read: () => number): Gauge =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read())
        },
      })
    gauge('ringfence_rings', 'Rings of the latest run.', () => current.view.rings.length)
    gauge(
      'ringfence_entities_in_rings',
      'Entities that are in a ring of the latest run.',
      () => current.view.memberships,
    )
    gauge('ringfence_jobs_active', 'Jobs that run or wait.', () => jobs.active)
    gauge('ringfence_run_age_seconds', 'Seconds since the latest run ended; -1 without a run.', () => {
      const { run } = current.view
      return run ? (Date.now() - Date.parse(run.finishedAt)) / 1000 : -1
    })
    new ModelGauges(store, registers)
  }

  observe(method: string, route: string, status: number, seconds: number): void {
    this.#requests.labels(method, route, String(status)).observe(seconds)
  }

  authFailed(reason: AuthFailure): void {
    this.#authFailures.inc({ reason })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }
}
