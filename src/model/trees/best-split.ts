/**
 * The best cut of one node from its histograms.
 *
 *   gain = G_left^2 / (H_left + l2) + G_right^2 / (H_right + l2) - G^2 / (H + l2)
 *
 * with G and H the sums of gradient and hessian: Chen and Guestrin, KDD 2016, equation 7; missing values are tried on both
 * sides, their algorithm 3.
 */
import { missingBin } from './bins.js'
import { hessianUnit } from './histogram.js'

export interface SplitRules {
  /** In units of the packed hessian. */
  readonly l2: number
  readonly minHessian: number
  /** True value of the squared packed gradient over the packed hessian. */
  readonly gainUnit: number
  readonly minGain: number
}

export interface Split {
  feature: number
  /** Bins up to this one go left. */
  bin: number
  missingLeft: boolean
  /** Not above 0: there is no cut worth making. */
  gain: number
  /** Packed sum of the left side. */
  left: number
}

const perHessian = 1 / hessianUnit

/** Looks at one feature, whose bins are histogram[base ..], and betters `best` where it can; equal gains leave the earlier one. `total` is the node's packed sum. */
export const improveSplit = (
  histogram: Float64Array,
  feature: number,
  base: number,
  bins: number,
  hasMissing: boolean,
  total: number,
  rules: SplitRules,
  best: Split,
): void => {
  const { l2, minHessian } = rules
  const h = Math.floor(total * perHessian + 0.5)
  const g = total - h * hessianUnit
  const before = (g * g) / (h + l2)
  const missing = hasMissing ? histogram[base + missingBin]! : 0
  const sides = missing === 0 ? 1 : 2
  for (let side = 0; side < sides; side++) {
    let packed = side === 1 ? missing : 0
    // Bins are 1 .. bins; cutting behind the last one leaves the missing values alone on the right.
    const last = side === 0 && sides === 2 ? bins : bins - 1
    for (let b = 1; b <= last; b++) {
      const here = histogram[base + b]!
      if (here === 0) continue
      packed += here
      const leftH = Math.floor(packed * perHessian + 0.5)
      const rightH = h - leftH
      if (leftH < minHessian) continue
      if (rightH < minHessian) break
      const leftG = packed - leftH * hessianUnit
      const rightG = g - leftG
      const gain =
        ((leftG * leftG) / (leftH + l2) + (rightG * rightG) / (rightH + l2) - before) * rules.gainUnit - rules.minGain
      if (gain > best.gain) {
        best.feature = feature
        // Bins behind the cut may hold none of these rows: where only missing ones are left, every value goes left.
        best.bin = side === 0 && sides === 2 && total - packed === missing ? bins : b
        best.missingLeft = side === 1
        best.gain = gain
        best.left = packed
      }
    }
  }
}
