import fc from 'fast-check'

export interface SmallGraph {
  readonly nodeCount: number
  readonly source: Int32Array
  readonly target: Int32Array
  /** Multiples of 1/4, so that sums are exact in any order; 0 occurs. */
  readonly weight: Float64Array
}

/** Small graphs with loops, parallel edges and isolated nodes; at least one node. */
export const edgeLists = (size: {
  readonly maxNodes: number
  readonly maxEdges: number
  readonly weighted?: boolean
}): fc.Arbitrary<SmallGraph> =>
  fc.integer({ min: 1, max: size.maxNodes }).chain((nodeCount) => {
    const end = fc.integer({ min: 0, max: nodeCount - 1 })
    const weight = size.weighted ? fc.integer({ min: 0, max: 12 }).map((w) => w / 4) : fc.constant(1)
    return fc.array(fc.tuple(end, end, weight), { maxLength: size.maxEdges }).map((edges) => ({
      nodeCount,
      source: Int32Array.from(edges, ([u]) => u),
      target: Int32Array.from(edges, ([, v]) => v),
      weight: Float64Array.from(edges, ([, , w]) => w),
    }))
  })
