/**
 * What the accounts of a block say of its targets: reviews that are all of five stars, or all of one, where the other ratings of these
 * accounts and of these targets differ. Who reviews what and how it is rated are independent under the null, so surprises add.
 */
import { type Relation, relationOf, type Snapshot } from '../../graph/snapshot.js'
import { addPairs, markCorrelation, markSurprise, noPairs, type PairSums } from '../../kernels/rating-surprise.js'
import type { Fact } from '../detector.js'
import { type Cut, keeps } from './matrix.js'

/** Ratings that are bought: praise and its opposite. */
export const EXTREMES = [5, 1] as const

export interface RatingSurprise {
  readonly rating: number
  /** First rating of each account for each target, as positions in the relation. */
  readonly edges: Int32Array
  readonly given: number
  readonly expected: number
  /** With the choice among the extremes paid. */
  readonly nats: number
}

interface Totals {
  readonly marks: Float64Array
  readonly cells: Float64Array
}

interface Tally {
  readonly rating: number
  readonly byRow: Totals
  readonly byColumn: Totals
  readonly byMarket: Totals
}

const totals = (count: number): Totals => ({ marks: new Float64Array(count), cells: new Float64Array(count) })

const count = ({ marks, cells }: Totals, group: number, mark: number, sign: 1 | -1): void => {
  marks[group]! += sign * mark
  cells[group]! += sign
}

const pairSums = ({ marks, cells }: Totals): PairSums => {
  const sums = noPairs()
  for (let g = 0; g < cells.length; g++) addPairs(sums, marks[g]!, cells[g]!, 1)
  return sums
}

const correlationWithout = (all: PairSums, { marks, cells }: Totals, left: Int32Array): number => {
  const sums = { ...all }
  for (const g of left) addPairs(sums, marks[g]!, cells[g]!, -1)
  return markCorrelation(sums)
}

/** Seller of each target, by number; targets without one are each their own. */
const sellersOf = (snapshot: Snapshot, { targetFrom, inOffsets }: Relation): Int32Array => {
  const seller = Int32Array.from({ length: inOffsets.length - 1 }, (_, column) => -1 - column)
  const sell = relationOf(snapshot, 'sell')
  if (!sell) return seller
  for (let row = 0; row + 1 < sell.outOffsets.length; row++)
    for (let edge = sell.outOffsets[row]!; edge < sell.outOffsets[row + 1]!; edge++) {
      const column = sell.target[edge]! - targetFrom
      // With several sellers the first stands for all: what matters is that their goods are one brand.
      if (column >= 0 && column < seller.length && seller[column]! < 0) seller[column] = row
    }
  return seller
}

export class BlockRatings {
  readonly #relation: Relation
  readonly #ratings: Uint8Array
  readonly #sellers: Int32Array
  readonly #cut: Cut
  readonly #tallies: readonly Tally[]
  readonly #silent: Uint8Array
  #pairs: readonly { readonly rows: PairSums; readonly columns: PairSums }[] = []

  /** Null where no interaction of the relation carries a rating. */
  static of(snapshot: Snapshot, cut: Cut): BlockRatings | null {
    return cut.relation.ratings ? new BlockRatings(snapshot, cut, cut.relation.ratings) : null
  }

