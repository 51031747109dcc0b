/**
 * A sparse graph times a dense matrix: what each node gets from its neighbours, and the gradients of that.
 *
 * With N(r) the columns of row r of a CSR and x a dense matrix of one row a column of it:
 *   mean  y[r] = 1/|N(r)| sum of x[c] over c in N(r);       dx[c] = sum of dy[r] / |N(r)| over the rows r that have c
 *   max   y[r, f] = max of x[c, f] over c in N(r), the first c in the order of the row where several are equal;
 *         dx[c, f] = sum of dy[r, f] over the rows r whose winner for f is c (a subgradient)
 * A row without neighbours gives zeros and takes no gradient. Weights of the CSR are not read; a parallel entry counts again.
 *
 * William L. Hamilton, Rex Ying, Jure Leskovec, "Inductive Representation Learning on Large Graphs", NeurIPS 2017,
 * arXiv:1706.02216, equations 1 to 3 (mean and pooling aggregators).
 *
 * This is the plain twin. `sparse-dense-simd.ts` computes the same with vector instructions.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import { type Csr, transpose } from './csr.js'

export interface Maxima {
  /** rowCount x width. */
  readonly values: Float32Array
  /** The column that each value came from; -1 in rows without neighbours. */
  readonly winners: Int32Array
}

/** Products with one sparse matrix. Dense matrices are row-major; every call returns a new array. */
export interface SparseDense {
  readonly rowCount: number
  readonly columnCount: number
  /** columnCount x width to rowCount x width. */
  mean(x: Float32Array, width: number): Float32Array
  /** rowCount x width to columnCount x width. */
  meanGradient(dy: Float32Array, width: number): Float32Array
  max(x: Float32Array, width: number): Maxima
  /** `winners` are those of the product whose gradient is wanted. */
  maxGradient(dy: Float32Array, winners: Int32Array, width: number): Float32Array
}

/** 1 / number of neighbours, 0 where there are none. */
export const reciprocalDegrees = ({ rowCount, offsets }: Csr): Float32Array => {
  const reciprocal = new Float32Array(rowCount)
  for (let r = 0; r < rowCount; r++) {
    const degree = offsets[r + 1]! - offsets[r]!
    reciprocal[r] = degree > 0 ? 1 / degree : 0
  }
  return reciprocal
}

/** Rows of `x` times one factor each. */
export const scaleRows = (x: Float32Array, factors: Float32Array, width: number): Float32Array => {
  const scaled = new Float32Array(x.length)
  for (let r = 0, at = 0; r < factors.length; r++) {
    const factor = factors[r]!
    for (let f = 0; f < width; f++, at++) scaled[at] = x[at]! * factor
  }
  return scaled
}

/** Throws RangeError where `x` is not rows x width. */
export const checkDense = (x: Float32Array, rows: number, width: number): void => {
  if (!(Number.isInteger(width) && width > 0) || x.length !== rows * width)
    throw new RangeError(`a dense matrix of ${rows} x ${width} was expected, not ${x.length} values`)
}

/** Adds dy to the rows that won: n x width additions, whatever the number of edges. */
export const scatterToWinners = (
  dy: Float32Array,
  winners: Int32Array,
  width: number,
  columnCount: number,
): Float32Array => {
  const dx = new Float32Array(columnCount * width)
  const rows = dy.length / width
  for (let r = 0, at = 0; r < rows; r++)
    for (let f = 0; f < width; f++, at++) {
      const winner = winners[at]!
      if (winner >= 0) dx[winner * width + f]! += dy[at]!
    }
  return dx
}

class PlainSparseDense implements SparseDense {
  readonly rowCount: number
  readonly columnCount: number
  readonly #csr: Csr
  readonly #transposed: Csr
  readonly #reciprocal: Float32Array
  readonly #check: Check

  constructor(csr: Csr, check: Check) {
    this.rowCount = csr.rowCount
    this.columnCount = csr.columnCount
    this.#csr = csr
    this.#transposed = transpose(csr, check)
    this.#reciprocal = reciprocalDegrees(csr)
    this.#check = check
  }

  mean(x: Float32Array, width: number): Float32Array {
    checkDense(x, this.columnCount, width)
    const sums = this.#sum(this.#csr, x, width)
    for (let r = 0, at = 0; r < this.rowCount; r++) {
      const factor = this.#reciprocal[r]!
      for (let f = 0; f < width; f++, at++) sums[at]! *= factor
    }
    return sums
  }

  meanGradient(dy: Float32Array, width: number): Float32Array {
    checkDense(dy, this.rowCount, width)
    return this.#sum(this.#transposed, scaleRows(dy, this.#reciprocal, width), width)
  }

  max(x: Float32Array, width: number): Maxima {
    checkDense(x, this.columnCount, width)
    const { offsets, columns } = this.#csr
    const values = new Float32Array(this.rowCount * width)
    const winners = new Int32Array(this.rowCount * width).fill(-1)
    let sinceCheck = 0
    for (let r = 0; r < this.rowCount; r++) {
      const to = r * width
      const begin = offsets[r]!
      const end = offsets[r + 1]!
      if (begin === end) continue
      values.fill(-Infinity, to, to + width)
      for (let k = begin; k < end; k++) {
        const c = columns[k]!
        const from = c * width
        for (let f = 0; f < width; f++) {
          const value = x[from + f]!
          if (value > values[to + f]!) {
            values[to + f] = value
            winners[to + f] = c
          }
        }
      }
      sinceCheck += (end - begin) * width
      if (sinceCheck > checkInterval) {
        sinceCheck = 0
        this.#check()
      }
    }
    return { values, winners }
  }

  maxGradient(dy: Float32Array, winners: Int32Array, width: number): Float32Array {
    checkDense(dy, this.rowCount, width)
    return scatterToWinners(dy, winners, width, this.columnCount)
  }

  #sum({ rowCount, offsets, columns }: Csr, x: Float32Array, width: number): Float32Array {
    const sums = new Float32Array(rowCount * width)
    let sinceCheck = 0
    for (let r = 0; r < rowCount; r++) {
      const to = r * width
      for (let k = offsets[r]!, end = offsets[r + 1]!; k < end; k++) {
        const from = columns[k]! * width
        for (let f = 0; f < width; f++) sums[to + f]! += x[from + f]!
      }
      sinceCheck += (offsets[r + 1]! - offsets[r]!) * width
      if (sinceCheck > checkInterval) {
        sinceCheck = 0
        this.#check()
      }
    }
    return sums
  }
}

/** Products with `csr` in plain TypeScript. `check` is called now and then and stops by throwing. */
export const plainSparseDense = (csr: Csr, check: Check = neverCancelled): SparseDense =>
  new PlainSparseDense(csr, check)
