/**
 * Rows of a sparse matrix that share rare columns, without comparing all pairs.
 *
 * Each row keeps a sample of its columns: those of least rank  -ln(h(c)) d(c),  h(c) a hash of the column in (0, 1) and d(c) its
 * number of entries. The rank is the same in every row, so rows that share columns tend to keep the same ones, and rare columns are kept first:
 * a popular column that many rows share, or that a row adds as camouflage, pushes nothing out. Rows that keep the same column are compared with
 * the next few that keep it. Edith Cohen and Haim Kaplan, "Summarizing Data using Bottom-k Sketches", PODC 2007, 225-234 (coordinated weighted samples);
 * Andrei Z. Broder, "On the Resemblance and Containment of Documents", SEQUENCES 1997, 21-29.
 *
 * Rows that share s kept columns form a pair of weight s; below `least` it is dropped. Time: rows x sample x reach at most.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import type { Csr } from './csr.js'

export interface SimilarOptions {
  /** Columns that a row keeps, 1 to 255. */
  readonly sample: number
  /** How many further rows that keep the same column a row is compared with. */
  readonly reach: number
  /** Shared kept columns that make a pair. */
  readonly least: number
  /** Rows with fewer columns are compared with none; default `least`. */
  readonly leastDegree?: number
  readonly seed: number
  readonly check?: Check
}

export interface SimilarRows {
  /** a[i] < b[i], each pair once, ordered by a, then by first meeting. */
  readonly a: Int32Array
  readonly b: Int32Array
  /** Kept columns that the two share. */
  readonly shared: Float64Array
}

/** Uniform in (0, 1), the same for the same column and seed (the finalizer of MurmurHash3, public domain, Austin Appleby). */
const unitHash = (value: number, seed: number): number => {
  let x = Math.imul(value + 1, 0x9e3779b1) ^ seed
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32 + 2 ** -34
}

/** The kept columns of each row, `sample` places a row, -1 where it has fewer. */
const keptColumns = (
  { rowCount, offsets, columns }: Csr,
  rank: Float64Array,
  { sample, least, leastDegree = least }: SimilarOptions,
  check: Check,
): Int32Array => {
  const kept = new Int32Array(rowCount * sample).fill(-1)
  const ranks = new Float64Array(sample)
  for (let row = 0; row < rowCount; row++) {
    if ((row & 4095) === 0) check()
    const from = offsets[row]!
    const to = offsets[row + 1]!
    if (to - from < leastDegree) continue
    const base = row * sample
    let size = 0
    for (let k = from; k < to; k++) {
      const column = columns[k]!
      const value = rank[column]!
      if (size === sample && value >= ranks[size - 1]!) continue
      let place = size < sample ? size++ : size - 1
      while (place > 0 && ranks[place - 1]! > value) {
        ranks[place] = ranks[place - 1]!
        kept[base + place] = kept[base + place - 1]!
        place--
      }
      ranks[place] = value
      kept[base + place] = column
    }
  }
  return kept
}

/** Pairs of rows that share at least `least` kept columns. `degree`: entries of each column. Columns of one entry tie nothing and are not kept. */
export const similarRows = (matrix: Csr, degree: Int32Array, options: SimilarOptions): SimilarRows => {
  const { rowCount } = matrix
  const { sample, reach, least, seed, check = neverCancelled } = options
  const columnCount = degree.length
  const rank = new Float64Array(columnCount)
  for (let c = 0; c < columnCount; c++) rank[c] = degree[c]! < 2 ? Infinity : -Math.log(unitHash(c, seed)) * degree[c]!
  const kept = keptColumns(matrix, rank, options, check)
  // Rows that keep each column, ascending.
  const offsets = new Int32Array(columnCount + 1)
  for (let i = 0; i < kept.length; i++) if (kept[i]! >= 0 && degree[kept[i]!]! >= 2) offsets[kept[i]! + 1]!++
  for (let c = 0; c < columnCount; c++) offsets[c + 1]! += offsets[c]!
  const keepers = new Int32Array(offsets[columnCount]!)
  const place = new Int32Array(kept.length).fill(-1)
  const next = offsets.slice(0, columnCount)
  for (let row = 0; row < rowCount; row++)
    for (let i = row * sample; i < (row + 1) * sample; i++) {
      const column = kept[i]!
      if (column < 0 || degree[column]! < 2) continue
      place[i] = next[column]!
      keepers[next[column]!++] = row
    }
  const tally = new Int32Array(rowCount)
  const touched = new Int32Array(sample * reach)
  let a = new Int32Array(1024)
  let b = new Int32Array(1024)
  let shared = new Float64Array(1024)
  let count = 0
  let steps = 0
  for (let row = 0; row < rowCount; row++) {
    let touchedCount = 0
    for (let i = row * sample; i < (row + 1) * sample && kept[i]! >= 0; i++) {
      if (place[i]! < 0) continue
      const end = Math.min(offsets[kept[i]! + 1]!, place[i]! + 1 + reach)
      for (let k = place[i]! + 1; k < end; k++) {
        const other = keepers[k]!
        if (tally[other]!++ === 0) touched[touchedCount++] = other
      }
    }
    for (let i = 0; i < touchedCount; i++) {
      const other = touched[i]!
      const common = tally[other]!
      tally[other] = 0
      if (common < least) continue
      if (count === a.length) {
        a = doubled(a, new Int32Array(count * 2))
        b = doubled(b, new Int32Array(count * 2))
        shared = doubled(shared, new Float64Array(count * 2))
      }
      a[count] = row
      b[count] = other
      shared[count++] = common
    }
    steps += touchedCount + sample
    if (steps >= checkInterval) {
      steps = 0
      check()
    }
  }
  return { a: a.slice(0, count), b: b.slice(0, count), shared: shared.slice(0, count) }
}

const doubled = <T extends Int32Array | Float64Array>(old: T, next: T): T => {
  next.set(old)
  return next
}
