/** Whether a graph fits into memory as one batch. */
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
