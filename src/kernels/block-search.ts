/**
 * How surprising it is that a block of rows and columns is so full, and the local search for the block of most surprise.
 *
 * Null: people have tastes. The matrix is covered by communities of taste, and inside one an entry is there with a chance of up to
 * `ceiling` f, whatever the community; what activity and popularity give within the community comes on top:
 *     p(r, c) = f(c) + (1 - f(c)) w min(1, d(r) o(c) / M),
 * d(r) the degree of the row, o(c) the entries of the column outside the block, M the mass of the community. M is learned from who is
 * not in the block: as a degree-corrected block model gives two columns c and e  o(c) o(e) sum of d(r)^2 / M^2  common rows, the
 * rows outside the block that hold n(r) of its columns tell
 *     M^2 = sum over pairs of columns of o(c) o(e)  x  sum of d(r)^2  /  sum of C(n(r), 2),
 * and M is at most the mass of the whole matrix. Rows that came to one of the columns from elsewhere make M too large, so it is also at
 * most what the s rows with two columns or more show:  sum of d(r) x sum of o(c) / sum of n(r)  over these. w = s / (s + a), a rows
 * in the block: one straggler is no community (Brian Karrer and M. E. J. Newman, "Stochastic blockmodels and community structure in
 * networks", Physical Review E 83, 016107, 2011). Heavy users and hits of one niche meet often, and outsiders show it; a
 * block that outsiders do not touch gets nothing from it.
 * Columns of one owner are nearly one taste: with n of them in the block, f(c) = F - (F - f) / n, F the owner's own ceiling.
 * A column of degree d has d / f rows in its community, and a row likewise, its columns counted as 1 up to the block's mean D and as
 * D / d above, so that camouflage by popular columns does not hide a list: n_A and n_T below, taken as means over the block.
 * Against this null a block of a rows and t columns of which a share q is filled has the likelihood ratio
 *     L = sum over its cells with p < q of  x ln(q / p) + (1 - x) ln((1 - q) / (1 - p)).
 * The mean of exp(L) under the null is 1 at most, so P(L >= s) <= exp(-s) for one block and one q (Herman Chernoff, "A Measure of
 * Asymptotic Efficiency for Tests of a Hypothesis Based on the Sum of Observations", Annals of Mathematical Statistics 23(4), 1952).
 * Over every block of every shape in every community and every q the union bound costs
 *     ln C(n_A, a) + ln C(n_T, t) + ln(n_A n_T) + ln(a t + 1) + ln(communities),
 * with as many communities as rows or columns, whichever is less. What is left needs no further correction within the matrix.
 *
 * As a measure across sizes it is the suspiciousness of Meng Jiang, Alex Beutel, Peng Cui, Bryan Hooi, Shiqiang Yang and Christos
 * Faloutsos, "Spotting Suspicious Behaviors in Multimodal Data: A General Metric and Algorithms", IEEE TKDE 28(8), 2016, with
 * tastes in the place of one mean density. The search alternates, as theirs: with the columns fixed the best rows are a prefix of
 * the rows by their part of L, and the other way round.
 */
import { type Check, neverCancelled } from './check.js'
import type { Bipartite, Csr } from './csr.js'
import { logChoose } from './hypergeometric.js'

/** Who a column belongs to, where that explains why one row holds several: a fan is there for most of what one hand makes. */
export interface Owners {
  /** Owner of each column, 0 .. count - 1; -1 is none. */
  readonly owner: Int32Array
  readonly count: number
  /** F: chance that a row that holds one column of an owner holds the next. */
  readonly ceiling: number
}

export interface BlockShape {
  readonly minRows: number
  readonly minColumns: number
}

export interface FoundBlock {
  /** Ascending. */
  readonly rows: Int32Array
  readonly columns: Int32Array
  readonly filled: number
  /** Cells that tastes, and that degrees alone, lead one to expect filled. */
  readonly byTaste: number
  readonly byDegrees: number
  /** L minus the cost of the search, in nats; may be negative. */
  readonly nats: number
}

