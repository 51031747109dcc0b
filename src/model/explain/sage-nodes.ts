/**
 * Logits of single nodes by the networks of GraphSAGE over kinds, on plain arrays, with one neighbour left out or own features changed:
 * a fraction of a millisecond each, where a call of the tensor library takes several. The same formula as graphsage/kinds-network.ts,
 * within 1e-4 of it. First layers of all nodes are computed once, in bulk.
 */
import type { EntityKind } from '../../../graph-schema/schema.js'
import { Random } from '../../kernels/random.js'
import type { Backend } from '../backend.js'
import { encode, encodingWidth } from '../graphsage/encoder.js'
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
  /** What they add to the second layer before normalization, networks x hidden: once, whatever else is changed. */
  readonly message: Float64Array
}

/** Parameters of the second layer of one kind in one network. */
interface SecondLayer {
  readonly bias: Float32Array
  readonly self: Float32Array
  readonly scale: Float32Array
  readonly shift: Float32Array
  readonly outOne: Float32Array
  readonly outTwo: Float32Array
  readonly outBias: number
}

export class SageNodes {
  readonly #models: KindModels
  readonly #relations: KindGraph['relations']
  readonly #kinds: readonly EntityKind[]
  /** Parameters by name, one map a network. */
  readonly #parameters: readonly ReadonlyMap<string, Float32Array>[]
  /** By kind and network; empty for kinds that are not scored. */
  readonly #second: readonly (readonly SecondLayer[])[]
  /** By relation and network; empty for relations of kinds that are not scored. */
  readonly #weights: readonly (readonly { readonly mean: Float32Array; readonly max: Float32Array }[])[]
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
    const { kinds, relations } = models.shape
    this.#second = kinds.map(({ name, isScored }) =>
      isScored
        ? this.#parameters.map((p) => ({
            bias: p.get(`${name} second bias`)!,
            self: p.get(`${name} self`)!,
            scale: p.get(`${name} second scale`)!,
            shift: p.get(`${name} second shift`)!,
            outOne: p.get(`${name} outOne`)!,
            outTwo: p.get(`${name} outTwo`)!,
            outBias: p.get(`${name} outBias`)![0]!,
          }))
        : [],
    )
    this.#weights = relations.map(({ name, of }) =>
      kinds[of]!.isScored
        ? this.#parameters.map((p) => ({ mean: p.get(`${name} mean`)!, max: p.get(`${name} max`)! }))
        : [],
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

  /** As scoring reads them: all, or as many as in training, drawn by seed, relation and row. */
  neighbours(kind: number, row: number): readonly ReadNeighbours[] {
    return this.#relations.flatMap(({ of, csr }, relation) =>
      of === kind ? this.#drawn(relation, row, csr.columns.subarray(csr.offsets[row]!, csr.offsets[row + 1]!)) : [],
    )
  }

  /** The same where one row of a kind is not there; `whole` is what `neighbours` gave. */
  neighboursWithout(
    row: number,
    whole: readonly ReadNeighbours[],
    without: { readonly kind: number; readonly row: number },
  ): readonly ReadNeighbours[] {
    return whole.flatMap((read): readonly ReadNeighbours[] => {
      const { to, csr } = this.#relations[read.relation]!
      if (to !== without.kind) return [read]
      const all = csr.columns.subarray(csr.offsets[row]!, csr.offsets[row + 1]!)
      return all.includes(without.row)
        ? this.#drawn(
            read.relation,
            row,
            all.filter((other) => other !== without.row),
          )
        : [read]
    })
  }

  /** Those of `read` but one, none drawn in its place. */
  leaving(read: ReadNeighbours, row: number): readonly ReadNeighbours[] {
    if (!read.rows.includes(row)) return [read]
    const rows = read.rows.filter((other) => other !== row)
    return rows.length > 0 ? [this.#read(read.relation, rows)] : []
  }

  #drawn(relation: number, row: number, all: Int32Array): readonly ReadNeighbours[] {
    const { neighbours: most, seed } = this.#models
    if (all.length <= most) return all.length > 0 ? [this.#read(relation, all)] : []
    const drawn = new Int32Array(most)
    drawPlaces(drawn, all.length, new Random(seed + relation, row))
    return [
      this.#read(
        relation,
        drawn.map((place) => all[place]!),
      ),
    ]
  }

  #read(relation: number, rows: Int32Array): ReadNeighbours {
    const { hidden, kinds } = this.#models.shape
    const { to } = this.#relations[relation]!
    const near = this.#first[to]!
    const networks = this.#parameters.length
    const message = new Float64Array(networks * hidden)
    if (kinds[to]!.width === 0) return { relation, rows, message }
    const mean = new Float64Array(networks * hidden)
    // First layers are not negative.
    const most = new Float64Array(networks * hidden)
    for (const row of rows)
      for (let f = 0, at = row * networks * hidden; f < mean.length; f++, at++) {
        const value = near[at]!
        mean[f]! += value
        if (value > most[f]!) most[f] = value
      }
    for (let f = 0; f < mean.length; f++) mean[f]! /= rows.length
    this.#weights[relation]!.forEach((weights, n) => {
      const into = message.subarray(n * hidden, (n + 1) * hidden)
      addProduct(into, mean.subarray(n * hidden, (n + 1) * hidden), weights.mean)
      addProduct(into, most.subarray(n * hidden, (n + 1) * hidden), weights.max)
    })
    return { relation, rows, message }
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

  /** Where each feature of a kind stands in its encoding: place j has columns offsets[j] .. offsets[j + 1] - 1. */
  offsets(kind: number): Int32Array {
    const { features } = this.#models.inputs[kind]!.encoder
    const offsets = new Int32Array(features.length + 1)
    features.forEach((feature, j) => {
      offsets[j + 1] = offsets[j]! + encodingWidth(feature)
    })
    return offsets
  }

  /** The first layer of one node in every network before normalization, by its encoded features. */
  mixed(kind: number, encoded: Float32Array): readonly Float64Array[] {
    const name = this.#kinds[kind]!
    return this.#parameters.map((p) => {
      const layer = Float64Array.from(p.get(`${name} first bias`)!)
      addProduct(layer, encoded, p.get(`${name} first`)!)
      return layer
    })
  }

  /** `mixed` with other numbers in columns from .. to - 1 of the encoding: only what differs is multiplied. */
  remixed(
    kind: number,
    mixed: readonly Float64Array[],
    before: Float32Array,
    after: Float32Array,
    { from, to }: { readonly from: number; readonly to: number } = { from: 0, to: before.length },
  ): readonly Float64Array[] {
    const name = this.#kinds[kind]!
    const change = Float64Array.from({ length: to - from }, (_, i) => after[from + i]! - before[from + i]!)
    return this.#parameters.map((p, n) => {
      const layer = mixed[n]!.slice()
      addProduct(layer, change, p.get(`${name} first`)!.subarray(from * layer.length))
      return layer
    })
  }

  /** The first layer of `mixed`. */
  activated(kind: number, mixed: readonly Float64Array[]): readonly Float64Array[] {
    const name = this.#kinds[kind]!
    return mixed.map((before, n) => {
      const layer = before.slice()
      const p = this.#parameters[n]!
      normalizedRelu(layer, p.get(`${name} first scale`)!, p.get(`${name} first shift`)!)
      return layer
    })
  }

  /** The first layer of one node as computed for all nodes. */
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
    return Float64Array.from(this.#second[kind]!, ({ bias, self, scale, shift, outOne, outTwo, outBias }, n) => {
      const layer = Float64Array.from(bias)
      addProduct(layer, own[n]!, self)
      for (const { message } of neighbours)
        for (let f = 0, at = n * hidden; f < hidden; f++, at++) layer[f]! += message[at]!
      normalizedRelu(layer, scale, shift)
      for (let f = 0; f < hidden; f++) layer[f]! += own[n]![f]!
      return dot(own[n]!, outOne) + dot(layer, outTwo) + outBias
    })
  }
}
