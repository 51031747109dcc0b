/**
 * Pairs of columns that meet in the same rows at nearly the same times, more often than their sizes and their other meetings explain.
 *
 * With accounts as rows and targets as columns these are targets that accounts act on one right after the other (the purchase lists
 * of engagement sellers); with targets as rows and accounts as columns they are accounts that act on the same targets at the
 * same times. It is the co-action network of
 *   Cao, Q., Yang, X., Yu, J., Palow, C. (2014): Uncovering large groups of active malicious accounts in online social networks
 *   (SynchroTrap). CCS 2014, 477-488;
 *   Pacheco, D. et al. (2021): Uncovering coordinated networks on social media. ICWSM 15, 455-466,
 * with a null model in the place of a similarity threshold.
 *
 * Two entries of a row are near at level l when their times differ by at most tolerance(l) and fewer than `reach` entries of the row lie
 * between them. n(a, b; l) counts rows in which columns a and b are near, rows within `session` of each other counting once: one live
 * room is one meeting, whatever was done in it. The null keeps the size d of each column and the number P(l) of near pairs in all rows:
 *   mu(a, b; l) = 2 P(l) d(a) d(b) / m^2
 * Columns also meet because they are alike. That likeness, L ~ Gamma(A, A), is learned from the rows F in which a and b meet but not
 * near: L | F ~ Gamma(A + F, A + mu_far), so n is negative binomial, and its upper tail in nats is the surprise. An organic pair that
 * meets near also meets far, and surprises nobody.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import { gammaPoissonSurprise } from './gamma-poisson.js'

/** Entries of a sparse matrix with times, by row and by column. */
export interface TimedMatrix {
  readonly rowCount: number
  readonly columnCount: number
  /** Row r holds positions rowOffsets[r] .. rowOffsets[r + 1] - 1, by rising time. Each column at most once a row. */
  readonly rowOffsets: Int32Array
  readonly row: Int32Array
  readonly column: Int32Array
  /** Any unit, finite. */
  readonly time: Float64Array
  /** Column c holds positions entries[columnOffsets[c]] .. entries[columnOffsets[c + 1] - 1], by rising time. */
  readonly columnOffsets: Int32Array
  readonly entries: Int32Array
}

export interface NearPairOptions {
  /** Rising, in the unit of the times. */
  readonly tolerances: Float64Array
  /** How many entries to either side in a row are looked at. */
  readonly reach: number
  /** Rows whose meetings lie within this count once. */
  readonly session: number
  /** Surprise that a pair needs to be returned, in nats, best level taken, not corrected for the search. */
  readonly least: number
  /** Shape A of the prior of likeness. */
  readonly likeness: number
  readonly progress?: (done: number) => void
  readonly check?: Check
}

export interface NearPairs {
  readonly count: number
  /** a < b. */
  readonly a: Int32Array
  readonly b: Int32Array
  /** Position in `tolerances` of the level that surprises most. */
  readonly level: Uint8Array
  /** Rows in which the two are near at that level, and what the null expects after what was learned of their likeness. */
  readonly met: Int32Array
  readonly expected: Float64Array
  readonly nats: Float64Array
  /** Entries that had more than `reach` others within the largest tolerance on one side. */
  readonly crowded: number
}

class PairList {
  #size = 0
  #a = new Int32Array(1024)
  #b = new Int32Array(1024)
  #level = new Uint8Array(1024)
  #met = new Int32Array(1024)
  #expected = new Float64Array(1024)
  #nats = new Float64Array(1024)

  push(a: number, b: number, level: number, met: number, expected: number, nats: number): void {
    if (this.#size === this.#a.length) this.#grow()
    const i = this.#size++
    this.#a[i] = a
    this.#b[i] = b
    this.#level[i] = level
    this.#met[i] = met
    this.#expected[i] = expected
    this.#nats[i] = nats
  }

  #grow(): void {
    const wider = <T extends Int32Array | Uint8Array | Float64Array>(old: T, next: T): T => {
      next.set(old)
      return next
    }
    const size = this.#a.length * 2
    this.#a = wider(this.#a, new Int32Array(size))
    this.#b = wider(this.#b, new Int32Array(size))
    this.#level = wider(this.#level, new Uint8Array(size))
    this.#met = wider(this.#met, new Int32Array(size))
    this.#expected = wider(this.#expected, new Float64Array(size))
    this.#nats = wider(this.#nats, new Float64Array(size))
  }

  finish(crowded: number): NearPairs {
    const n = this.#size
    return {
      count: n,
      a: this.#a.slice(0, n),
      b: this.#b.slice(0, n),
      level: this.#level.slice(0, n),
      met: this.#met.slice(0, n),
      expected: this.#expected.slice(0, n),
      nats: this.#nats.slice(0, n),
      crowded,
    }
  }
}

