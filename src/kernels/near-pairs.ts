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
 * room is one occasion, whatever was done in it. The null keeps the size d of each column and the number P(l) of near pairs in all rows:
 *   mu(a, b; l) = 2 P(l) d(a) d(b) / m^2
 * and, as columns are not sought evenly in time, what the crowd of the moment gives: with the entries of a and b that are in no near
 * meeting of the two, a'(c) and b'(c) of the e(c) entries in a stretch c of time as long as the tolerance,
 *   mu'(a, b; l) = 2 P(l) / m sum over c of a'(c) b'(c) / e(c).
 * Columns also meet because they are alike. That likeness, L ~ Gamma(A, A), is learned from the F rows in which a and b meet but not
 * near at l: L | F ~ Gamma(A + F, A + mu_far). Like columns also meet unevenly, in sittings: near-dispersion.ts learns that. n then is negative
 * binomial with mean (mu + mu') E L and the shape of both together, and its upper tail in nats is the surprise. An organic pair that meets near also meets far, and surprises nobody. A level at which most pairs of entries are near tells
 * nothing about time and is left out.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import { Crowd, crowdMeetings } from './crowd.js'
import { gammaPoissonSurprise } from './gamma-poisson.js'
import { ChangedPartners, type ColumnPairs } from './near-changes.js'
import { nearDispersion, productShape } from './near-dispersion.js'
import { rankColumns } from './near-order.js'
import { type NearNull, type NearPairs, PairList } from './near-pair-list.js'
import { meetingWeights, NearPartners } from './near-partners.js'
import type { TimedMatrix } from './timed-matrix.js'

export type { NearNull, NearPairs } from './near-pair-list.js'

export interface NearPairOptions {
  /** Rising, in the unit of the times. */
  readonly tolerances: Float64Array
  /** How many entries to either side in a row are looked at. */
  readonly reach: number
  /** Rows whose meetings lie within this count once. */
  readonly session: number
  /** Surprise that a pair needs to be returned, in nats, best level taken, not corrected for the search. */
  readonly least: number
  /** 1 for entries that come soon after what they act on: two of them are near anyway, and do not meet at tolerances above `freshness`. */
  readonly fresh?: { readonly entries: Uint8Array; readonly freshness: number }
  /** Shape A of the prior of likeness. */
  readonly likeness: number
  /** Look at these pairs alone, with the `sitting` that all pairs gave before a few entries were new. */
  readonly again?: { readonly pairs: ColumnPairs; readonly sitting: Float64Array }
  readonly progress?: (done: number) => void
  readonly check?: Check
}

/** In a row of more entries each is taken to meet only so many others far off: a few endless rows must not make far meetings seem common. */
const FAR_REACH = 1024

/** Where an entry is near to more of its row than this, on average, near is where entries always are. */
const LARGEST_NEAR_SHARE = 0.75

type Counts = Omit<NearNull, 'sitting'>

const countPairs = ({ rowCount, rowOffsets, time }: TimedMatrix, tolerances: Float64Array, reach: number): Counts => {
  const levels = tolerances.length
  const near = new Float64Array(levels)
  const share = new Float64Array(levels)
  let all = 0
  let crowded = 0
  let accompanied = 0
  for (let row = 0; row < rowCount; row++) {
    const from = rowOffsets[row]!
    const to = rowOffsets[row + 1]!
    const others = to - from - 1
    if (others < 1) continue
    all += ((others + 1) * Math.min(others, FAR_REACH)) / 2
    accompanied += others + 1
    for (let level = 0; level < levels; level++) {
      const tolerance = tolerances[level]!
      let head = from
      let capped = 0
      let pairs = 0
      for (let tail = from; tail < to; tail++) {
        if (head < tail) head = tail
        while (head + 1 < to && time[head + 1]! - time[tail]! <= tolerance) head++
        pairs += head - tail
        capped += Math.min(head - tail, reach)
        if (level === levels - 1 && head - tail > reach) crowded++
      }
      near[level] = near[level]! + capped
      share[level] = share[level]! + (2 * pairs) / others
    }
  }
  const telling = Uint8Array.from(share, (sum, level) =>
    near[level]! > 0 && sum <= LARGEST_NEAR_SHARE * accompanied ? 1 : 0,
  )
  return { near, all, telling, crowded }
}

const learn = (
  matrix: TimedMatrix,
  { tolerances, reach, likeness, again, check = neverCancelled }: NearPairOptions,
): NearNull => {
  const counts = countPairs(matrix, tolerances, reach)
  const { near, all, telling } = counts
  const sitting = again?.sitting ?? nearDispersion(matrix, { tolerances, reach, likeness, near, all, telling, check })
  return { ...counts, sitting }
}

const wider = <T extends Int32Array | Float64Array>(old: T, next: T): T => {
  next.set(old)
  return next
}

/** Counts from which the shares below are no longer told apart; a higher count may only be let through more. */
const COUNTS_TOLD_APART = 64

/**
 * The largest q = mu / (rate + mu) at which a count n surprises by `least`, likeness unknown: surprise falls as q rises. Solved when asked for, as a
 * few pairs ask for few counts.
 */
const surprisingShare = (least: number, likeness: number): ((n: number) => number) => {
  const shares = new Float64Array(COUNTS_TOLD_APART + 1).fill(-1)
  shares[COUNTS_TOLD_APART] = 1
  return (n) => {
    const place = Math.min(n, COUNTS_TOLD_APART)
    if (shares[place]! >= 0) return shares[place]!
    let low = 0
    let high = 1
    for (let step = 0; step < 50; step++) {
      const q = (low + high) / 2
      if (gammaPoissonSurprise(place, q, likeness, 1 - q) >= least) low = q
      else high = q
    }
    shares[place] = high
    return high
  }
}

/** Products of sizes are told apart by so many steps for each doubling. */
const STEPS_PER_DOUBLING = 4

/** Numbers kept for each column while one column is compared with all. */
const SEEN = 4

/** All pairs whose surprise reaches `least`, by the larger column of each, then by the columns. Time: entries times their near neighbours; memory: a few numbers a column. */
export const nearPairs = (matrix: TimedMatrix, options: NearPairOptions): NearPairs => {
  const { row, column, time, columnCount, columnOffsets, entries } = matrix
  const { tolerances, reach, session, least, likeness, progress, check = neverCancelled } = options
  const levels = tolerances.length
  const entryCount = entries.length
  const learned = learn(matrix, options)
  const { near: nearTotal, all, telling, sitting } = learned
  // Where near is where entries always are, nobody asks who is near.
  const told = telling.lastIndexOf(1) + 1
  if (told === 0) return new PairList().finish(learned)
  const widest = tolerances[told - 1]!
  const fresh = options.fresh?.entries ?? null
  let freshLevels = 0
  while (freshLevels < levels && tolerances[freshLevels]! <= (options.fresh?.freshness ?? 0)) freshLevels++
  const crowds: (Crowd | undefined)[] = []
  const crowdAt = (level: number): Crowd => {
    crowds[level] ??= new Crowd(time, tolerances[level]!)
    return crowds[level]
  }
  const found = new PairList()

  // Each pair is met from its larger column (of two as large, the one that comes first): what is looked up for a pair then costs the
  // size of the smaller. Columns are ranked in that order, and an entry knows the rank of its column, so that most of what lies
  // beside an entry is passed over without a look elsewhere.
  const { rank, columnOf, firstOfSize } = rankColumns(columnOffsets, COUNTS_TOLD_APART)
  // Rows and times in the order of columns: read in one go for each pair.
  const columnRow = new Int32Array(entryCount)
  const columnTime = new Float64Array(entryCount)
  for (let i = 0; i < entryCount; i++) {
    columnRow[i] = row[entries[i]!]!
    columnTime[i] = time[entries[i]!]!
  }
  // Most pairs meet once and are never looked at: their only meeting is kept by rank, and spread over the levels at the second. Side
  // by side, as each is looked up alone: by which column it was seen last, its place in `again`, and the entries that met.
  const seen = new Int32Array(columnCount * SEEN).fill(-1)
  let again = new Int32Array(1024)
  let met = new Int32Array(again.length * levels)
  let last = new Float64Array(again.length * levels)
  const highestShare = surprisingShare(least, likeness)
  const rowTime = new Float64Array(matrix.rowCount)
  const rowStamp = new Int32Array(matrix.rowCount).fill(-1)
  let largest = 0
  for (let c = 0; c < columnCount; c++) largest = Math.max(largest, columnOffsets[c + 1]! - columnOffsets[c]!)
  const aloneA = new Float64Array(largest)
  const aloneB = new Float64Array(largest)
  /** How far apart in time a and b are in each row that both have. */
  const gaps = new Float64Array(largest)
  const nearRow = new Int32Array(matrix.rowCount).fill(-1)
  let nearMark = 0
  let steps = 0
  let nextCheck = checkInterval

  const sizeOf = (c: number): number => columnOffsets[c + 1]! - columnOffsets[c]!

  /** What chance gives at a level, likeness aside: activity, and the crowd of the moment. Rows of a are stamped. */
  const expectedNear = (a: number, b: number, level: number): number => {
    const tolerance = tolerances[level]!
    const mark = nearMark++
    let bCount = 0
    for (let i = columnOffsets[b]!; i < columnOffsets[b + 1]!; i++) {
      const r = columnRow[i]!
      if (rowStamp[r] === a && Math.abs(columnTime[i]! - rowTime[r]!) <= tolerance) nearRow[r] = mark
      else aloneB[bCount++] = columnTime[i]!
    }
    let aCount = 0
    for (let i = columnOffsets[a]!; i < columnOffsets[a + 1]!; i++)
      if (nearRow[columnRow[i]!] !== mark) aloneA[aCount++] = columnTime[i]!
    const crowdGives = crowdMeetings(crowdAt(level), aloneA, aCount, aloneB, bCount)
    return ((2 * nearTotal[level]!) / entryCount) * ((sizeOf(a) * sizeOf(b)) / entryCount + crowdGives)
  }

  /** Smallest column that could surprise beside one of this size, meeting it with every entry: fewer meetings never will. */
  const leastPartner = (size: number): number => {
    const scale = (2 * size) / (entryCount * entryCount)
    for (let partner = 2; partner < COUNTS_TOLD_APART; partner++)
      for (let level = 0; level < levels; level++) {
        const mu = nearTotal[level]! * scale * partner
        const muFar = (all - nearTotal[level]!) * scale * partner
        if (telling[level] && mu <= highestShare(partner) * (likeness + muFar + mu)) return partner
      }
    return COUNTS_TOLD_APART
  }

  /** Fewest near meetings at which columns of two sizes can surprise, by the product, rounded down to a step of a fifth. */
  const needed: number[] = []
  const need = (size: number, other: number): number => {
    const magnitude = Math.floor(STEPS_PER_DOUBLING * Math.log2(size * other))
    const known = needed[magnitude]
    if (known !== undefined) return known
    const scale = (2 * 2 ** (magnitude / STEPS_PER_DOUBLING)) / (entryCount * entryCount)
    const isEnough = (n: number): boolean =>
      nearTotal.some((near, level) => {
        const mu = near * scale
        return telling[level] === 1 && mu <= highestShare(n) * (likeness + (all - near) * scale + mu)
      })
    let n = 2
    while (n < COUNTS_TOLD_APART && !isEnough(n)) n++
    needed[magnitude] = n
    return n
  }

  const everyPartner = (): NearPartners => {
    const rankOf = new Int32Array(entryCount)
    for (let e = 0; e < entryCount; e++) rankOf[e] = rank[column[e]!]!
    return new NearPartners(
      {
        matrix,
        rankOf,
        sizeOfRank: (place) => sizeOf(columnOf[place]!),
        tolerances: tolerances.subarray(0, told),
        reach,
        fresh: fresh && { entries: fresh, levels: freshLevels },
      },
      meetingWeights({
        shares: Float64Array.from({ length: COUNTS_TOLD_APART + 1 }, (_, n) => highestShare(n)),
        near: nearTotal,
        all,
        telling,
        likeness,
        entryCount,
      }),
    )
  }
  const partners = options.again
    ? new ChangedPartners(options.again.pairs, { matrix, columnRow, columnTime, rank, columnOf, need, widest, reach })
    : everyPartner()
  for (let a = 0; a < columnCount; a++) {
    const size = columnOffsets[a + 1]! - columnOffsets[a]!
    if (size < 2) continue
    const own = rank[a]!
    const leastRank = firstOfSize[leastPartner(size)]!
    if (leastRank >= own) continue
    let againCount = 0
    const meetings = partners.of(columnOffsets[a]!, columnOffsets[a + 1]!, leastRank, own)
    for (let k = 0; k < meetings; k++) {
      const entry = entries[partners.own[k]!]!
      const at = columnTime[partners.own[k]!]!
      const other = partners.other[k]!
      const b = partners.rank[k]!
      const slotOfB = b * SEEN
      if (seen[slotOfB] !== a) {
        seen[slotOfB] = a
        seen[slotOfB + 1] = -1
        seen[slotOfB + 2] = entry
        seen[slotOfB + 3] = other
        continue
      }
      let place = seen[slotOfB + 1]!
      if (place === -1) {
        if (againCount === again.length) {
          again = wider(again, new Int32Array(againCount * 2))
          met = wider(met, new Int32Array(met.length * 2))
          last = wider(last, new Float64Array(last.length * 2))
        }
        place = againCount++
        seen[slotOfB + 1] = place
        again[place] = columnOf[b]!
        const onceEntry = seen[slotOfB + 2]!
        const onceOther = seen[slotOfB + 3]!
        const onceAt = time[onceEntry]!
        const onceGap = Math.abs(time[onceOther]! - onceAt)
        const highest = fresh !== null && fresh[onceEntry] === 1 && fresh[onceOther] === 1 ? freshLevels : levels
        for (let level = highest - 1; level >= 0 && onceGap <= tolerances[level]!; level--) {
          met[place * levels + level] = 1
          last[place * levels + level] = onceAt
        }
      }
      const gap = Math.abs(time[other]! - at)
      const highest = fresh !== null && fresh[entry] === 1 && fresh[other] === 1 ? freshLevels : levels
      for (let level = highest - 1; level >= 0 && gap <= tolerances[level]!; level--) {
        const slot = place * levels + level
        if (met[slot]! > 0 && at - last[slot]! <= session) continue
        met[slot] = met[slot]! + 1
        last[slot] = at
      }
    }
    steps += partners.looked
    if (steps >= nextCheck) {
      check()
      nextCheck = steps + checkInterval
    }

    const foundBefore = found.size
    let stamped = false
    const scale = (2 * size) / (entryCount * entryCount)
    for (let k = 0; k < againCount; k++) {
      const b = again[k]!
      const bSize = columnOffsets[b + 1]! - columnOffsets[b]!
      let best = 0
      let bestLevel = 0
      let bestExpected = 0
      let bestMet = 0
      let common = -1
      for (let level = 0; level < levels; level++) {
        const n = met[k * levels + level]!
        met[k * levels + level] = 0
        if (n < 2 || !telling[level]) continue
        const mu = nearTotal[level]! * scale * bSize
        const muFar = (all - nearTotal[level]!) * scale * bSize
        // More far meetings and more of a crowd only make near ones likelier: what does not surprise with none never will.
        if (mu > highestShare(n) * (likeness + muFar + mu)) continue
        if (!stamped) {
          for (let i = columnOffsets[a]!; i < columnOffsets[a + 1]!; i++) {
            rowStamp[columnRow[i]!] = a
            rowTime[columnRow[i]!] = columnTime[i]!
          }
          stamped = true
        }
        if (common === -1) {
          common = 0
          for (let i = columnOffsets[b]!; i < columnOffsets[b + 1]!; i++) {
            const r = columnRow[i]!
            if (rowStamp[r] === a) gaps[common++] = Math.abs(columnTime[i]! - rowTime[r]!)
          }
          steps += bSize
        }
        let far = 0
        for (let i = 0; i < common; i++) if (gaps[i]! > tolerances[level]!) far++
        if (gammaPoissonSurprise(n, mu, likeness + far, likeness + muFar) < least) continue
        const chance = expectedNear(a, b, level)
        steps += 2 * (size + bSize)
        const expected = (chance * (likeness + far)) / (likeness + muFar)
        const shape = productShape(likeness + far, sitting[level]!)
        const nats = gammaPoissonSurprise(n, expected, shape, shape)
        if (nats <= best) continue
        best = nats
        bestLevel = level
        bestExpected = expected
        bestMet = n
      }
      if (best >= least) found.push(Math.min(a, b), Math.max(a, b), bestLevel, bestMet, bestExpected, best)
      if (steps >= nextCheck) {
        check()
        nextCheck = steps + checkInterval
      }
    }
    found.sortFrom(foundBefore)
    if ((a & 1023) === 0) progress?.(a / columnCount)
  }
  return found.finish(learned)
}
