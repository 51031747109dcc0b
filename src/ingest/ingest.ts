/**
 * The way in: files, standard input and streams become batches of validated records for a store. While the store writes one
 * batch the next is read. A bad record, or a file that cannot be read, never stops the good records around it; what was
 * wrong is in the rejects file and in the result.
 */
import { resolve } from 'node:path'
import { RingfenceError } from '../errors.js'
import type { GraphStore } from '../store/store.js'
import { fileSize, type Source, sourceName } from './byte-source.js'
import { type FileRecords, openRecords, type RecordTarget } from './file-records.js'
import { loadMapping } from './mapping.js'
import type { FileFormat, Mapping } from './mapping-types.js'
import { PendingBatch } from './pending-batch.js'
import { RejectsFile } from './rejects.js'

export type { NamedStream, Source } from './byte-source.js'
export type { FileFormat, Mapping } from './mapping-types.js'

export type RejectLimit = { readonly count: number } | { readonly percent: number }

export const DEFAULT_REJECT_LIMIT: RejectLimit = { percent: 1 }

export interface IngestOptions {
  /** Path of a mapping file, a mapping, or null for native records. */
  readonly mapping: string | Mapping | null
  /** Overrides what names, first bytes and mapping say. */
  readonly format?: FileFormat | null
  /** A batch's bytes are re-used once `writeBatch` settled: a sink that keeps them must copy. */
  readonly sink: Pick<GraphStore, 'writeBatch' | 'checkpoint'>
  /**
   * Settles when the sink can take batches. Reading begins before, but nothing is written or removed, neither in the store nor of
   * the rejects file: it may be another process's that holds the store. Where it fails, reading stops and so it is thrown.
   */
  readonly ready?: Promise<unknown>
  /** Null: rejects are counted, not written. */
  readonly rejectsPath?: string | null
  /** Default 1 %. Checked after each batch. */
  readonly maxRejects?: RejectLimit
  /** Stops at the next piece of a file; the batch under way at the store is finished and counted. */
  readonly signal?: AbortSignal
  /** `bytesTotal` is null where a source has no size. Called a few times a second at most by the size of pieces. */
  readonly progress?: (bytesDone: number, bytesTotal: number | null, records: number) => void
  /** Interactions and entities in a batch at most; default 400,000. Stores that write slowly may want less. */
  readonly batchRecords?: number
}

/** A file that gave nothing, or broke off: why. */
export interface FileFailure {
  readonly file: string
  readonly error: RingfenceError
}

export interface IngestResult {
  /** Records read: rows or objects, rejected ones included. One row may make several interactions. */
  readonly read: number
  /** Interactions new to the store. */
  readonly accepted: number
  readonly duplicates: number
  /** Records not taken, and interactions in conflict with a known one. */
  readonly rejected: number
  /** Null where nothing was rejected: there is no such file then. */
  readonly rejectsFile: string | null
  /** Entities new to the store. */
  readonly entities: number
  readonly seconds: number
  readonly outcome: 'done' | 'rejects' | 'too-many-rejects' | 'cancelled'
  readonly failures: readonly FileFailure[]
}

const BATCH_RECORDS = 400_000
/**
 * The first batch is smaller, as until a store has it nothing is done beside reading; then each is twice the one before, which is
 * about what is read while a store writes. The sizes do not follow the clock: the same files give the same batches.
 */
const FIRST_BATCH_RECORDS = 125_000

class Load {
  readonly #options: IngestOptions
  #rejectsFile: Promise<RejectsFile> | null = null
  readonly #limit: RejectLimit
  readonly batchRecords: number
  readonly #totals = { read: 0, accepted: 0, duplicates: 0, rejected: 0, entities: 0 }
  #pending: PendingBatch
  #spare: PendingBatch
  #writing: Promise<void> | null = null
  #wanted: number
  #wrote = false
  #file = ''
  tooMany = false

  constructor(options: IngestOptions, bytesTotal: number | null) {
    this.#options = options
    this.#pending = new PendingBatch(bytesTotal ?? 0)
    this.#spare = new PendingBatch(bytesTotal ?? 0)
    this.#limit = options.maxRejects ?? DEFAULT_REJECT_LIMIT
    this.batchRecords = options.batchRecords ?? BATCH_RECORDS
    this.#wanted = Math.min(FIRST_BATCH_RECORDS, this.batchRecords)
  }

  get pending(): PendingBatch {
    return this.#pending
  }

  get totals(): Readonly<{ read: number; accepted: number; duplicates: number; rejected: number; entities: number }> {
    return this.#totals
  }

  beginFile(file: string, lastLine: number): void {
    this.#file = file
    this.#pending.beginFile(file, lastLine)
  }

  /** Hands the batch over, if it is full, and makes room for the next. */
  async submitIfFull(): Promise<void> {
    if (!this.#pending.isFull(this.#wanted)) return
    await this.submit()
    this.#wanted = Math.min(2 * this.#wanted, this.batchRecords)
  }

  async submit(): Promise<void> {
    await this.settle()
    if (this.tooMany) return
    const batch = this.#pending
    this.#pending = this.#spare
    this.#spare = batch
    this.#pending.clear(this.#file)
    this.#writing = this.#write(batch)
    // Awaited in `settle`; until then a failure must not count as unhandled.
    this.#writing.catch(() => {})
  }

  /** Waits for the batch at the store. */
  async settle(): Promise<void> {
    const writing = this.#writing
    this.#writing = null
    await writing
  }

  /** The rejects file, made when the sink is ready. */
  rejects(): Promise<RejectsFile> {
    this.#rejectsFile ??= (async () => {
      await this.#options.ready
      return RejectsFile.create(this.#options.rejectsPath ?? null)
    })()
    return this.#rejectsFile
  }

