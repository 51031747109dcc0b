/**
 * Logits of single nodes by the networks of GraphSAGE over kinds, on plain arrays, with one neighbour left out or own features changed:
 * a fraction of a millisecond each, where a call of the tensor library takes several. The same formula as graphsage/kinds-network.ts,
 * within 1e-4 of it. First layers of all nodes are computed once, in bulk.
 */
import type { EntityKind } from '../../../graph-schema/schema.js'
import { Random } from '../../kernels/random.js'
import type { Backend } from '../backend.js'
import { encode } from '../graphsage/encoder.js'
import { standardize } from '../graphsage/inputs.js'
import type { KindGraph } from '../graphsage/kinds-graph.js'
import { kindRows } from '../graphsage/kinds-inputs.js'
import { kindFirstLayer, kindLayout } from '../graphsage/kinds-network.js'
import type { KindModels } from '../graphsage/kinds-score.js'
import { drawPlaces } from '../graphsage/local-graph.js'
import { named, parameterTensors } from '../graphsage/network.js'

/** Of layer normalization: normalize-op.ts. */
const epsilon = 1e-5
const chunkRows = 4096

/** relu(norm(x)) of one row, in place. */
const normalizedRelu = (x: Float64Array, scale: Float32Array, shift: Float32Array): void => {
  let sum = 0
  for (let f = 0; f < x.length; f++) sum += x[f]!
  const mean = sum / x.length
  let squares = 0
  for (let f = 0; f < x.length; f++) squares += (x[f]! - mean) ** 2
  const by = 1 / Math.sqrt(squares / x.length + epsilon)
  for (let f = 0; f < x.length; f++) x[f] = Math.max(0, (x[f]! - mean) * by * scale[f]! + shift[f]!)
}

/** into += row times a matrix of row.length x into.length. */
const addProduct = (into: Float64Array, row: ArrayLike<number>, matrix: Float32Array): void => {
  const width = into.length
  for (let i = 0; i < row.length; i++) {
    const value = row[i]!
    if (value === 0) continue
    for (let j = 0, at = i * width; j < width; j++, at++) into[j]! += value * matrix[at]!
  }
}

