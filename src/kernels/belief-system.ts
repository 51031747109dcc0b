/**
 * The linear system of beliefs that spread over ties:  (I + D) b = e + A b.
 *
 * A tie between i and j tells i a share t(i, j) of what j holds, and j a share t(j, i) of what i holds. What came from i over a tie is
 * not told back to it (no echo): b(i) is the sum over all walks without an immediate return, each with the product of its shares
 * times what its first node was given in e. With p = t(i, j) t(j, i):  A(i, j) = t(i, j) / (1 - p),  D(i) = sum over j of p / (1 - p).
 * On a tree the walks are its paths, so there b(i) is exactly the product of the shares on the way to each seed.
 *
 * Danai Koutra, Tai-You Ke, U Kang, Duen Horng Chau, Hsing-Kuo Kenneth Pao and Christos Faloutsos, "Unifying Guilt-by-Association
 * Approaches: Theorems and Fast Algorithms", ECML PKDD 2011 (FaBP: one share for all ties). Wolfgang Gatterbauer, Stephan Guennemann,
 * Danai Koutra and Christos Faloutsos, "Linearized and Single-Pass Belief Propagation", PVLDB 8(5), 2015 (a share a tie, convergence by
 * norms). Yusuke Watanabe and Kenji Fukumizu, "Graph Zeta Function in the Bethe Free Energy and Loopy Belief Propagation", NIPS 2009
 * (shares that differ by direction).
 *
 * Bound. Everything is measured times the reach of its node (see Damping), which makes u(i, j) = t(i, j) reach(i) / reach(j) of a share. Let g be the
 * greatest, over nodes i and neighbours j, sum of |u(i, k)| over neighbours k other than j, and s the greatest sum over all of them. With g < 1 and
 * every p < 1 the walk sum converges, the matrix is an H-matrix (Gauss-Seidel and pushing converge), and the norm of its inverse is at most
 * 1 + s / (1 - g):  a residual r of the system means an error of the belief of i of at most that times max |r(j)| reach(j), divided by reach(i).
 */
import { type Check, checkInterval, neverCancelled } from './check.js'

/** Evidence is kept in steps of this: sums are then exact in single precision, in whatever order they are made. */
const EVIDENCE_STEP = 2 ** -18
/** Beyond, a tie is as certain as it gets. */
const GREATEST_EVIDENCE = 32

/** A weight of evidence as it is kept. */
export const onGrid = (evidence: number): number =>
  Math.round(Math.max(-GREATEST_EVIDENCE, Math.min(GREATEST_EVIDENCE, evidence)) / EVIDENCE_STEP) * EVIDENCE_STEP

/** tanh of small evidence is the evidence itself to within single precision. */
const SMALL_EVIDENCE = 1e-3

/** What a tie of so much evidence tells: parallel observations of one tie add their evidence. */
export const strengthOf = (evidence: number): number =>
  evidence < SMALL_EVIDENCE && evidence > -SMALL_EVIDENCE ? evidence : Math.tanh(evidence)

/**
 * What is heard of a tie that says one sign in one direction and another in the other: the stronger side alone, and nothing where they are
 * equal. A loop of two signs would make the matrix none that sweeps can be trusted with.
 */
export const heard = (incoming: number, outgoing: number): number =>
  incoming * outgoing < 0 && Math.abs(incoming) <= Math.abs(outgoing) ? 0 : incoming

/** Each tie stands in the rows of both its ends, columns ascending, no loops, each pair once. */
export interface Ties {
  readonly rowCount: number
  /** Length rowCount + 1. */
  readonly offsets: Int32Array
  readonly columns: Int32Array
  /** What the row's node is told by the column's, before damping: see `heard` for signs. */
  readonly incoming: Float32Array
  /** The same of the other direction: what the column's node is told by the row's. */
  readonly outgoing: Float32Array
  /** Of `incoming`, its evidence: incoming = strengthOf(evidence), or another reading of it (LiveBeliefs takes it as `strength`). */
  readonly evidence: Float32Array
}

/** t(i, j) = heard(i, j) * dilution(i) * reach(j). */
export interface Damping {
  /** One a node, not negative; 0 makes a node absorb: it keeps what it is given in e and takes nothing. */
  readonly dilution: Float64Array
  /** One a node, above 0 to 1. */
  readonly reach: Float64Array
}

export interface BeliefSystem extends Ties, Damping {
  /** A, rounded to single precision: sweeps are bound by memory, and pushes round the same way. */
  readonly coefficient: Float32Array
  /** 1 + D. */
  readonly diagonal: Float64Array
  /** g and s of the bound above. */
  readonly onward: number
  readonly total: number
  /** What all shares were multiplied by so that the bound holds: 1 where nothing had to be done. */
  readonly scaled: number
}

/** g may be at most this: closer to 1, a cycle needs sweeps without number. */
export const GREATEST_ONWARD = 0.9

/** Norm of the inverse: error of a belief times its node's reach, per unit of the greatest residual times its node's reach. */
export const errorPerResidual = ({ onward, total }: Pick<BeliefSystem, 'onward' | 'total'>): number =>
  1 + total / (1 - onward)

interface Bounds {
  readonly onward: number
  readonly total: number
  /** Greatest |u(i, j)|. */
  readonly share: number
}

