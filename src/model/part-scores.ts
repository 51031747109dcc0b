import type { LabelledParts } from './splits.js'

/** Puts each part's scores where they belong: on its own rows as they are, on rows without a label in equal shares. */
export class PartScores {
  readonly scores: Float64Array
  readonly #parts: LabelledParts
  readonly #isLabelled: Uint8Array

  constructor(nodes: number, parts: LabelledParts) {
    this.scores = new Float64Array(nodes)
    this.#parts = parts
    this.#isLabelled = new Uint8Array(nodes)
    for (const row of parts.rows) this.#isLabelled[row] = 1
  }

  /** `scores` has every node; `share` is what one model counts among those of its part. */
  add(part: number, scores: Float64Array, share = 1): void {
    const own = this.#parts.part
    for (let v = 0; v < scores.length; v++) {
      if (this.#isLabelled[v] === 0) this.scores[v]! += (share * scores[v]!) / this.#parts.count
      else if (own[v] === part) this.scores[v]! += share * scores[v]!
    }
  }
}
