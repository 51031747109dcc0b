/**
 * What has come into the store since a graph was read, in the order of writing, for the thread that repairs risk. Whether a batch is in the graph already
 * follows from counts: batches are written whole and one after the other, so the number of interactions in a graph says which is its last one. What cannot be told
 * apart (a batch that was known in part, another process' writes) is counted as waiting, until the graph is read again.
 */
import type { BatchResult, RecordBatch } from '../store/record-batch.js'

/** Interactions that one thread takes in; beyond, reading the graph again costs less. */
export const MOST_REPAIRED = 20_000
/** A question waits for one piece at most: some milliseconds. */
const PIECE_LINES = 200
/** What waits to be taken in is held in memory. */
const MOST_BYTES = 32 * 2 ** 20

interface Arrival {
  readonly accepted: number
  /** Null: which of its lines are new is not known, or they are too many. */
  readonly lines: Uint8Array | null
}

const NEWLINE = 10

function* piecesOf(lines: Uint8Array): Generator<Uint8Array> {
  let from = 0
  let count = 0
  for (let at = 0; at < lines.length; at++)
    if (lines[at] === NEWLINE && (++count === PIECE_LINES || at === lines.length - 1)) {
      yield lines.slice(from, at + 1)
      from = at + 1
      count = 0
    }
  if (from < lines.length) yield lines.slice(from)
}

export class ArrivalQueue {
  #waiting: Arrival[] = []
  #bytes = 0
  /** Interactions of the store that are in the graph or came through here. */
  #known = 0
  /** Came through here and were not taken in. */
  #left = 0
  /** In the store beyond what came through here, when that was last looked at. */
  #foreign = 0
  #repaired = 0
  #repairedAt: Date | null = null
  #isDraining = false
  #isOpen = false

  /** A batch of this process was written. */
  push(batch: RecordBatch, { accepted, duplicates, conflicts }: BatchResult): void {
    if (accepted === 0) return
    const isNew = duplicates === 0 && conflicts.length === 0
    const toTake = this.#waiting.reduce((sum, each) => sum + (each.lines === null ? 0 : each.accepted), accepted)
    const fits = this.#bytes + batch.interactions.length <= MOST_BYTES && this.#repaired + toTake <= MOST_REPAIRED
    // The bytes are used again by who made the batch.
    const lines = isNew && fits ? batch.interactions.slice() : null
    this.#bytes += lines?.length ?? 0
    this.#waiting.push({ accepted, lines })
  }

  /**
   * Drops what the graph, of `inGraph` interactions, had already when it was read. `count` says how many the store has now; it is asked again where
   * a batch was written meanwhile.
   */
  async begin(inGraph: number, count: () => Promise<number>): Promise<void> {
    for (;;) {
      const seen = this.#waiting.length
      const inStore = await count()
      if (seen !== this.#waiting.length) continue
      let after = 0
      let first = seen
      while (first > 0 && inGraph + after < inStore) after += this.#waiting[--first]!.accepted
      if (inGraph + after === inStore) this.#waiting = this.#waiting.slice(first)
      else {
        // Others wrote too.
        this.#foreign = Math.max(0, inStore - inGraph)
        this.#waiting = []
      }
      this.#known = inGraph
      this.#bytes = this.#waiting.reduce((sum, { lines }) => sum + (lines?.length ?? 0), 0)
      this.#isOpen = true
      return
    }
  }

  /** Hands over what waits, piece by piece; `take` says how many of a piece it could not take in. */
  async drain(take: (lines: Uint8Array) => Promise<{ readonly taken: number; readonly left: number }>): Promise<void> {
    if (this.#isDraining || !this.#isOpen) return
    this.#isDraining = true
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        let taken = 0
        try {
          if (next.lines !== null)
            for (const piece of piecesOf(next.lines)) {
              const repair = await take(piece)
              taken += repair.taken
              this.#repaired += repair.taken
              this.#repairedAt = new Date()
            }
        } finally {
          this.#waiting.shift()
          this.#bytes -= next.lines?.length ?? 0
          this.#known += next.accepted
          this.#left += next.accepted - taken
        }
      }
    } finally {
      this.#isDraining = false
    }
  }

  /** Compares with how many interactions the store has. */
  compare(inStore: number): void {
    this.#foreign = Math.max(0, inStore - this.#known - this.#queued)
  }

  /** Interactions taken in since the graph was read. */
  get repaired(): number {
    return this.#repaired
  }

  get repairedAt(): Date | null {
    return this.#repairedAt
  }

  /** Interactions of the store that are not taken in. */
  get waiting(): number {
    return this.stuck + this.#queued
  }

  /** Of them, those that need the graph to be read again. */
  get stuck(): number {
    return this.#left + this.#foreign
  }

  get #queued(): number {
    return this.#waiting.reduce((sum, { accepted }) => sum + accepted, 0)
  }
}
