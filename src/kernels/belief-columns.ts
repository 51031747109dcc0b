/**
 * Three beliefs at once by a few Gauss-Seidel sweeps over the system of belief-system.ts, for the order of nodes and not for their values: reading a tie costs
 * more than reckoning with it, so three right sides take little longer than one.
 */
import type { BeliefSystem } from './belief-system.js'
import { type Check, neverCancelled } from './check.js'

export const COLUMNS = 3

const BLOCK = 1 << 13

const sweepRows = (
  { offsets, columns, coefficient, diagonal }: BeliefSystem,
  explicit: Float32Array,
  belief: Float32Array,
  from: number,
  to: number,
): void => {
  for (let i = from; i < to; i++) {
    let a = explicit[COLUMNS * i]!
    let b = explicit[COLUMNS * i + 1]!
    let c = explicit[COLUMNS * i + 2]!
    for (let k = offsets[i]!, end = offsets[i + 1]!; k < end; k++) {
      const w = coefficient[k]!
      const j = COLUMNS * columns[k]!
      a += w * belief[j]!
      b += w * belief[j + 1]!
      c += w * belief[j + 2]!
    }
    const d = 1 / diagonal[i]!
    belief[COLUMNS * i] = a * d
    belief[COLUMNS * i + 1] = b * d
    belief[COLUMNS * i + 2] = c * d
  }
}

/** `explicit` holds three numbers a node, side by side, and so does the result. */
export const sweepThree = (
  system: BeliefSystem,
  explicit: Float32Array,
  sweeps: number,
  check: Check = neverCancelled,
): Float32Array => {
  const { rowCount } = system
  if (explicit.length !== COLUMNS * rowCount)
    throw new RangeError(`explicit must hold ${COLUMNS * rowCount} numbers, ${COLUMNS} a node`)
  const belief = explicit.slice()
  for (let sweep = 0; sweep < sweeps; sweep++)
    for (let from = 0; from < rowCount; from += BLOCK) {
      check()
      sweepRows(system, explicit, belief, from, Math.min(rowCount, from + BLOCK))
    }
  return belief
}
