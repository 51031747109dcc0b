/** Sends what waits: at least once, each attempt leased by a write, again after ever longer waits, and set aside after the last. */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { RingfenceError } from '../../errors.js'
import { hasEnded } from '../../store/job-record.js'
import type { GraphStore, JobRecord } from '../../store/store.js'
import { type AddressRules, checkAddress, publicLookup } from './address.js'
import { addJobMessage, addJobMessages, addRunMessages, TOLD_JOBS, TOLD_RUNS } from './outbox.js'
import { sign, webhookSecret } from './signature.js'
import { collectionOf, type Delivery, listDeliveries, moveDelivery, readWebhook, type Webhook } from './webhooks.js'

export interface WebhookSettings extends AddressRules {
  /** From the environment; secrets of webhooks follow from it. Null: there are no webhooks. */
  readonly secret: string | null
}

const TICK_MS = 1000
const SENT_AT_ONCE = 8
/** A receiver that answers later has failed, as its answer may never come. */
const ANSWER_MS = 10_000
/** While an attempt is under way nobody else takes it. */
const LEASE_MS = 4 * ANSWER_MS
/** 10 s, 20 s, 40 s ... 6 h: together about a day. */
const FIRST_WAIT_MS = 10_000
const LONGEST_WAIT_MS = 6 * 3_600_000
export const MOST_ATTEMPTS = 15
/** How long what ended can be looked at and replayed. */
const KEPT_MS = 30 * 86_400_000
const PRUNED_AT_ONCE = 100
/** Jobs that ended within a day and were not told are looked for once a minute. */
const MADE_UP_MS = 86_400_000
const MADE_UP_EVERY_MS = 60_000

const waitAfter = (attempts: number): number => Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), LONGEST_WAIT_MS)

interface Answer {
  readonly status: number | null
  readonly reason: string
}

const post = (
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  { allowPrivate, answerMs }: { readonly allowPrivate: boolean; readonly answerMs: number },
): Promise<Answer> =>
  new Promise((resolve) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      method: 'POST',
      headers,
      agent: false,
      signal: AbortSignal.timeout(answerMs),
      ...(allowPrivate ? {} : { lookup: publicLookup }),
    })
    request.on('response', (response) => {
      const { statusCode: status = 0 } = response
      // Nothing in the answer is read: an endless one costs nothing.
      response.destroy()
      const reason = status >= 300 && status < 400 ? 'a redirect, which is not followed' : `status ${status}`
      resolve({ status, reason })
    })
    request.on('error', (error) => {
      const late = error.name === 'TimeoutError' || error.name === 'AbortError'
      resolve({ status: null, reason: late ? `no answer within ${answerMs / 1000} s` : error.message.slice(0, 200) })
    })
    request.end(body)
  })

export class WebhookDispatcher {
  readonly #store: GraphStore
  readonly #settings: WebhookSettings
  readonly #fault: (error: unknown) => void
  readonly #answerMs: number
  #timer: NodeJS.Timeout | null = null
  #working: Promise<void> = Promise.resolve()
  #isBusy = false
  #stopped = false
  #prunedAt = 0
  #madeUpAt = 0

  /** `answerMs`: how long a receiver has. */
  constructor(store: GraphStore, settings: WebhookSettings, fault: (error: unknown) => void, answerMs = ANSWER_MS) {
    this.#answerMs = answerMs
    this.#store = store
    this.#settings = settings
    this.#fault = fault
  }

  start(): void {
    if (this.#settings.secret === null) return
    this.#timer = setInterval(() => {
      if (!this.#isBusy) this.#work(() => this.tick())
    }, TICK_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer) clearInterval(this.#timer)
    await this.#working
  }

  /** A job of this process has ended. */
  jobEnded(job: JobRecord): void {
    if (this.#settings.secret !== null && hasEnded(job) && !this.#stopped)
      this.#work(() => addJobMessage(this.#store, job))
  }

  #work(task: () => Promise<void>): void {
    this.#isBusy = true
    this.#working = this.#working
      .then(task)
      .catch(this.#fault)
      .finally(() => {
        this.#isBusy = false
      })
  }

  async tick(now = new Date()): Promise<void> {
    await addRunMessages(this.#store, now)
    if (now.getTime() - this.#madeUpAt > MADE_UP_EVERY_MS) {
      this.#madeUpAt = now.getTime()
      await addJobMessages(this.#store, new Date(now.getTime() - MADE_UP_MS).toISOString())
    }
    for (;;) {
      const due = await listDeliveries(this.#store, 'waiting', { upTo: now.toISOString(), limit: SENT_AT_ONCE })
      if (this.#stopped) return
      await Promise.all(due.map((each) => this.#attempt(each)))
      if (due.length < SENT_AT_ONCE) break
    }
    if (now.getTime() - this.#prunedAt > 3_600_000) {
      this.#prunedAt = now.getTime()
      await this.#prune(now)
    }
  }

  async #attempt({ delivery, version }: { readonly delivery: Delivery; readonly version: number }): Promise<void> {
    const attempts = delivery.attempts + 1
    const leased: Delivery = { ...delivery, attempts }
    const until = new Date(Date.now() + LEASE_MS).toISOString()
    const from = { state: 'waiting', version } as const
    if (!(await moveDelivery(this.#store, from, { state: 'waiting', sort: until }, leased))) return
    const answer = await this.#send(leased)
    const at = new Date()
    const last = { at: at.toISOString(), ...answer }
    const isDelivered = answer.status !== null && answer.status >= 200 && answer.status < 300
    const isOver = isDelivered || attempts >= MOST_ATTEMPTS || answer.reason.startsWith('given up')
    const to = isOver
      ? { state: isDelivered ? ('delivered' as const) : ('dead' as const), sort: at.toISOString() }
      : { state: 'waiting' as const, sort: new Date(at.getTime() + waitAfter(attempts)).toISOString() }
    await moveDelivery(this.#store, { state: 'waiting', version: version + 1 }, to, { ...leased, last })
  }

  async #send({ webhook, message }: Delivery): Promise<Answer> {
    let hook: Webhook
    let url: URL
    try {
      hook = await readWebhook(this.#store, webhook)
      url = checkAddress(hook.url, this.#settings)
    } catch (error) {
      if (!(error instanceof RingfenceError) || error.code === 'store.unreachable') throw error
      return { status: null, reason: `given up: ${error.detail}` }
    }
    const body = JSON.stringify(message)
    const timestamp = Math.floor(Date.now() / 1000)
    const headers = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'ringfence',
      'ringfence-id': message.id.replaceAll(/[^ -~]/g, '?'),
      'ringfence-timestamp': String(timestamp),
      'ringfence-signature': sign(webhookSecret(this.#settings.secret!, hook.id), message.id, timestamp, body),
    }
    return post(url, headers, body, { allowPrivate: this.#settings.allowPrivate, answerMs: this.#answerMs })
  }

  async #prune(now: Date): Promise<void> {
    const upTo = new Date(now.getTime() - KEPT_MS).toISOString()
    for (const collection of [collectionOf('delivered'), collectionOf('dead'), TOLD_JOBS, TOLD_RUNS])
      for (;;) {
        const old = await this.#store.listDocuments(collection, { upTo, limit: PRUNED_AT_ONCE })
        const gone = old.map(({ id, version }) => ({ collection, id, expected: version, value: null }))
        if (gone.length > 0 && !(await this.#store.changeDocuments(gone))) break
        if (old.length < PRUNED_AT_ONCE) break
      }
  }
}