  private constructor(snapshot: Snapshot, cut: Cut, ratings: Uint8Array) {
    const { relation } = cut
    this.#relation = relation
    this.#ratings = ratings
    this.#cut = cut
    this.#sellers = sellersOf(snapshot, relation)
    const rowCount = relation.outOffsets.length - 1
    this.#silent = new Uint8Array(rowCount)
    this.#tallies = EXTREMES.map((rating) => ({
      rating,
      byRow: totals(rowCount),
      byColumn: totals(relation.inOffsets.length - 1),
      byMarket: totals(snapshot.markets.length),
    }))
    for (let row = 0; row < rowCount; row++) this.#tally(row, 1)
    this.#sum()
  }

  #tally(row: number, sign: 1 | -1): void {
    this.#eachRated(row, (column, edge) => {
      for (const { rating, byRow, byColumn, byMarket } of this.#tallies) {
        const mark = this.#ratings[edge] === rating ? 1 : 0
        count(byRow, row, mark, sign)
        count(byColumn, column, mark, sign)
        count(byMarket, this.#relation.market[edge]!, mark, sign)
      }
    })
  }

  #sum(): void {
    this.#pairs = this.#tallies.map(({ byRow, byColumn }) => ({ rows: pairSums(byRow), columns: pairSums(byColumn) }))
  }

  /** Accounts under suspicion tell nothing of what is usual: what they give does not count for others. Those of before count again. */
  silence(blocks: readonly { readonly rows: Int32Array }[]): void {
    const next = new Set(blocks.flatMap(({ rows }) => [...rows]))
    for (let row = 0; row < this.#silent.length; row++) {
      if ((this.#silent[row] === 1) === next.has(row)) continue
      this.#tally(row, next.has(row) ? -1 : 1)
      this.#silent[row] = next.has(row) ? 1 : 0
    }
    this.#sum()
  }

  /** The first rating that the account gave each target. */
  #eachRated(row: number, visit: (column: number, edge: number) => void): void {
    const { outOffsets, target, targetFrom } = this.#relation
    let previous = -1
    for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++) {
      if (target[edge] === previous || this.#ratings[edge] === 0 || !keeps(this.#cut, edge)) continue
      previous = target[edge]!
      visit(previous - targetFrom, edge)
    }
  }

  /** The extreme that surprises most; null where nothing in the block is rated. */
  judge(rows: Int32Array, columns: Int32Array): RatingSurprise | null {
    const { market } = this.#relation
    const places = new Map(Array.from(columns, (column, i) => [column, i]))
    const edges: number[] = []
    const rowOf: number[] = []
    const columnOf: number[] = []
    const weights: number[] = []
    const elsewhere: { readonly row: number; readonly edge: number }[] = []
    for (let i = 0; i < rows.length; i++) {
      const from = edges.length
      const bySeller = new Map<number, number>()
      this.#eachRated(rows[i]!, (column, edge) => {
        const place = places.get(column)
        if (place === undefined) {
          elsewhere.push({ row: i, edge })
          return
        }
        const seller = this.#sellers[column]!
        bySeller.set(seller, (bySeller.get(seller) ?? 0) + 1)
        edges.push(edge)
        rowOf.push(i)
        columnOf.push(place)
      })
      // What one account says of one seller's goods may be one opinion: a fan's.
      for (let k = from; k < edges.length; k++) weights.push(1 / bySeller.get(this.#sellers[columns[columnOf[k]!]!]!)!)
    }
    if (edges.length === 0) return null
    const row = Int32Array.from(rowOf)
    const column = Int32Array.from(columnOf)
    const weight = Float64Array.from(weights)
    let best: RatingSurprise | null = null
    this.#tallies.forEach(({ rating, byRow, byColumn, byMarket }, t) => {
      const marked = Uint8Array.from(edges, (edge) => (this.#ratings[edge] === rating ? 1 : 0))
      const ofRows = totals(rows.length)
      for (const { row: i, edge } of elsewhere) count(ofRows, i, this.#ratings[edge] === rating ? 1 : 0, 1)
      const ofColumns = {
        marks: Float64Array.from(columns, (c) => byColumn.marks[c]!),
        cells: Float64Array.from(columns, (c) => byColumn.cells[c]!),
      }
      for (let k = 0; k < edges.length; k++)
        if (this.#silent[rows[row[k]!]!] === 0) count(ofColumns, column[k]!, marked[k]!, -1)
      const bases = this.#baseRates(rating, byMarket, rows)
      const found = markSurprise(
        { ...ofRows, correlation: correlationWithout(this.#pairs[t]!.rows, byRow, rows) },
        {
          ...ofColumns,
          correlation: correlationWithout(this.#pairs[t]!.columns, byColumn, columns),
        },
        { row, column, marked, weight, base: Float64Array.from(edges, (edge) => bases[market[edge]!]!) },
      )
      const nats = found.nats - Math.log(EXTREMES.length)
      if (best === null || nats > best.nats)
        best = { rating, edges: Int32Array.from(edges), given: found.marked, expected: found.expected, nats }
    })
    return best
  }

  /** Share of the rating in each market, as the accounts outside the block give it: pulled to the platform's by one rating. */
  #baseRates(rating: number, byMarket: Totals, rows: Int32Array): Float64Array {
    const others = { marks: byMarket.marks.slice(), cells: byMarket.cells.slice() }
    for (const row of rows)
      if (this.#silent[row] === 0)
        this.#eachRated(row, (_, edge) =>
          count(others, this.#relation.market[edge]!, this.#ratings[edge] === rating ? 1 : 0, -1),
        )
    let marks = 1
    let cells = 2
    for (let m = 0; m < others.cells.length; m++) {
      marks += others.marks[m]!
      cells += others.cells[m]!
    }
    const platform = marks / cells
    return others.marks.map((mark, m) => (mark + platform) / (others.cells[m]! + 1))
  }
}

const round = (value: number): number => Number(value.toPrecision(3))

export const ratingsFact = ({ rating, edges, given, expected }: RatingSurprise): Fact => ({
  code: 'dense-block.ratings',
  sentence:
    `Of the ${edges.length} ratings that these accounts gave these targets, ${given} are ${rating} of 5, where all other ratings of the accounts ` +
    `and of the targets lead one to expect ${round(expected)}.`,
  observed: given,
  expected: round(expected),
  unit: 'ratings',
  count: { of: 'rated', rating },
  shows: [{ type: 'review', edges }],
})