/** Pairs of entries of one row, in all rows: near at each level, and in all. */
const countPairs = (
  { rowCount, rowOffsets, time }: TimedMatrix,
  tolerances: Float64Array,
  reach: number,
): { near: Float64Array; all: number; crowded: number } => {
  const near = new Float64Array(tolerances.length)
  const widest = tolerances[tolerances.length - 1]!
  let all = 0
  let crowded = 0
  for (let row = 0; row < rowCount; row++) {
    const from = rowOffsets[row]!
    const to = rowOffsets[row + 1]!
    all += ((to - from) * (to - from - 1)) / 2
    for (let level = 0; level < tolerances.length; level++) {
      const tolerance = tolerances[level]!
      let head = from
      for (let tail = from; tail < to; tail++) {
        if (head < tail) head = tail
        while (head + 1 < to && time[head + 1]! - time[tail]! <= tolerance) head++
        near[level] = near[level]! + Math.min(head - tail, reach)
        if (tolerance === widest && head - tail > reach) crowded++
      }
    }
  }
  return { near, all, crowded }
}

/** All pairs whose surprise reaches `least`, by a, then b. Time: entries times their near neighbours; memory: a few numbers a column. */
export const nearPairs = (matrix: TimedMatrix, options: NearPairOptions): NearPairs => {
  const { rowOffsets, row, column, time, columnCount, columnOffsets, entries } = matrix
  const { tolerances, reach, session, least, likeness, progress, check = neverCancelled } = options
  const levels = tolerances.length
  const widest = tolerances[levels - 1]!
  const entryCount = entries.length
  const { near: nearTotal, all, crowded } = countPairs(matrix, tolerances, reach)
  const found = new PairList()

  const met = new Int32Array(columnCount * levels)
  const last = new Float64Array(columnCount * levels)
  const seen = new Uint8Array(columnCount)
  const touched = new Int32Array(columnCount)
  const rowTime = new Float64Array(matrix.rowCount)
  const rowStamp = new Int32Array(matrix.rowCount).fill(-1)
  let steps = 0
  let nextCheck = checkInterval

  for (let a = 0; a < columnCount; a++) {
    const size = columnOffsets[a + 1]! - columnOffsets[a]!
    if (size < 2) continue
    let touchedCount = 0
    for (let i = columnOffsets[a]!; i < columnOffsets[a + 1]!; i++) {
      const entry = entries[i]!
      const at = time[entry]!
      const from = Math.max(rowOffsets[row[entry]!]!, entry - reach)
      const to = Math.min(rowOffsets[row[entry]! + 1]!, entry + reach + 1)
      let first = entry
      while (first > from && at - time[first - 1]! <= widest) first--
      for (let other = first; other < to; other++) {
        const gap = Math.abs(time[other]! - at)
        if (other > entry && gap > widest) break
        const b = column[other]!
        if (b <= a) continue
        if (seen[b] === 0) {
          seen[b] = 1
          touched[touchedCount++] = b
        }
        for (let level = levels - 1; level >= 0 && gap <= tolerances[level]!; level--) {
          const slot = b * levels + level
          if (met[slot]! > 0 && at - last[slot]! <= session) continue
          met[slot] = met[slot]! + 1
          last[slot] = at
        }
      }
      steps += to - first
      if (steps >= nextCheck) {
        check()
        nextCheck = steps + checkInterval
      }
    }

    let stamped = false
    const scale = (2 * size) / (entryCount * entryCount)
    for (let k = 0; k < touchedCount; k++) {
      const b = touched[k]!
      seen[b] = 0
      const bSize = columnOffsets[b + 1]! - columnOffsets[b]!
      const muFar = (all - nearTotal[levels - 1]!) * scale * bSize
      let hopeful = false
      for (let level = 0; level < levels; level++) {
        const n = met[b * levels + level]!
        // More far meetings only make near ones likelier: what does not surprise with none never will.
        if (n >= 2 && gammaPoissonSurprise(n, nearTotal[level]! * scale * bSize, likeness, likeness + muFar) >= least)
          hopeful = true
      }
      if (hopeful) {
        if (!stamped) {
          for (let i = columnOffsets[a]!; i < columnOffsets[a + 1]!; i++) {
            rowStamp[row[entries[i]!]!] = a
            rowTime[row[entries[i]!]!] = time[entries[i]!]!
          }
          stamped = true
        }
        let far = 0
        for (let i = columnOffsets[b]!; i < columnOffsets[b + 1]!; i++) {
          const r = row[entries[i]!]!
          if (rowStamp[r] === a && Math.abs(time[entries[i]!]! - rowTime[r]!) > widest) far++
        }
        let best = 0
        let bestLevel = 0
        for (let level = 0; level < levels; level++) {
          const n = met[b * levels + level]!
          if (n < 2) continue
          const nats = gammaPoissonSurprise(n, nearTotal[level]! * scale * bSize, likeness + far, likeness + muFar)
          if (nats > best) {
            best = nats
            bestLevel = level
          }
        }
        if (best >= least) {
          const expected = (nearTotal[bestLevel]! * scale * bSize * (likeness + far)) / (likeness + muFar)
          found.push(a, b, bestLevel, met[b * levels + bestLevel]!, expected, best)
        }
        steps += bSize
      }
      met.fill(0, b * levels, (b + 1) * levels)
    }
    if ((a & 1023) === 0) progress?.(a / columnCount)
  }
  return found.finish(crowded)
}