const boundsOf = ({ rowCount, offsets, incoming }: Ties, { dilution, reach }: Damping, check: Check): Bounds => {
  let onward = 0
  let total = 0
  let share = 0
  let steps = 0
  for (let i = 0; i < rowCount; i++) {
    const from = offsets[i]!
    const to = offsets[i + 1]!
    let sum = 0
    let least = Number.POSITIVE_INFINITY
    let most = 0
    for (let k = from; k < to; k++) {
      const w = Math.abs(incoming[k]!)
      sum += w
      if (w < least) least = w
      if (!(w <= most)) most = w
    }
    // The reach of who tells cancels: u(i, j) = incoming x dilution(i) x reach(i).
    const own = dilution[i]! * reach[i]!
    if (most * own > share || Number.isNaN(sum)) share = most * own
    if (sum * own > total) total = sum * own
    if (to > from && (sum - least) * own > onward) onward = (sum - least) * own
    steps += to - from + 1
    if (steps >= checkInterval) {
      steps = 0
      check()
    }
  }
  return { onward, total, share }
}

export interface BeliefSystemOptions {
  /** Throws RangeError where the shares do not converge, instead of making all of them smaller. */
  readonly strict?: boolean
  readonly check?: Check
}

/**
 * Checks the bound and makes the matrix. Shares that would not converge are all scaled down by one factor, told as `scaled`. Throws
 * RangeError where lengths differ, a damping is not finite or, with `strict`, where scaling would be needed.
 * Memory: 4 bytes an entry and 32 a node beyond the input.
 */
export const beliefSystem = (ties: Ties, damping: Damping, options: BeliefSystemOptions = {}): BeliefSystem => {
  const { strict = false, check = neverCancelled } = options
  const { rowCount, offsets, columns, incoming, outgoing } = ties
  if (offsets.length !== rowCount + 1 || incoming.length !== columns.length || outgoing.length !== columns.length)
    throw new RangeError('offsets, columns, incoming and outgoing do not fit together')
  const { reach } = damping
  for (let i = 0; i < rowCount; i++)
    if (!(damping.dilution[i]! >= 0 && damping.dilution[i]! < Infinity && reach[i]! > 0 && reach[i]! <= 1))
      throw new RangeError(`the damping of node ${i} must be finite and not negative, its reach above 0 and at most 1`)
  const found = boundsOf(ties, damping, check)
  // A pair of ends with nobody else between them needs its own bound: there g is 0 whatever the share.
  const worst = Math.max(found.onward, found.share)
  if (!Number.isFinite(worst)) throw new RangeError('a tie is not a finite number')
  const scaled = worst <= GREATEST_ONWARD ? 1 : GREATEST_ONWARD / worst
  if (scaled < 1 && strict)
    throw new RangeError(
      `the shares would not converge: their bound is ${worst.toPrecision(4)}, above ${GREATEST_ONWARD}`,
    )
  const dilution = scaled < 1 ? damping.dilution.map((x) => x * scaled) : damping.dilution
  const coefficient = new Float32Array(columns.length)
  const diagonal = new Float64Array(rowCount).fill(1)
  // Side by side, so that a neighbour costs one look into memory.
  const of = new Float64Array(2 * rowCount)
  for (let i = 0; i < rowCount; i++) {
    of[2 * i] = dilution[i]!
    of[2 * i + 1] = reach[i]!
  }
  let steps = 0
  for (let i = 0; i < rowCount; i++) {
    const ownDilution = dilution[i]!
    const ownReach = reach[i]!
    let d = 1
    for (let k = offsets[i]!; k < offsets[i + 1]!; k++) {
      const j = columns[k]!
      const told = heard(incoming[k]!, outgoing[k]!) * ownDilution * of[2 * j + 1]!
      const p = told * heard(outgoing[k]!, incoming[k]!) * of[2 * j]! * ownReach
      coefficient[k] = told / (1 - p)
      d += p / (1 - p)
    }
    diagonal[i] = d
    steps += offsets[i + 1]! - offsets[i]! + 1
    if (steps >= checkInterval) {
      steps = 0
      check()
    }
  }
  return {
    ...ties,
    dilution,
    reach,
    coefficient,
    diagonal,
    onward: found.onward * scaled,
    total: found.total * scaled,
    scaled,
  }
}

/** Ties from a list of pairs without repetition, with what each end is told by the other. For small graphs and tests. */
export const tiesOf = (
  rowCount: number,
  pairs: readonly { readonly a: number; readonly b: number; readonly toA: number; readonly toB: number }[],
): Ties => {
  const rows: { readonly column: number; readonly in: number; readonly out: number }[][] = Array.from(
    { length: rowCount },
    () => [],
  )
  for (const { a, b, toA, toB } of pairs) {
    if (a === b) throw new RangeError(`a tie of ${a} with itself`)
    rows[a]!.push({ column: b, in: toA, out: toB })
    rows[b]!.push({ column: a, in: toB, out: toA })
  }
  const offsets = new Int32Array(rowCount + 1)
  for (const [i, row] of rows.entries()) {
    row.sort((x, y) => x.column - y.column)
    offsets[i + 1] = offsets[i]! + row.length
  }
  const all = rows.flat()
  return {
    rowCount,
    offsets,
    columns: Int32Array.from(all, ({ column }) => column),
    incoming: Float32Array.from(all, (each) => each.in),
    outgoing: Float32Array.from(all, (each) => each.out),
    evidence: Float32Array.from(all, (each) => onGrid(Math.atanh(each.in))),
  }
}

/** Shares as they are given: no damping. */
export const undamped = (rowCount: number): Damping => ({
  dilution: new Float64Array(rowCount).fill(1),
  reach: new Float64Array(rowCount).fill(1),
})
