/** Hot loops take a block a call: functions that are called often are compiled sooner and better than one long loop is replaced. */
import type { Check } from '../kernels/check.js'

export const blockSize = 1 << 14

/** Calls `work` with from .. to of each block of 0 .. count - 1, and `check` before each. */
export const eachBlock = (count: number, check: Check, work: (from: number, to: number) => void): void => {
  for (let from = 0; from < count; from += blockSize) {
    check()
    work(from, Math.min(count, from + blockSize))
  }
}
