/**
 * How fast this machine is at the moment, for estimates of time: what detectors mostly do (random reads of a few megabytes, counting,
 * logarithms) is done for a few milliseconds. The fastest of some slices tells how fast a core is while nothing interrupts it; how often
 * it will be interrupted is told by the load of the last minute, which a few milliseconds do not show.
 */
import { availableParallelism, loadavg } from 'node:os'
import { setImmediate } from 'node:timers/promises'

/** Whole numbers that the reads are spread over: four megabytes, more than the caches next to a core hold. */
const CELLS = 2 ** 20
/** Reads a slice: a tenth of a millisecond, which is seldom interrupted; between slices the event loop goes on. */
const READS = 2 ** 14
/** Not counted: the engine compiles the loop. */
const WARM_UP = 40
const SLICES = 200
/** Milliseconds that a slice takes where the constants of the estimates were measured. */
const REFERENCE_MS = 0.07

/** A change of load shows within this time. */
const KEPT_MS = 30_000

/** Taken once: where the code runs in a context of its own, each look at a global costs more than the work. */
const { imul, log } = Math

const slice = (cells: Int32Array, start: number): number => {
  let at = start
  let sum = 0
  for (let i = 0; i < READS; i++) {
    at = (imul(at, 1_664_525) + 1_013_904_223) | 0
    const cell = at >>> 12
    const count = cells[cell]! + 1
    cells[cell] = count
    if ((i & 7) === 0) sum += log(count)
  }
  return sum
}

const measure = async (): Promise<number> => {
  const cells = new Int32Array(CELLS)
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < WARM_UP + SLICES; i++) {
    const from = performance.now()
    slice(cells, i)
    if (i >= WARM_UP) least = Math.min(least, performance.now() - from)
    await setImmediate()
  }
  return least / REFERENCE_MS
}

let known: { readonly at: number; readonly slowness: Promise<number> } | null = null

/** How many times as long as on the machine of reference a core takes for its work. Takes about 30 ms; what was measured half a minute ago is given again. */
export const coreSlowness = (): Promise<number> => {
  const now = performance.now()
  if (known === null || now - known.at > KEPT_MS) known = { at: now, slowness: measure() }
  return known.slowness
}

/** How many times as long as its processor time the clock runs for `threads` beside what else the machine does: all share the cores evenly. */
export const crowding = (threads: number, load = loadavg()[0]!, cores = availableParallelism()): number =>
  Math.max(1, (load + threads) / cores)