/** A block that is less full than this above the ceiling is not told from a community of taste. */
const LEAST_EXCESS = 0.02
/** No share is taken as certain: one missing cell must not rule a block out. */
const MOST_FULL = 0.995
/** Before the first block is measured it is taken to be half full. */
const FIRST_FULL = 0.5
const MOST_ROUNDS = 30
/** Less is rounding. */
const LEAST_GAIN = 1e-9

const degreeIn = ({ offsets }: Csr, item: number): number => offsets[item + 1]! - offsets[item]!

/** ln C(n, k) for whole k and any n; 0 where the choice is of all. */
const logChoice = (n: number, k: number): number => (k >= n ? 0 : logChoose(Math.max(k, Math.round(n)), k))

/** More than there are degrees. */
const DEGREES = 2 ** 32

/** A whole number from 0, up to a thirtieth above. */
const roundedUp = (degree: number): number => {
  const shift = Math.max(0, 26 - Math.clz32(degree))
  return shift === 0 ? degree : ((degree >> shift) + 1) * 2 ** shift
}

const used = (side: Csr): number => {
  let count = 0
  for (let r = 0; r < side.rowCount; r++) if (degreeIn(side, r) > 0) count++
  return count
}

export class BlockSearch {
  readonly #matrix: Bipartite
  readonly #ceiling: number
  readonly #spread: number
  readonly #owners: Owners | null
  readonly #entries: number
  readonly #communities: number
  readonly #check: Check
  readonly #tally: Int32Array
  readonly #marks: Int32Array
  /** Place of a row or column among those that are weighed, -1 else. */
  readonly #places: Int32Array
  /** Of one choice: place of a given row or column, -1 else, and what touches them. */
  readonly #givenPlaces: Int32Array
  readonly #touched: Int32Array
  readonly #ofOwner: Int32Array
  /** Of one choice: what misses cost, by degree and, where columns are chosen, by how many of the same owner are in the block. */
  readonly #misses = new Map<number, number>()
  #mark = 0
  /** M and w, as the block of the moment has them; while `#plain`, no block is known yet, all is outside, and M is the whole matrix. */
  #mass = 1
  #known = 1
  #plain = false

  /**
   * The matrix has each entry once, rows and columns ascending. `ceiling`: f, above 0 and below 1. `entries`: of the whole matrix, where columns that can be in no
   * block were left out. `spread`: f of the communities that the search is priced by, where entries of one kind alone are looked at.
   */
  constructor(
    matrix: Bipartite,
    ceiling: number,
    entries: number,
    owners: Owners | null = null,
    check: Check = neverCancelled,
    spread = ceiling,
  ) {
    this.#spread = spread
    const { rows, columns } = matrix
    this.#matrix = matrix
    this.#ceiling = ceiling
    this.#owners = owners
    this.#check = check
    this.#entries = Math.max(entries, rows.columns.length)
    this.#communities = Math.max(1, Math.min(used(rows), used(columns)))
    const most = Math.max(rows.rowCount, columns.rowCount)
    this.#tally = new Int32Array(most)
    this.#marks = new Int32Array(most)
    this.#places = new Int32Array(most).fill(-1)
    this.#givenPlaces = new Int32Array(most).fill(-1)
    this.#touched = new Int32Array(most)
    this.#ofOwner = new Int32Array(owners?.count ?? 0)
  }

