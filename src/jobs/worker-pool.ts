/**
 * A few worker threads for the numeric work of one job. Tasks go to whichever thread is free; their results do not depend on
 * which, so one thread or many give the same bytes.
 */
import { Worker } from 'node:worker_threads'
import { RingfenceError } from '../errors.js'
import type { ResultOf, Task, WorkerMessage } from './tasks.js'

/** A kernel looks at the flag many times a second; a thread that has not answered by then is ended. */
const CANCEL_GRACE_MS = 700

interface Pending {
  readonly task: Task
  readonly progress: (step: string, done: number) => void
  readonly keep: (step: string, bytes: Uint8Array) => void
  readonly resolve: (result: never) => void
  readonly reject: (error: Error) => void
}

export class WorkerPool {
  readonly #size: number
  readonly #cancel = new Int32Array(new SharedArrayBuffer(4))
  readonly #idle: Worker[] = []
  readonly #busy = new Map<Worker, Pending>()
  readonly #queue: Pending[] = []
  #closed = false
  readonly #signal: AbortSignal | null
  readonly #onAbort = (): void => this.#cancelAll()

  /** `size`: at most so many threads; they start when there is work. `signal` cancels everything under way. */
  constructor(size: number, signal: AbortSignal | null = null) {
    this.#size = size
    this.#signal = signal
    if (signal?.aborted) this.#cancelAll()
    else signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** `keep` gets steps that the task has finished, to be handed to it again should it be stopped. */
  run<T extends Task>(
    task: T,
    progress: (step: string, done: number) => void = () => {},
    keep: (step: string, bytes: Uint8Array) => void = () => {},
  ): Promise<ResultOf<T>> {
    return new Promise((resolve, reject) => {
      if (this.#closed) reject(new RingfenceError('job.cancelled', 'The job was cancelled before this step.'))
      else {
        this.#queue.push({ task, progress, keep, resolve, reject })
        this.#dispatch()
      }
    })
  }

  /** Ends the threads. Tasks still under way are rejected. */
  async close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#closed = true
    const error = new RingfenceError('job.cancelled', 'The job ended while a step was under way.')
    for (const pending of this.#queue.splice(0)) pending.reject(error)
    const workers = [...this.#idle, ...this.#busy.keys()]
    for (const pending of this.#busy.values()) pending.reject(error)
    this.#busy.clear()
    await Promise.all(workers.map((worker) => worker.terminate()))
  }

  #cancelAll(): void {
    this.#closed = true
    Atomics.store(this.#cancel, 0, 1)
    const error = new RingfenceError('job.cancelled', 'The job was cancelled.')
    for (const pending of this.#queue.splice(0)) pending.reject(error)
    setTimeout(() => {
      for (const [worker, pending] of this.#busy) {
        pending.reject(error)
        void worker.terminate()
      }
      this.#busy.clear()
    }, CANCEL_GRACE_MS).unref()
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const worker = this.#idle.pop() ?? (this.#busy.size < this.#size ? this.#start() : undefined)
      if (!worker) return
      const pending = this.#queue.shift()!
      this.#busy.set(worker, pending)
      worker.postMessage(pending.task)
    }
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: { cancel: this.#cancel.buffer } })
    worker.on('message', (message: WorkerMessage) => {
      const pending = this.#busy.get(worker)
      if (!pending) return
      if ('progress' in message) {
        pending.progress(message.progress.step, message.progress.done)
        return
      }
      if ('kept' in message) {
        pending.keep(message.kept.step, message.kept.bytes)
        return
      }
      this.#busy.delete(worker)
      this.#idle.push(worker)
      if ('result' in message) pending.resolve(message.result as never)
      else pending.reject(new RingfenceError(message.error.code, message.error.detail, message.error.facts))
      this.#dispatch()
    })
    const lost = (why: string) => {
      const pending = this.#busy.get(worker)
      this.#busy.delete(worker)
      const index = this.#idle.indexOf(worker)
      if (index >= 0) this.#idle.splice(index, 1)
      pending?.reject(new RingfenceError('worker.failed', `${why} (step ${pending.task.name}).`))
    }
    worker.on('error', (error) => lost(error.message))
    worker.on('exit', (code) => lost(`A worker thread ended with code ${code}`))
    return worker
  }
}
