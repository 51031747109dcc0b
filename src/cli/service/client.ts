/** Talks to a running service over HTTP, with the key in RINGFENCE_API_KEY; its problems come back as coded errors. */
import { type ErrorCode, errorTable, RingfenceError } from '../../errors.js'

/** How often a request that was refused for its rate is sent again, as long as Retry-After says each time. */
const RATE_TRIES = 10
const LONGEST_WAIT_S = 60

interface Problem {
  readonly code?: unknown
  readonly detail?: unknown
  readonly title?: unknown
}

const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(errorTable, code)

/** Waits, unless the signal comes first. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })

export interface ServiceRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: string
  readonly type?: 'application/json' | 'application/x-ndjson'
  readonly key?: string
  /** Default: the command's own. A cancel must go out though the command was stopped. */
  readonly signal?: AbortSignal | null
}

export class ServiceClient {
  /** Without a slash at the end. */
  readonly address: string
  readonly signal: AbortSignal

  constructor(address: string, signal: AbortSignal) {
    this.address = address.replace(/\/+$/, '')
    this.signal = signal
  }

  pause(ms: number): Promise<void> {
    return pause(ms, this.signal)
  }

  async #send(path: string, request: ServiceRequest): Promise<Response> {
    const { method = 'GET', body, type = 'application/json', key } = request
    const signal = request.signal === undefined ? this.signal : request.signal
    const apiKey = process.env.RINGFENCE_API_KEY
    try {
      return await fetch(`${this.address}${path}`, {
        method,
        signal,
        headers: {
          accept: 'application/json, application/problem+json',
          ...(body === undefined ? {} : { 'content-type': type }),
          ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body }),
      })
    } catch (error) {
      if (signal?.aborted) throw new RingfenceError('job.cancelled', 'The request was stopped.', {}, { cause: error })
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
      throw new RingfenceError(
        'store.unreachable',
        `no answer from the service at ${this.address} (${cause}).`,
        {},
        { cause: error },
      )
    }
  }

  /** The body of the answer; throws what the service says is wrong, under the service's own code. */
  async json(path: string, request: ServiceRequest = {}): Promise<unknown> {
    for (let tries = 1; ; tries++) {
      const response = await this.#send(path, request)
      const text = await response.text()
      // A key that is not known will not be known after a minute either.
      const isRefused = response.status === 429 && !text.includes('"auth.rate"')
      if (isRefused && tries < RATE_TRIES && !this.signal.aborted) {
        const seconds = Number(response.headers.get('retry-after'))
        await this.pause(1000 * Math.min(LONGEST_WAIT_S, seconds > 0 ? seconds : 1))
        continue
      }
      let value: unknown = null
      try {
        value = text === '' ? null : JSON.parse(text)
      } catch {
        throw new RingfenceError(
          'store.unreachable',
          `${this.address} answered ${response.status} with something that is not JSON: is it a Ringfence service?`,
        )
      }
      if (response.ok) return value
      throw this.#problem(response.status, value as Problem | null)
    }
  }

  /** The bytes of an answer, each piece waited for. Throws as `json` does, and `store.unreachable` when it was cut off. */
  async download(path: string, take: (piece: Uint8Array) => Promise<void>): Promise<void> {
    const response = await this.#send(path, {})
    if (!response.ok) {
      const text = await response.text()
      let problem: Problem | null = null
      try {
        problem = JSON.parse(text) as Problem
      } catch {
        // What it says is not of ours.
      }
      throw this.#problem(response.status, problem)
    }
    const reader = response.body?.getReader()
    for (;;) {
      const next = await reader?.read().catch((error: unknown) => {
        if (this.signal.aborted)
          throw new RingfenceError('job.cancelled', 'The download was stopped.', {}, { cause: error })
        throw new RingfenceError('store.unreachable', `${this.address} cut off its answer.`, {}, { cause: error })
      })
      if (!next || next.done) return
      await take(next.value)
    }
  }

  #problem(status: number, problem: Problem | null): RingfenceError {
    const told = typeof problem?.detail === 'string' ? problem.detail : String(problem?.title ?? '')
    const detail = `${told === '' ? `status ${status}` : told} (the service at ${this.address})`
    return new RingfenceError(isErrorCode(problem?.code) ? problem.code : 'internal', detail, { status })
  }
}
