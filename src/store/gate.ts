/**
 * What both adapters have in common: writes go one after the other, reads beside them, none after the end; and the calls of the
 * port are forwarded to functions of a connection.
 */
import { RingfenceError } from '../errors.js'
import type { GraphStore } from './store.js'
import { WriteQueue } from './write-queue.js'

export interface GateOptions<C> {
  readonly location: string
  /** The connection of the one writer. */
  readonly writer: C
  /** Runs one read on a connection of its own, or on one that reads may share. */
  readonly reading: <T>(work: (connection: C) => Promise<T>) => Promise<T>
  /** What callers get to see of an error of the engine. */
  readonly errorOf: (error: unknown) => unknown
}

export class Gate<C> {
  readonly #options: GateOptions<C>
  readonly #queue = new WriteQueue()
  readonly #reads = new Set<Promise<unknown>>()
  #closed = false

  constructor(options: GateOptions<C>) {
    this.#options = options
  }

  /** Throws `store.unreachable` after `close`. */
  checkOpen(): void {
    if (this.#closed)
      throw new RingfenceError('store.unreachable', `the store ${this.#options.location} was closed by this process.`)
  }

  async write<T>(work: (connection: C) => Promise<T>): Promise<T> {
    this.checkOpen()
    try {
      return await this.#queue.run(() => work(this.#options.writer))
    } catch (error) {
      throw this.#options.errorOf(error)
    }
  }

  async read<T>(work: (connection: C) => Promise<T>): Promise<T> {
    this.checkOpen()
    const result = this.#options.reading(work)
    this.#reads.add(result)
    try {
      return await result
    } catch (error) {
      throw this.#options.errorOf(error)
    } finally {
      this.#reads.delete(result)
    }
  }

  /** Resolves when all writes that were asked for so far are over. */
  written(): Promise<void> {
    return this.#queue.settled()
  }

  /** Lets nothing more in and waits for what is under way. False when it was closed before. */
  async close(): Promise<boolean> {
    if (this.#closed) return false
    this.#closed = true
    await this.#queue.settled()
    await Promise.allSettled(this.#reads)
    return true
  }
}

type ReadCall =
  | 'migrationStatus'
  | 'counts'
  | 'readGraph'
  | 'resolveInteractions'
  | 'readInteractions'
  | 'readEntity'
  | 'readPart'
  | 'readRun'
  | 'listRuns'
  | 'readMemory'
  | 'readHistory'
  | 'readRunEvents'
  | 'readFindings'
  | 'readJob'
  | 'listJobs'
  | 'readJobLog'
  | 'readDocument'
  | 'listDocuments'
  | 'listKeys'
  | 'readModel'
  | 'listModels'
  | 'readChampion'
  | 'listModelChanges'
  | 'readScoring'
  | 'listScorings'
  | 'readScore'
  | 'readScores'
  | 'readPropagation'
  | 'listPropagations'
  | 'readRisk'
  | 'readRiskRows'
  | 'listLabels'
  | 'readLabel'
  | 'lastLabel'
  | 'listAudit'
  | 'readAuditHead'
type WriteCall =
  | 'migrate'
  | 'writeBatch'
  | 'saveRun'
  | 'createJob'
  | 'addModel'
  | 'changeChampion'
  | 'saveScoring'
  | 'savePropagation'
  | 'claimJob'
  | 'keepJob'
  | 'endJob'
  | 'releaseJob'
  | 'dropLeases'
  | 'cancelJob'
  | 'retryJob'
  | 'changeDocuments'
  | 'createKey'
  | 'revokeKey'
  | 'decide'

type Calls<C, Name extends ReadCall | WriteCall> = {
  readonly [N in Name]: (connection: C, ...args: Parameters<GraphStore[N]>) => ReturnType<GraphStore[N]>
}

type AnyCall<C> = (connection: C, ...args: readonly unknown[]) => Promise<unknown>

/** The calls of the port that are nothing but a read, or a write, of the engine. */
export const forward = <C>(
  gate: Gate<C>,
  reads: Calls<C, ReadCall>,
  writes: Calls<C, WriteCall>,
): Pick<GraphStore, ReadCall | WriteCall> => {
  const through = (calls: object, pass: Gate<C>['read']) =>
    Object.entries(calls as Readonly<Record<string, AnyCall<C>>>).map(
      ([name, call]) => [name, (...args: unknown[]) => pass((connection) => call(connection, ...args))] as const,
    )
  const entries = [...through(reads, (work) => gate.read(work)), ...through(writes, (work) => gate.write(work))]
  // The types of both tables say that each name has the call that the port wants.
  return Object.fromEntries(entries) as unknown as Pick<GraphStore, ReadCall | WriteCall>
}
