/** First place in from .. to - 1 of rising values whose value is at least `bound`, or `to`; values that are no numbers are last and count as later than all. */
export const lowerBound = (values: Float64Array, from: number, to: number, bound: number): number => {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle]! < bound) low = middle + 1
    else high = middle
  }
  return low
}
