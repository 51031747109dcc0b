/**
 * Stable sort of fixed-size records by a whole-number lane, for arrays far larger than the processor's cache.
 *
 * Moving each record straight to its place writes at random all over memory, which costs a cache miss a record. Here a first pass
 * distributes records over at most a thousand ranges of keys, each written from its start to its end, and a second pass sorts each
 * range by counting, inside the cache: Changkyu Kim et al., "Sort vs. Hash Revisited: Fast Join Implementation on Modern Multi-Core
 * CPUs", VLDB 2(2), 2009; Stefan Manegold, Peter Boncz and Martin Kersten, "Optimizing Main-Memory Join on Modern Hardware", IEEE
 * TKDE 14(4), 2002 (radix clustering). Whole records move, as gathering their parts later would be random again.
 */

/** Record r is words[r * stride] .. words[r * stride + stride - 1]. */
export interface Records {
  readonly words: Int32Array
  readonly stride: number
  readonly count: number
}

/** Ranges of keys in the first pass: their write positions fit in the second-level cache and the page tables' cache. */
const maxRanges = 1024

/** Moves records to their places by the counts of `lane >>> shift` minus `from`. */
const distribute = (
  { words, stride, count }: Records,
  lane: number,
  { from, shift, at }: { readonly from: number; readonly shift: number; readonly at: Int32Array },
  into: Int32Array,
): void => {
  // Written out for the strides in use: the engine does not unroll the inner loop, which then costs as much as the moves.
  if (stride === 3)
    for (let r = 0, w = 0; r < count; r++, w += 3) {
      const to = at[(words[w + lane]! - from) >>> shift]!++ * 3
      into[to] = words[w]!
      into[to + 1] = words[w + 1]!
      into[to + 2] = words[w + 2]!
    }
  else if (stride === 6)
    for (let r = 0, w = 0; r < count; r++, w += 6) {
      const to = at[(words[w + lane]! - from) >>> shift]!++ * 6
      into[to] = words[w]!
      into[to + 1] = words[w + 1]!
      into[to + 2] = words[w + 2]!
      into[to + 3] = words[w + 3]!
      into[to + 4] = words[w + 4]!
      into[to + 5] = words[w + 5]!
    }
  else
    for (let r = 0, w = 0; r < count; r++, w += stride) {
      let to = at[(words[w + lane]! - from) >>> shift]!++ * stride
      for (let l = 0; l < stride; l++) into[to++] = words[w + l]!
    }
}

/**
 * Sorts by `lane`, whose values are in keyFrom .. keyFrom + keyCount - 1; equal keys stay in their order. `spare` has the length of
 * `records.words`. The result is in one of both arrays; the other is free to be used again.
 */
export const sortRecords = (
  records: Records,
  lane: number,
  { keyFrom, keyCount }: { readonly keyFrom: number; readonly keyCount: number },
  spare: Int32Array,
): { readonly sorted: Records; readonly free: Int32Array } => {
  const { words, stride, count } = records
  let shift = 0
  while (keyCount >>> shift > maxRanges) shift++
  const ranges = ((keyCount - 1) >>> shift) + 1
  const at = new Int32Array(ranges + 1)
  for (let r = 0, w = lane; r < count; r++, w += stride) at[((words[w]! - keyFrom) >>> shift) + 1]!++
  for (let d = 0; d < ranges; d++) at[d + 1]! += at[d]!
  const ends = shift === 0 ? at : at.slice()
  distribute(records, lane, { from: keyFrom, shift, at }, spare)
  if (shift === 0) return { sorted: { words: spare, stride, count }, free: words }

  const counts = new Int32Array((1 << shift) + 1)
  for (let d = 0; d < ranges; d++) {
    const start = ends[d]!
    const end = ends[d + 1]!
    const from = keyFrom + (d << shift)
    counts.fill(0)
    for (let r = start, w = start * stride + lane; r < end; r++, w += stride) counts[spare[w]! - from + 1]!++
    counts[0] = start
    for (let c = 1; c < counts.length; c++) counts[c]! += counts[c - 1]!
    const part = { words: spare.subarray(start * stride, end * stride), stride, count: end - start }
    distribute(part, lane, { from, shift: 0, at: counts }, words)
  }
  return { sorted: records, free: spare }
}
