import { type UndirectedCsr, undirectedCsr } from '#src/kernels/csr.js'
import { Random } from '#src/kernels/random.js'

/** Wayne W. Zachary, "An information flow model for conflict and fission in small groups", J. Anthropological Research 33, 1977. */
const clubRows: readonly (readonly number[])[] = [
  [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31],
  [2, 3, 7, 13, 17, 19, 21, 30],
  [3, 7, 8, 9, 13, 27, 28, 32],
  [7, 12, 13],
  [6, 10],
  [6, 10, 16],
  [16],
  [],
  [30, 32, 33],
  [33],
  [],
  [],
  [],
  [33],
  [32, 33],
  [32, 33],
  [],
  [],
  [32, 33],
  [33],
  [32, 33],
  [],
  [32, 33],
  [25, 27, 29, 32, 33],
  [25, 27, 31],
  [31],
  [29, 33],
  [33],
  [31, 33],
  [32, 33],
  [32, 33],
  [32, 33],
  [33],
]

export const edgesOf = (rows: readonly (readonly number[])[]) => {
  const source: number[] = []
  const target: number[] = []
  rows.forEach((row, u) => {
    for (const v of row) {
      source.push(u)
      target.push(v)
    }
  })
  return { source: Int32Array.from(source), target: Int32Array.from(target) }
}

/** 34 nodes, 78 edges. */
export const karateClub = (): UndirectedCsr => undirectedCsr(34, edgesOf(clubRows))

/** Blocks of equal size; each node has about `inside` edges in its block and `outside` to anywhere. */
export const plantedPartition = (blocks: number, blockSize: number, inside: number, outside: number, seed: number) => {
  const random = new Random(seed)
  const nodeCount = blocks * blockSize
  const within = Math.round((nodeCount * inside) / 2)
  const between = Math.round((nodeCount * outside) / 2)
  const source = new Int32Array(within + between)
  const target = new Int32Array(within + between)
  for (let e = 0; e < source.length; e++) {
    const u = random.below(nodeCount)
    source[e] = u
    target[e] = e < within ? u - (u % blockSize) + random.below(blockSize) : random.below(nodeCount)
  }
  const truth = Int32Array.from({ length: nodeCount }, (_, u) => Math.floor(u / blockSize))
  return { nodeCount, source, target, truth, graph: undirectedCsr(nodeCount, { source, target }) }
}