const dot = (a: ArrayLike<number>, b: Float32Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** Neighbours that a node reads: one list a relation of its kind, as rows of the kind at the other end. */
export interface ReadNeighbours {
  readonly relation: number
  readonly rows: Int32Array
}

export class SageNodes {
  readonly #models: KindModels
  readonly #relations: KindGraph['relations']
  readonly #kinds: readonly EntityKind[]
  /** Parameters by name, one map a network. */
  readonly #parameters: readonly ReadonlyMap<string, Float32Array>[]
  /** Of each kind, rows x networks x hidden: the first layer. */
  readonly #first: readonly Float32Array[]

  /** `graph` must be aligned with the models; its features are not kept. */
  constructor(models: KindModels, graph: KindGraph, backend: Backend, check: () => void) {
    this.#models = models
    this.#relations = graph.relations
    this.#kinds = graph.kinds.map(({ name }) => name as EntityKind)
    const layout = kindLayout(models.shape)
    this.#parameters = models.networks.map(
      (values) =>
        new Map(
          layout.parts.map(
            ({ name, from, shape }) => [name, values.subarray(from, from + shape[0] * shape[1])] as const,
          ),
        ),
    )
    const { tf } = backend
    const { hidden } = models.shape
    const networks = models.networks.length
    this.#first = graph.kinds.map(({ features }, k) => {
      const all = new Float32Array(features.rows * networks * hidden)
      const { width } = models.shape.kinds[k]!
      for (let from = 0; from < features.rows && width > 0; from += chunkRows) {
        check()
        const rows = Int32Array.from({ length: Math.min(chunkRows, features.rows - from) }, (_, i) => from + i)
        const values = kindRows(models.inputs[k]!, features, rows)
        models.networks.forEach((parameters, n) => {
          tf.tidy(() => {
            const inputs = graph.kinds.map((_, other) =>
              other === k ? tf.tensor2d(values, [rows.length, width]) : null,
            )
            const p = named(layout, parameterTensors(tf, layout, parameters))
            const first = kindFirstLayer(tf, models.shape, p, inputs, null)[k]!.dataSync() as Float32Array
            for (let i = 0; i < rows.length; i++)
              all.set(first.subarray(i * hidden, (i + 1) * hidden), ((from + i) * networks + n) * hidden)
          })
        })
      }
      return all
    })
  }

  kindOf(name: string): number {
    return this.#kinds.indexOf(name as EntityKind)
  }

  /** Kind at the other end of a relation. */
  endOf(relation: number): EntityKind {
    return this.#kinds[this.#relations[relation]!.to]!
  }

  /** As scoring reads them: all, or as many as in training, drawn by seed, relation and row. `without`: a kind and a row that is not there. */
  neighbours(
    kind: number,
    row: number,
    without: { readonly kind: number; readonly row: number } | null,
  ): readonly ReadNeighbours[] {
    const { neighbours: most, seed } = this.#models
    return this.#relations.flatMap(({ of, to, csr }, relation): readonly ReadNeighbours[] => {
      if (of !== kind) return []
      let all = csr.columns.subarray(csr.offsets[row]!, csr.offsets[row + 1]!)
      if (without !== null && without.kind === to) all = all.filter((other) => other !== without.row)
      if (all.length <= most) return all.length > 0 ? [{ relation, rows: all }] : []
      const drawn = new Int32Array(most)
      drawPlaces(drawn, all.length, new Random(seed + relation, row))
      return [{ relation, rows: drawn.map((place) => all[place]!) }]
    })
  }

  /** Encoded and standardized: what the first layer reads of a node with such features (those without labels, in their order). */
  encoded(kind: number, features: Float32Array): Float32Array {
    const { encoder, standard } = this.#models.inputs[kind]!
    const values = encode(encoder, {
      rows: 1,
      names: encoder.features.map(({ name }) => name),
      columns: Array.from(features, (_, j) => features.subarray(j, j + 1)),
    })
    standardize({ values, rows: 1, width: encoder.width }, standard)
    return values
  }

  /** First layer of one node in every network; by its encoded features, or as computed for all nodes. */
  first(kind: number, encoded: Float32Array): readonly Float64Array[] {
    const name = this.#kinds[kind]!
    return this.#parameters.map((p) => {
      const layer = Float64Array.from(p.get(`${name} first bias`)!)
      addProduct(layer, encoded, p.get(`${name} first`)!)
      normalizedRelu(layer, p.get(`${name} first scale`)!, p.get(`${name} first shift`)!)
      return layer
    })
  }

  firstOf(kind: number, row: number): readonly Float64Array[] {
    const { hidden } = this.#models.shape
    const networks = this.#parameters.length
    return this.#parameters.map((_, n) =>
      Float64Array.from(this.#first[kind]!.subarray((row * networks + n) * hidden, (row * networks + n + 1) * hidden)),
    )
  }

  /** One a network. */
  logits(kind: number, own: readonly Float64Array[], neighbours: readonly ReadNeighbours[]): Float64Array {
    const { hidden } = this.#models.shape
    const networks = this.#parameters.length
    const name = this.#kinds[kind]!
    const mean = new Float64Array(hidden)
    const most = new Float64Array(hidden)
    return Float64Array.from(this.#parameters, (p, n) => {
      const layer = Float64Array.from(p.get(`${name} second bias`)!)
      addProduct(layer, own[n]!, p.get(`${name} self`)!)
      for (const { relation, rows } of neighbours) {
        const { name: by, to } = this.#relations[relation]!
        const near = this.#first[to]!
        mean.fill(0)
        // First layers are not negative.
        most.fill(0)
        for (const row of rows)
          for (let f = 0, at = (row * networks + n) * hidden; f < hidden; f++, at++) {
            mean[f]! += near[at]!
            if (near[at]! > most[f]!) most[f] = near[at]!
          }
        for (let f = 0; f < hidden; f++) mean[f]! /= rows.length
        if (this.#models.shape.kinds[to]!.width === 0) continue
        addProduct(layer, mean, p.get(`${by} mean`)!)
        addProduct(layer, most, p.get(`${by} max`)!)
      }
      normalizedRelu(layer, p.get(`${name} second scale`)!, p.get(`${name} second shift`)!)
      for (let f = 0; f < hidden; f++) layer[f]! += own[n]![f]!
      return (
        dot(own[n]!, p.get(`${name} outOne`)!) + dot(layer, p.get(`${name} outTwo`)!) + p.get(`${name} outBias`)![0]!
      )
    })
  }
}