  /** f of a column, with `others` columns of its owner in the block beside it. */
  #tasteOf(others: number): number {
    return this.#owners === null
      ? this.#ceiling
      : this.#owners.ceiling - (this.#owners.ceiling - this.#ceiling) / (others + 1)
  }

  #chance(taste: number, rowDegree: number, outside: number): number {
    return Math.min(MOST_FULL, taste + (1 - taste) * this.#known * Math.min(1, (rowDegree * outside) / this.#mass))
  }

  #share(filled: number, cells: number): number {
    return Math.min(MOST_FULL, Math.max(this.#ceiling + LEAST_EXCESS, filled / cells))
  }

  #countOwners(columns: Int32Array, by: 1 | -1): void {
    if (this.#owners === null) return
    for (const c of columns) {
      const owner = this.#owners.owner[c]!
      if (owner >= 0) this.#ofOwner[owner] = this.#ofOwner[owner]! + by
    }
  }

  /** How many columns of the owner of `column` are counted. */
  #counted(column: number): number {
    const owner = this.#owners?.owner[column] ?? -1
    return owner < 0 ? 0 : this.#ofOwner[owner]!
  }

  /** Entries of each column outside the rows, and with them M. */
  #learn(rowSet: Int32Array, columnSet: Int32Array): Float64Array {
    const { rows, columns } = this.#matrix
    if (this.#plain) {
      this.#mass = this.#entries
      this.#known = 1
      return Float64Array.from(columnSet, (c) => degreeIn(columns, c))
    }
    const tally = this.#tally
    const marks = this.#marks
    const inside = ++this.#mark
    for (const r of rowSet) marks[r] = inside
    const outside = new Float64Array(columnSet.length)
    const touched: number[] = []
    for (let i = 0; i < columnSet.length; i++)
      for (let k = columns.offsets[columnSet[i]!]!; k < columns.offsets[columnSet[i]! + 1]!; k++) {
        const r = columns.columns[k]!
        if (marks[r] === inside) continue
        outside[i]!++
        if (tally[r]!++ === 0) touched.push(r)
      }
    let meetings = 0
    let squares = 0
    let meeting = 0
    let theirDegrees = 0
    let theirEntries = 0
    for (const r of touched) {
      if (tally[r]! > 1) {
        meeting++
        theirDegrees += degreeIn(rows, r)
        theirEntries += tally[r]!
      }
      meetings += (tally[r]! * (tally[r]! - 1)) / 2
      squares += degreeIn(rows, r) ** 2
      tally[r] = 0
    }
    let sum = 0
    let ofSquares = 0
    for (const o of outside) {
      sum += o
      ofSquares += o * o
    }
    const pairs = (sum * sum - ofSquares) / 2
    this.#mass = this.#entries
    if (meetings > 0)
      this.#mass = Math.min(this.#mass, Math.sqrt((pairs * squares) / meetings), (theirDegrees * sum) / theirEntries)
    this.#mass = Math.max(1, this.#mass)
    this.#known = meeting === 0 ? 1 : meeting / (meeting + rowSet.length)
    return outside
  }

  /** How many columns as little known as these a row of the block has, on average. */
  #littleKnown(rowSet: Int32Array, columnSet: Int32Array): number {
    const { rows, columns } = this.#matrix
    let columnDegrees = 0
    for (const c of columnSet) columnDegrees += degreeIn(columns, c)
    const mean = columnDegrees / columnSet.length
    let sum = 0
    for (const r of rowSet)
      for (let k = rows.offsets[r]!; k < rows.offsets[r + 1]!; k++)
        sum += Math.min(1, mean / degreeIn(columns, rows.columns[k]!))
    return sum / rowSet.length
  }

  /** The best rows for given columns (`rowsFor`) or the best columns for given rows; null where fewer than `least` come into question. */
  #choose(rowsFor: boolean, given: Int32Array, before: Int32Array, q: number, least: number): Int32Array | null {
    const { rows, columns } = this.#matrix
    const mine = rowsFor ? rows : columns
    const theirs = rowsFor ? columns : rows
    const tally = this.#tally
    const marks = this.#marks
    const touched = this.#touched
    let touchedCount = 0
    // Given columns count by their entries outside the block, given rows by all.
    const degrees = rowsFor ? this.#learn(before, given) : Float64Array.from(given, (other) => degreeIn(theirs, other))
    let sum = 0
    for (let g = 0; g < given.length; g++) {
      sum += degreeIn(theirs, given[g]!)
      for (let k = theirs.offsets[given[g]!]!; k < theirs.offsets[given[g]! + 1]!; k++) {
        const item = theirs.columns[k]!
        if (tally[item]!++ === 0) touched[touchedCount++] = item
      }
    }
    this.#check()
    const tastes = new Float64Array(given.length)
    const inBefore = ++this.#mark
    if (!rowsFor) for (const c of before) marks[c] = inBefore
    this.#countOwners(rowsFor ? given : before, 1)
    if (rowsFor)
      for (let g = 0; g < given.length; g++) tastes[g] = this.#tasteOf(Math.max(0, this.#counted(given[g]!) - 1))
    let mostDegree = 0
    let leastDegree = Number.POSITIVE_INFINITY
    for (const degree of degrees) {
      mostDegree = Math.max(mostDegree, degree)
      leastDegree = Math.min(leastDegree, degree)
    }
    const mostTaste = this.#owners === null ? this.#ceiling : Math.max(this.#ceiling, this.#owners.ceiling)
    const mostOfHit = Math.log(q / this.#ceiling)
    const items: number[] = []
    const gains: number[] = []
    const outsideOf: number[] = []
    /** Columns of the same owner, where columns are chosen. */
    const othersOf: number[] = []
    // Who holds less than the ceiling gives cannot gain.
    const leastHeld = Math.max(1, Math.floor(this.#ceiling * given.length))
    const places = this.#places
    const misses = this.#misses
    misses.clear()
    /** What an item of this degree loses if it misses all. */
    const missesOf = (degree: number, others: number): number => {
      const kind = others * DEGREES + degree
      const known = misses.get(kind)
      if (known !== undefined) return known
      if (!rowsFor) tastes.fill(this.#tasteOf(others))
      let gain = 0
      for (let g = 0; g < given.length; g++) {
        const p = this.#chance(tastes[g]!, degree, degrees[g]!)
        if (p < q) gain += Math.log((1 - q) / (1 - p))
      }
      misses.set(kind, gain)
      return gain
    }
    const givenPlaces = this.#givenPlaces
    /** Adds to what item i gains that it holds the given g. */
    const addHit = (i: number, g: number): void => {
      const taste = rowsFor ? tastes[g]! : this.#tasteOf(othersOf[i]!)
      const p = this.#chance(taste, outsideOf[i]!, degrees[g]!)
      if (p < q) gains[i] = gains[i]! + Math.log((q * (1 - p)) / (p * (1 - q)))
    }
    /** Fills in what items `from` .. gain: all as missed first, then what each hit adds, in the order of the given ones, from whichever side is less to read. */
    const weigh = (from: number): void => {
      let ofItems = 0
      for (let i = from; i < items.length; i++) {
        gains[i] = missesOf(outsideOf[i]!, othersOf[i]!)
        ofItems += degreeIn(mine, items[i]!)
      }
      if (ofItems < sum) {
        for (let g = 0; g < given.length; g++) givenPlaces[given[g]!] = g
        for (let i = from; i < items.length; i++)
          for (let k = mine.offsets[items[i]!]!; k < mine.offsets[items[i]! + 1]!; k++) {
            const g = givenPlaces[mine.columns[k]!]!
            if (g !== -1) addHit(i, g)
          }
        for (let g = 0; g < given.length; g++) givenPlaces[given[g]!] = -1
        return
      }
      for (let i = from; i < items.length; i++) places[items[i]!] = i
      for (let g = 0; g < given.length; g++)
        for (let k = theirs.offsets[given[g]!]!; k < theirs.offsets[given[g]! + 1]!; k++) {
          const i = places[theirs.columns[k]!]!
          if (i >= from) addHit(i, g)
        }
      for (let i = from; i < items.length; i++) places[items[i]!] = -1
    }
    /** Items that cannot gain: what they lose is asked for last, and seldom. */
    const losing: { readonly item: number; readonly degree: number; readonly others: number }[] = []
    for (let k = 0; k < touchedCount; k++) {
      const item = touched[k]!
      const held = tally[item]!
      tally[item] = 0
      if (held < leastHeld) continue
      const degree = degreeIn(mine, item) - (rowsFor || this.#plain ? 0 : held)
      const others = rowsFor ? 0 : Math.max(0, this.#counted(item) - (marks[item] === inBefore ? 1 : 0))
      // No cell gives more than a hit where nothing but taste is expected, or a miss where most is.
      const likeliest = Math.min(q, this.#chance(mostTaste, degree, mostDegree))
      if (held * mostOfHit + (given.length - held) * Math.log((1 - q) / (1 - likeliest)) <= 0) continue
      // Misses cost the less the higher the degree, so those of a rounded degree, made once, are a bound.
      const missed = missesOf(roundedUp(degree), others)
      const rarest = this.#chance(rowsFor ? this.#ceiling : this.#tasteOf(others), degree, leastDegree)
      const hit = rarest < q ? Math.log((q * (1 - rarest)) / (rarest * (1 - q))) : 0
      if (missed + held * hit < -LEAST_GAIN) losing.push({ item, degree, others })
      else {
        items.push(item)
        outsideOf.push(degree)
        othersOf.push(others)
      }
    }
    weigh(0)
    const inCommunity = (rowsFor ? sum / given.length : this.#littleKnown(given, before)) / this.#spread
    const gaining = gains.reduce((found, gain) => found + Number(gain > 0), 0)
    const count = items.length + losing.length
    // More items than gain are worth choosing only where there must be `least`, or where naming nearly all is cheaper than naming some.
    if (count >= least && (gaining < least || count >= Math.round(inCommunity) - gaining)) {
      const from = items.length
      for (const { item, degree, others } of losing) {
        items.push(item)
        outsideOf.push(degree)
        othersOf.push(others)
      }
      weigh(from)
    }
    this.#countOwners(rowsFor ? given : before, -1)
    if (items.length < least) return null
    const order = Int32Array.from(items, (_, i) => i).sort((x, y) => gains[y]! - gains[x]! || items[x]! - items[y]!)
    let total = 0
    let best = -Infinity
    let bestCount = least
    for (let i = 0; i < order.length; i++) {
      total += gains[order[i]!]!
      if (i + 1 < least) continue
      const value = total - logChoice(inCommunity, i + 1)
      if (value > best) {
        best = value
        bestCount = i + 1
      }
    }
    return Int32Array.from(order.slice(0, bestCount), (i) => items[i]!).sort()
  }

  /** The value of a block. */
  measure(rowSet: Int32Array, columnSet: Int32Array): FoundBlock {
    const { rows, columns } = this.#matrix
    const places = this.#places
    for (let i = 0; i < columnSet.length; i++) places[columnSet[i]!] = i
    let filled = 0
    for (const r of rowSet) {
      for (let k = rows.offsets[r]!; k < rows.offsets[r + 1]!; k++) if (places[rows.columns[k]!] !== -1) filled++
    }
    this.#countOwners(columnSet, 1)
    const tastes = Float64Array.from(columnSet, (c) => this.#tasteOf(Math.max(0, this.#counted(c) - 1)))
    this.#countOwners(columnSet, -1)
    const outside = this.#learn(rowSet, columnSet)
    const a = rowSet.length
    const t = columnSet.length
    const q = this.#share(filled, a * t)
    let likelihood = 0
    let byTaste = 0
    let byDegrees = 0
    let columnDegrees = 0
    for (const c of columnSet) columnDegrees += degreeIn(columns, c)
    for (const r of rowSet) {
      const degree = degreeIn(rows, r)
      for (let i = 0; i < t; i++) {
        byDegrees += Math.min(1, (degree * degreeIn(columns, columnSet[i]!)) / this.#entries)
        const p = this.#chance(tastes[i]!, degree, outside[i]!)
        byTaste += p
        if (p < q) likelihood += Math.log((1 - q) / (1 - p))
      }
      for (let k = rows.offsets[r]!; k < rows.offsets[r + 1]!; k++) {
        const i = places[rows.columns[k]!]!
        if (i === -1) continue
        const p = this.#chance(tastes[i]!, degree, outside[i]!)
        if (p < q) likelihood += Math.log((q * (1 - p)) / (p * (1 - q)))
      }
    }
    for (const c of columnSet) places[c] = -1
    const rowChoice = Math.max(a, columnDegrees / t / this.#spread)
    const columnChoice = Math.max(t, this.#littleKnown(rowSet, columnSet) / this.#spread)
    const cost =
      logChoice(rowChoice, a) +
      logChoice(columnChoice, t) +
      Math.log(rowChoice * columnChoice) +
      Math.log(a * t + 1) +
      Math.log(this.#communities)
    return { rows: rowSet, columns: columnSet, filled, byTaste, byDegrees, nats: likelihood - cost }
  }

  /**
   * Climbs from a set of columns to a block that no change of one side improves: first against the null of the whole matrix, so that
   * the block is known, then against its own community. Null where none of the shape is reached, or none that is worth more than `floor` nats
   * before its community is known.
   */
  climb(start: Int32Array, shape: BlockShape, floor = 0): FoundBlock | null {
    this.#plain = true
    const first = this.#ascend(new Int32Array(0), start, FIRST_FULL, shape)
    this.#plain = false
    if (first === null || first.nats <= floor) return null
    const known = [this.#fullest(first.columns, shape), this.#fullest(start, shape)].reduce(
      (best: FoundBlock, other) => (other !== null && other.nats > best.nats ? other : best),
      this.measure(first.rows, first.columns),
    )
    const full = this.#share(known.filled, known.rows.length * known.columns.length)
    const second = this.#ascend(known.rows, known.columns, full, shape)
    return second !== null && second.nats > known.nats ? second : known
  }

  /**
   * The best of the blocks of all rows that hold at least so many of the columns. Rows that are left out of a block make it look like a
   * community of taste that goes on outside, so a block of which a part is missing can be worth less than any part.
   */
  #fullest(columnSet: Int32Array, { minRows, minColumns }: BlockShape): FoundBlock | null {
    if (columnSet.length < minColumns) return null
    const { columns } = this.#matrix
    const tally = this.#tally
    const touched: number[] = []
    for (const c of columnSet)
      for (let k = columns.offsets[c]!; k < columns.offsets[c + 1]!; k++)
        if (tally[columns.columns[k]!]!++ === 0) touched.push(columns.columns[k]!)
    const held = Int32Array.from(touched, (r) => tally[r]!)
    for (const r of touched) tally[r] = 0
    const least = Math.max(2, Math.ceil(this.#ceiling * columnSet.length))
    let best: FoundBlock | null = null
    for (let hits = columnSet.length; hits >= least; hits--) {
      if (!held.includes(hits)) continue
      const rowSet = Int32Array.from(touched.filter((_, i) => held[i]! >= hits)).sort()
      if (rowSet.length < minRows) continue
      this.#check()
      const block = this.measure(rowSet, columnSet)
      if (best === null || block.nats > best.nats) best = block
    }
    return best
  }

  #ascend(
    startRows: Int32Array,
    startColumns: Int32Array,
    full: number,
    { minRows, minColumns }: BlockShape,
  ): FoundBlock | null {
    let columnSet = startColumns
    let rowSet = startRows
    let best: FoundBlock | null = null
    let q = Math.max(full, this.#ceiling + LEAST_EXCESS)
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const nextRows = this.#choose(true, columnSet, rowSet, q, minRows)
      if (nextRows === null) break
      rowSet = nextRows
      const nextColumns = this.#choose(false, rowSet, columnSet, q, minColumns)
      if (nextColumns === null) break
      columnSet = nextColumns
      const block = this.measure(rowSet, columnSet)
      q = this.#share(block.filled, rowSet.length * columnSet.length)
      if (best !== null && block.nats <= best.nats + LEAST_GAIN) break
      best = block
    }
    return best
  }
}
