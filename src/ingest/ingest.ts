/**
 * The way in: files, standard input and streams become batches of validated records for a store. While the store writes one
 * batch the next is read. A bad record, or a file that cannot be read, never stops the good records around it; what was
 * wrong is in the rejects file and in the result.
 */
import { resolve } from 'node:path'
import { type Reject, RingfenceError } from '../errors.js'
import type { BatchResult } from '../store/record-batch.js'
import type { GraphStore } from '../store/store.js'
import { fileSize, type Source, sourceName } from './byte-source.js'
import { type FileRecords, openRecords, type RecordTarget } from './file-records.js'
import { loadMapping } from './mapping.js'
import type { FileFormat, Mapping } from './mapping-types.js'
import type { RecordFault } from './record-reader.js'
import { makeReject, RejectsFile } from './rejects.js'
import { BatchLines } from './row-encoder.js'

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
  /** Null: rejects are counted, not written. */
  readonly rejectsPath?: string | null
  /** Default 1 %. Checked after each batch. */
  readonly maxRejects?: RejectLimit
  /** Stops at the next piece of a file; the batch under way at the store is finished and counted. */
  readonly signal?: AbortSignal
  /** `bytesTotal` is null where a source has no size. Called a few times a second at most by the size of pieces. */
  readonly progress?: (bytesDone: number, bytesTotal: number | null, records: number) => void
  /** Interactions and entities in a batch; default 400,000. Stores that write slowly may want less. */
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
const BATCH_BYTES = 48 * 2 ** 20
/** A batch ends with a piece of a file, so that it takes a little more. */
const ROOM_BEHIND = 4 * 2 ** 20
/** A row of CSV becomes a line of about so many times its bytes. */
const LINE_PER_ROW = 3
/** So many rejects end a batch too: they are held in memory, and the limit on them is checked at a batch's end. */
const BATCH_REJECTS = 10_000

/** A batch in the making, and what was read for it. */
class PendingBatch implements RecordTarget {
  readonly lines: BatchLines
  readonly rejects: Reject[] = []
  read = 0
  lineBase = 0
  #segments: { readonly file: string; readonly base: number }[] = []
  #file = ''

  /** `bytes`: what the interactions will take, roughly, as growing on the way costs copies. */
  constructor(bytes: number) {
    this.lines = new BatchLines(bytes, 0)
  }

  /** From here on records come from `file`; `lastLine` is the last line number that the former file can have used. */
  beginFile(file: string, lastLine: number): void {
    this.lineBase += lastLine
    this.#file = file
    this.#segments.push({ file, base: this.lineBase })
  }

  clear(file: string): void {
    this.lines.clear()
    this.rejects.length = 0
    this.read = 0
    this.lineBase = 0
    this.#file = file
    this.#segments = [{ file, base: 0 }]
  }

  record(line: number, fault: RecordFault | null): void {
    this.read++
    if (fault !== null) this.rejects.push(makeReject(this.#file, line, fault))
  }

  isFull(records: number): boolean {
    const { interactions, entities, interactionCount, entityCount } = this.lines
    return (
      interactionCount + entityCount >= records ||
      interactions.length + entities.length >= BATCH_BYTES ||
      this.rejects.length >= BATCH_REJECTS
    )
  }

  conflictRejects(result: BatchResult): readonly Reject[] {
    return result.conflicts.map(({ line, id }) => {
      const segment = this.#segments.findLast(({ base }) => base < line) ?? { file: this.#file, base: 0 }

      const { file, base } = segment
      return makeReject(file, line - base, { code: 'interaction.conflict', field: 'id', value: id, detail: '' })
    })
  }
}

class Load {
  readonly #options: IngestOptions
  readonly #rejectsFile: RejectsFile
  readonly #limit: RejectLimit
  readonly #batchRecords: number
  readonly #totals = { read: 0, accepted: 0, duplicates: 0, rejected: 0, entities: 0 }
  #pending: PendingBatch
  #spare: PendingBatch
  #writing: Promise<void> | null = null
  #wrote = false
  #file = ''
  tooMany = false

  constructor(options: IngestOptions, rejectsFile: RejectsFile, bytesTotal: number | null) {
    this.#options = options
    this.#rejectsFile = rejectsFile
    const bytes = Math.min(BATCH_BYTES + ROOM_BEHIND, (bytesTotal ?? 0) * LINE_PER_ROW)
    this.#pending = new PendingBatch(bytes)
    this.#spare = new PendingBatch(bytes)
    this.#limit = options.maxRejects ?? DEFAULT_REJECT_LIMIT
    this.#batchRecords = options.batchRecords ?? BATCH_RECORDS
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
    if (this.#pending.isFull(this.#batchRecords)) await this.submit()
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

  async #write(batch: PendingBatch): Promise<void> {
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
    await this.#rejectsFile.write(rejects)
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

const isFileFailure = (error: unknown): error is RingfenceError =>
  error instanceof RingfenceError && (error.code.startsWith('file.') || error.code === 'mapping.unmatched')

/**
 * Loads `sources` one after the other. Every good record goes in; the result tells the rest. Throws `mapping.invalid` and
 * `file.missing` for the mapping, `usage` for the rejects file, and what the store throws: whole batches stay then, and the
 * same call again adds what is missing.
 */
export const ingest = async (sources: readonly Source[], options: IngestOptions): Promise<IngestResult> => {
  const started = performance.now()
  const mapping = typeof options.mapping === 'string' ? await loadMapping(options.mapping) : options.mapping
  const rejectsPath = options.rejectsPath ?? null
  checkRejectsPath(sources, rejectsPath)
  const rejectsFile = await RejectsFile.create(rejectsPath)
  const bytesTotal = await totalBytes(sources)
  const load = new Load(options, rejectsFile, bytesTotal)
  const failures: FileFailure[] = []
  try {
    const { signal } = options
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
        file = await openRecords(source, mapping, options.format ?? null, target, options.batchRecords ?? BATCH_RECORDS)
        for (let more = true; more && !signal?.aborted && !load.tooMany; ) {
          more = await file.step()
          options.progress?.(bytesBefore + file.bytesDone, bytesTotal, load.totals.read + load.pending.read)
          if (!signal?.aborted) await load.submitIfFull()
        }
      } catch (error) {
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
      rejectsFile: rejectsFile.path,
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
    await rejectsFile.close()
  }
}

/** The command's exit code for a result: 0 done, 2 a file was unusable, 3 done with rejects, 4 too many rejects, 130 cancelled. */
export const ingestExitCode = ({ outcome, failures }: IngestResult): 0 | 2 | 3 | 4 | 130 => {
  if (outcome === 'cancelled') return 130
  if (outcome === 'too-many-rejects') return 4
  if (failures.length > 0) return 2
  return outcome === 'rejects' ? 3 : 0
}