  async close(): Promise<void> {
    await (await this.#rejectsFile?.catch(() => null))?.close()
  }

  async #write(batch: PendingBatch): Promise<void> {
    const rejectsFile = await this.rejects()
    const { interactions, entities, interactionCount, entityCount } = batch.lines
    const rejects = [...batch.rejects]
    if (interactionCount + entityCount > 0) {
      const result = await this.#options.sink.writeBatch({
        interactions: interactions.bytes.subarray(0, interactions.length),
        interactionCount,
        entities: entities.bytes.subarray(0, entities.length),
        entityCount,
      })
      this.#wrote = true
      this.#totals.accepted += result.accepted
      this.#totals.duplicates += result.duplicates
      this.#totals.entities += result.entities
      rejects.push(...batch.conflictRejects(result))
    }
    this.#totals.read += batch.read
    this.#totals.rejected += rejects.length
    await rejectsFile.write(rejects)
    this.tooMany = this.#passesLimit()
  }

  #passesLimit(): boolean {
    const { read, rejected } = this.#totals
    return 'count' in this.#limit ? rejected > this.#limit.count : rejected * 100 > read * this.#limit.percent
  }

  async finish(): Promise<void> {
    if (this.#wrote) await this.#options.sink.checkpoint()
  }
}

const totalBytes = async (sources: readonly Source[]): Promise<number | null> => {
  let total = 0
  for (const source of sources) {
    if (typeof source !== 'string' || source === '-') return null
    total += await fileSize(source).catch(() => 0)
  }
  return total
}

const checkRejectsPath = (sources: readonly Source[], path: string | null): void => {
  if (path === null) return
  const same = sources.find(
    (source) => typeof source === 'string' && source !== '-' && resolve(source) === resolve(path),
  )
  if (same !== undefined)
    throw new RingfenceError('usage', `${path} is both a file to read and the rejects file.`, { path })
}

/** Aborts when the caller says so, and when the sink will never be ready: a stream may be silent for long. */
const stopSignal = ({ signal, ready }: IngestOptions): AbortSignal | null => {
  if (ready === undefined) return signal ?? null
  const hopeless = new AbortController()
  ready.catch(() => hopeless.abort())
  return signal === undefined ? hopeless.signal : AbortSignal.any([signal, hopeless.signal])
}

const isFileFailure = (error: unknown): error is RingfenceError =>
  error instanceof RingfenceError && (error.code.startsWith('file.') || error.code === 'mapping.unmatched')

/**
 * Loads `sources` one after the other. Every good record goes in; the result tells the rest. Throws `mapping.invalid` and
 * `file.missing` for the mapping, `usage` for the rejects file, and what `ready` and the store throw: whole batches stay then, and the
 * same call again adds what is missing.
 */
export const ingest = async (sources: readonly Source[], options: IngestOptions): Promise<IngestResult> => {
  const started = performance.now()
  const mapping = typeof options.mapping === 'string' ? await loadMapping(options.mapping) : options.mapping
  checkRejectsPath(sources, options.rejectsPath ?? null)
  const bytesTotal = await totalBytes(sources)
  const load = new Load(options, bytesTotal)
  const failures: FileFailure[] = []
  try {
    const signal = stopSignal(options)
    let bytesBefore = 0
    let lastLine = 0
    for (const source of sources) {
      if (signal?.aborted || load.tooMany) break
      load.beginFile(sourceName(source), lastLine)
      lastLine = 0
      let file: FileRecords | null = null
      const target: RecordTarget = {
        get lines() {
          return load.pending.lines
        },
        get lineBase() {
          return load.pending.lineBase
        },
        record: (line, fault) => load.pending.record(line, fault),
      }
      try {
        file = await openRecords(source, mapping, options.format ?? null, target, load.batchRecords, signal)
        for (let more = true; more && !signal?.aborted && !load.tooMany; ) {
          more = await file.step()
          options.progress?.(bytesBefore + file.bytesDone, bytesTotal, load.totals.read + load.pending.read)
          if (!signal?.aborted) await load.submitIfFull()
        }
      } catch (error) {
        if (signal?.aborted) break
        if (!isFileFailure(error)) throw error
        failures.push({ file: sourceName(source), error })
      } finally {
        lastLine = file?.line ?? 0
        bytesBefore += file?.bytesDone ?? 0
        await file?.close()
      }
    }
    await load.settle()
    if (!signal?.aborted && !load.tooMany) {
      await load.submit()
      await load.settle()
    }
    await load.finish()
    const cancelled = signal?.aborted === true
    return {
      ...load.totals,
      rejectsFile: (await load.rejects()).path,
      seconds: (performance.now() - started) / 1000,
      outcome: cancelled
        ? 'cancelled'
        : load.tooMany
          ? 'too-many-rejects'
          : load.totals.rejected > 0
            ? 'rejects'
            : 'done',
      failures,
    }
  } finally {
    await load.close()
  }
}

/** The command's exit code for a result: 0 done, 2 a file was unusable, 3 done with rejects, 4 too many rejects, 130 cancelled. */
export const ingestExitCode = ({ outcome, failures }: IngestResult): 0 | 2 | 3 | 4 | 130 => {
  if (outcome === 'cancelled') return 130
  if (outcome === 'too-many-rejects') return 4
  if (failures.length > 0) return 2
  return outcome === 'rejects' ? 3 : 0
}
