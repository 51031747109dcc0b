/**
 * How surprising it is that the cells of a block so often have one mark (a rating of five, say), given which cells there are.
 *
 * Null: rows and columns differ in how often they give and get the mark. A row's chance is drawn from a beta distribution about the
 * base rate b of its cell with a correlation rho_r between two marks of one row, and a column's likewise; so before a cell is looked at,
 *     f(row) = (s b + k) / (s + n),  s = (1 - rho) / rho,
 * with k marks among the n cells of the row outside the block and those of the block already looked at, the same for its column, and
 *     logit p = logit f(row) + logit f(column) - logit b.
 * A row that always gives the mark, or a column that all give it to, is thus soon expected to go on. Against this, all cells having the
 * mark with a chance q give the likelihood ratio, over cells with p < q,
 *     L = sum of w (x ln(q / p) + (1 - x) ln((1 - q) / (1 - p))),
 * where cells that may be one opinion have weights w that add up to one: by Hölder's inequality the mean of exp(L) is then at most 1
 * however they depend on each other. As each p is known before its cell, the product is a test martingale, and P(L >= s) <= exp(-s)
 * (Jean Ville, "Étude critique de la notion de collectif", 1939; Glenn Shafer, Alexander Shen, Nikolai Vereshchagin and Vladimir Vovk, "Test
 * Martingales, Bayes Factors and p-Values", Statistical Science 26(1), 2011). The best q of those that n cells can show costs ln(n + 1).
 */

/** Marks of rows or columns outside the block. */
export interface Habits {
  readonly marks: Float64Array
  readonly cells: Float64Array
  /** rho: correlation of two marks of one row (column), 0 < rho < 1. */
  readonly correlation: number
}

export interface MarkedCells {
  /** Row and column of each cell, places in the habits. */
  readonly row: Int32Array
  readonly column: Int32Array
  /** 1 where the cell has the mark. */
  readonly marked: Uint8Array
  /** b, 0 < b < 1. */
  readonly base: Float64Array
  /** w, 0 < w <= 1. */
  readonly weight: Float64Array
}

export interface MarkSurprise {
  readonly marked: number
  /** Sum of p. */
  readonly expected: number
  /** L at the q that the block shows, minus ln(n + 1); may be negative. */
  readonly nats: number
}

/** No chance is taken as certain: one exception must not rule out all. */
const LEAST_CHANCE = 0.005

const within = (chance: number): number => Math.min(1 - LEAST_CHANCE, Math.max(LEAST_CHANCE, chance))

const odds = (chance: number): number => chance / (1 - chance)

export const markSurprise = (rows: Habits, columns: Habits, cells: MarkedCells): MarkSurprise => {
  const { row, column, marked, base, weight } = cells
  const n = row.length
  let count = 0
  for (let i = 0; i < n; i++) count += marked[i]!
  const q = within(n === 0 ? 0 : count / n)
  const rowMarks = rows.marks.slice()
  const rowCells = rows.cells.slice()
  const columnMarks = columns.marks.slice()
  const columnCells = columns.cells.slice()
  const rowPrior = (1 - rows.correlation) / rows.correlation
  const columnPrior = (1 - columns.correlation) / columns.correlation
  let likelihood = 0
  let expected = 0
  for (let i = 0; i < n; i++) {
    const b = within(base[i]!)
    const r = row[i]!
    const c = column[i]!
    const byRow = within((rowPrior * b + rowMarks[r]!) / (rowPrior + rowCells[r]!))
    const byColumn = within((columnPrior * b + columnMarks[c]!) / (columnPrior + columnCells[c]!))
    const together = (odds(byRow) * odds(byColumn)) / odds(b)
    const p = within(together / (1 + together))
    expected += p
    if (p < q) likelihood += weight[i]! * (marked[i] === 1 ? Math.log(q / p) : Math.log((1 - q) / (1 - p)))
    rowMarks[r]! += marked[i]!
    rowCells[r]!++
    columnMarks[c]! += marked[i]!
    columnCells[c]!++
  }
  return { marked: count, expected, nats: likelihood - Math.log(n + 1) }
}

/** Sums over groups of two cells or more, each pair weighted by one over the others of its group. */
export interface PairSums {
  cells: number
  marks: number
  pairs: number
  /** Sum of 2 n / (n - 1): the variance of the sum of pairs of standardized marks where they are independent. */
  noise: number
}

export const noPairs = (): PairSums => ({ cells: 0, marks: 0, pairs: 0, noise: 0 })

/** Adds a group of `cells` cells of which `marks` are marked to the sums, or takes it out. */
export const addPairs = (sums: PairSums, marks: number, cells: number, sign: 1 | -1): void => {
  if (cells < 2) return
  sums.cells += sign * cells
  sums.marks += sign * marks
  sums.pairs += (sign * marks * (marks - 1)) / (cells - 1)
  sums.noise += (sign * 2 * cells) / (cells - 1)
}

/**
 * rho: (share of pairs that are both marked - p^2) / (p (1 - p)), and one standard error more, so that what is not known explains
 * more rather than less.
 */
export const markCorrelation = ({ cells, marks, pairs, noise }: PairSums): number => {
  if (cells <= 0) return MOST_CORRELATED
  const p = marks / cells
  const spread = p * (1 - p)
  const found = spread <= 0 ? 0 : Math.max(0, (pairs / cells - p * p) / spread)
  return Math.min(MOST_CORRELATED, found + Math.sqrt(Math.max(0, noise)) / cells)
}

const MOST_CORRELATED = 0.9
