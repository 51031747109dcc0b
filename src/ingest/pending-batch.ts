import type { Reject } from '../errors.js'
import type { BatchResult } from '../store/record-batch.js'
import type { RecordTarget } from './file-records.js'
import type { RecordFault } from './record-reader.js'
import { makeReject } from './rejects.js'
import { BatchLines } from './row-encoder.js'

const BATCH_BYTES = 48 * 2 ** 20
/** A batch ends with a piece of a file, so that it takes a little more. */
const ROOM_BEHIND = 4 * 2 ** 20
/** A row of CSV becomes a line of about so many times its bytes. */
const LINE_PER_ROW = 3
/** So many rejects end a batch too: they are held in memory, and the limit on them is checked at a batch's end. */
const BATCH_REJECTS = 10_000

/** A batch in the making, and what was read for it. */
export class PendingBatch implements RecordTarget {
  readonly lines: BatchLines
  readonly rejects: Reject[] = []
  read = 0
  lineBase = 0
  #segments: { readonly file: string; readonly base: number }[] = []
  #file = ''

  /** `fileBytes`: what there is to read, 0 where nobody knows. Growing on the way costs copies. */
  constructor(fileBytes: number) {
    this.lines = new BatchLines(Math.min(BATCH_BYTES + ROOM_BEHIND, fileBytes * LINE_PER_ROW), 0)
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

  /** Whether it holds `records`, or what else ends a batch. */
  isFull(records: number): boolean {
    const { interactions, entities, interactionCount, entityCount } = this.lines
    return (
      interactionCount + entityCount >= records ||
      interactions.length + entities.length >= BATCH_BYTES ||
      this.rejects.length >= BATCH_REJECTS
    )
  }

  /** The conflicts that a store found in it, with their files and lines. */
  conflictRejects(result: BatchResult): readonly Reject[] {
    return result.conflicts.map(({ line, id }) => {
      const segment = this.#segments.findLast(({ base }) => base < line) ?? { file: this.#file, base: 0 }

      const { file, base } = segment
      return makeReject(file, line - base, { code: 'interaction.conflict', field: 'id', value: id, detail: '' })
    })
  }
}
