/** Whether a graph fits into memory as one batch, and how long it may be learned from. */
import { freemem } from 'node:os'
import { simdBytes } from '../../kernels/sparse-dense-simd.js'
import type { Backend } from '../backend.js'
import type { SageGraph } from './graph.js'
import type { NetworkShape } from './network.js'

/** Numbers of the hidden width that are alive at once for each node while gradients are computed: measured, with room. */
const hiddenCopies = 44
/** Of the first layer's input: the array, the tensor, and what its making needs. */
const inputCopies = 3
/** The WebAssembly backend addresses 4 GiB, and fragments. */
const wasmLimit = 2.5 * 2 ** 30
/** Of each relation; a seed then has some hundred nodes around it. */
const sampledNeighbours = 12
/** Rows that a batch of samples is drawn around. */
export const sampledSeeds = 512

/** Bytes of a training step on the whole graph. */
export const wholeGraphBytes = (graph: SageGraph, { inputWidth, hidden }: NetworkShape): number => {
  const { rows } = graph.features
  const sizes = graph.relations.map(({ csr }) => ({ rows, columns: rows, entries: csr.columns.length }))
  return 4 * rows * (inputCopies * inputWidth + hiddenCopies * hidden) + simdBytes(sizes, hidden)
}

/** Null where the whole graph fits, else how many neighbours of each relation to sample. */
export const neighboursThatFit = (
  graph: SageGraph,
  shape: NetworkShape,
  { backend, memoryLimit = freemem() / 2 }: { readonly backend: Backend; readonly memoryLimit?: number },
): number | null => {
  const limit = backend.name === 'wasm' ? Math.min(memoryLimit, wasmLimit) : memoryLimit
  return wholeGraphBytes(graph, shape) <= limit ? null : sampledNeighbours
}

/** Multiplications and additions of an epoch: forward, and twice that for gradients, each of two operations. */
const operations = 6
/** Of each hidden number outside of matrix products, and of each entry of a relation, forward and back. */
const elementOperations = 200
const entryOperations = 8
/** A step on the whole graph that takes more is given up for batches: few steps could be made. */
const mostOfStep = 60e9
/** Of all networks of a table together: some ten minutes of the native backend on two cores. */
const mostOfAll = 10e12
/** Fewer steps teach nothing: on the whole graph an epoch is one step, on samples it is many. */
const fewestEpochs = { whole: 40, sampled: 4 } as const

export interface Effort {
  /** As in `neighboursThatFit`. */
  readonly neighbours: number | null
  readonly epochs: number
}

/**
 * How to learn `networks` networks of at most `epochs` epochs, from `learned` rows each, within memory and a bounded number of operations. It
 * looks at sizes alone, not at the clock, so that the same machine does the same.
 */
export const effortOf = (
  graph: SageGraph,
  shape: NetworkShape,
  { networks, epochs, learned }: { readonly networks: number; readonly epochs: number; readonly learned: number },
  context: { readonly backend: Backend; readonly memoryLimit?: number },
): Effort => {
  const { rows } = graph.features
  const { inputWidth, hidden, relations } = shape
  const ofRow = hidden * (operations * (inputWidth + (1 + 2 * relations) * hidden) + elementOperations)
  const entries = graph.relations.reduce((sum, { csr }) => sum + csr.columns.length, 0)
  const whole = rows * ofRow + entryOperations * hidden * entries
  const isWhole = neighboursThatFit(graph, shape, context) === null && whole <= mostOfStep
  const near = graph.relations.reduce(
    (sum, { csr }) => sum + Math.min(sampledNeighbours, csr.columns.length / Math.max(1, rows)),
    0,
  )
  const sampled = Math.min(learned * (1 + near + near ** 2), rows * Math.max(1, learned / sampledSeeds)) * ofRow
  const within = Math.floor(mostOfAll / (networks * (isWhole ? whole : sampled)))
  const fewest = isWhole ? fewestEpochs.whole : fewestEpochs.sampled
  return {
    neighbours: isWhole ? null : sampledNeighbours,
    epochs: Math.min(epochs, Math.max(fewest, within)),
  }
}
