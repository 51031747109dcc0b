/**
 * Says in the audit log who has read identifiers of persons. No answer waits for it: what was read within a second is one entry a caller. A kill loses
 * what was read within that second; an orderly end loses nothing.
 */
import fp from 'fastify-plugin'
import type { AuditEntry } from '../../store/audit-chain.js'
import type { GraphStore } from '../../store/store.js'
import { unmaskedRoles } from './auth.js'

const FLUSH_MS = 1000
/** Different things that one caller reads within a second; of more only the number is kept. */
const MOST_READ = 200

interface Reads {
  readonly counts: Map<string, number>
  further: number
}

class ReadLog {
  readonly #store: GraphStore
  #callers = new Map<string, Reads>()
  #writing: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | null = null
  readonly #failed: (error: unknown) => void

  constructor(store: GraphStore, failed: (error: unknown) => void) {
    this.#store = store
    this.#failed = failed
  }

  add(who: string, what: string): void {
    const reads = this.#callers.get(who) ?? { counts: new Map<string, number>(), further: 0 }
    this.#callers.set(who, reads)
    const known = reads.counts.get(what)
    if (known === undefined && reads.counts.size >= MOST_READ) reads.further++
    else reads.counts.set(what, (known ?? 0) + 1)
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS)
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const callers = this.#callers
    if (callers.size === 0) return
    this.#callers = new Map()
    const at = new Date().toISOString()
    const audit = [...callers].map(([who, { counts, further }]): AuditEntry => {
      const read = Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
      return { at, who, action: 'personal.read', subject: '', before: null, after: { read, further } }
    })
    this.#writing = this.#writing.then(async () => {
      try {
        await this.#store.decide({ audit })
      } catch (error) {
        this.#failed(error)
      }
    })
  }

  async close(): Promise<void> {
    this.#flush()
    await this.#writing
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Where only some answers of a route show identifiers of persons: that this one does. */
    showsPersonal: boolean
  }
  interface FastifyInstance {
    /** Writes what was read so far. */
    flushReads: () => Promise<void>
  }
}

export const readLog = fp<{ readonly store: GraphStore }>(
  async (app, { store }) => {
    const log = new ReadLog(store, (error) =>
      app.log.error({ err: error }, 'That personal data was read is not logged'),
    )
    app.decorateRequest('showsPersonal', false)
    app.decorate('flushReads', () => log.close())
    app.addHook('onResponse', async (request, reply) => {
      const { config, url } = request.routeOptions
      if (config.personal !== true && !request.showsPersonal) return
      if (reply.statusCode >= 300 || !unmaskedRoles.has(request.caller.role)) return
      const { id } = (request.params ?? {}) as { readonly id?: string }
      const { with: other } = (request.query ?? {}) as { readonly with?: string }
      const named = url?.replace(':id', id ?? '') ?? ''
      log.add(request.caller.who, other === undefined ? named : `${named} with ${other}`)
    })
    app.addHook('onClose', () => log.close())
  },
  { name: 'read-log', dependencies: ['auth'] },
)
