/**
 * Dense blocks by peeling: remove the node that holds least weight, again and again, and keep the densest of all that was left
 * on the way.
 *
 * Density of a block S with n(S) nodes over N modes:  g(S) = (sum of priors of its nodes + sum of weights of entries that lie
 * wholly inside) / n(S). Peeling finds a block with  g >= g* / N, g* the densest of all blocks with an entry inside: at the moment before the first
 * node of the densest block is removed, that node holds at least g*, so every node left does, and each entry is held by N nodes
 * (with priors, which one node holds, the bound is no worse).
 * - Two modes, weights 1 / ln(degree of the target + 5): FRAUDAR, which camouflage cannot dilute, since more edges to honest
 *   targets never lower the weight inside. Bryan Hooi, Hyun Ah Song, Alex Beutel, Neil Shah, Kijung Shin and Christos Faloutsos,
 *   "FRAUDAR: Bounding Graph Fraud in the Face of Camouflage", KDD 2016.
 * - N modes: M-Zoom with the arithmetic average degree, whose density is N g. Kijung Shin, Bryan Hooi and Christos Faloutsos,
 *   "M-Zoom: Fast Dense-Block Detection in Tensors with Quality Guarantees", ECML-PKDD 2016. Further blocks as there: the
 *   entries of a found block are taken away and the rest is peeled anew.
 */
import { type Check, checkInterval, neverCancelled } from './check.js'
import { TournamentTree } from './tournament-tree.js'

export interface Tensor {
  /** Number of nodes of each mode; two modes or more. */
  readonly sizes: readonly number[]
  /** One array a mode, all of one length: entry e touches node coordinates[m][e] of each mode m. */
  readonly coordinates: readonly Int32Array[]
  /** Finite, not negative; null: all 1. */
  readonly weights: Float64Array | null
  /** Suspicion of single nodes, per mode; finite, not negative; null: none. */
  readonly priors?: readonly (Float64Array | null)[]
}

export interface Block {
  /** Nodes of each mode, ascending. */
  readonly nodes: readonly Int32Array[]
  /** Entries that lie wholly inside and were not in an earlier block, ascending. */
  readonly entries: Int32Array
  /** Sum of weights of those entries, and of the priors of the nodes. */
  readonly mass: number
  /** mass / number of nodes. */
  readonly density: number
}

export interface PeelOptions {
  /** Default 1. Fewer are returned where nothing is left. */
  readonly maxBlocks?: number
  /** Blocks of less density end the search; default 0, which only leaves out blocks without weight. */
  readonly minDensity?: number
  readonly check?: Check
}

/** FRAUDAR's weight of an edge to each target: 1 / ln(degree + 5); 5 keeps targets of degree 0 and 1 from dominating. */
export const camouflageWeights = (target: Int32Array, targetCount: number): Float64Array => {
  const degree = new Int32Array(targetCount)
  for (let e = 0; e < target.length; e++) degree[target[e]!]!++
  const weights = new Float64Array(target.length)
  for (let e = 0; e < target.length; e++) weights[e] = 1 / Math.log(degree[target[e]!]! + 5)
  return weights
}

const validate = ({ sizes, coordinates, weights, priors }: Tensor): number => {
  const count = coordinates[0]?.length ?? 0
  if (sizes.length < 2 || coordinates.length !== sizes.length)
    throw new RangeError(
      `a peel needs two modes or more with coordinates for each, not ${sizes.length} and ${coordinates.length}`,
    )
  for (let m = 0; m < sizes.length; m++) {
    const coordinate = coordinates[m]!
    if (coordinate.length !== count)
      throw new RangeError(`mode ${m} has ${coordinate.length} coordinates, mode 0 ${count}`)
    const size = sizes[m]!
    for (let e = 0; e < count; e++)
      if (!(coordinate[e]! >= 0 && coordinate[e]! < size))
        throw new RangeError(`coordinate ${coordinate[e]} of entry ${e} is outside 0 .. ${size - 1} in mode ${m}`)
    const prior = priors?.[m]
    if (prior && prior.length !== sizes[m])
      throw new RangeError(`mode ${m} has ${prior.length} priors for ${sizes[m]} nodes`)
    for (const value of prior ?? [])
      if (!(value >= 0 && value < Infinity))
        throw new RangeError(`a prior of mode ${m} is ${value}: it must be finite and not negative`)
  }
  if (weights && weights.length !== count) throw new RangeError(`${weights.length} weights for ${count} entries`)
  for (let e = 0; weights && e < count; e++)
    if (!(weights[e]! >= 0 && weights[e]! < Infinity))
      throw new RangeError(`weight ${weights[e]} of entry ${e} must be finite and not negative`)
  return count
}

/**
 * The densest blocks that peeling finds, one after the other. Each pass takes O(entries x modes x log nodes); memory about
 * 12 bytes an entry and mode. Throws RangeError on shapes that do not fit.
 */
export const peel = (tensor: Tensor, options: PeelOptions = {}): Block[] => {
  const count = validate(tensor)
  const { maxBlocks = 1, minDensity = 0, check = neverCancelled } = options
  const { sizes, coordinates, weights, priors } = tensor
  const modes = sizes.length
  /** Nodes of all modes in one range: node i of mode m is first[m] + i. */
  const first = new Int32Array(modes + 1)
  for (let m = 0; m < modes; m++) first[m + 1] = first[m]! + sizes[m]!
  const nodeCount = first[modes]!
  const ends = new Int32Array(count * modes)
  for (let m = 0; m < modes; m++) {
    const coordinate = coordinates[m]!
    for (let e = 0; e < count; e++) ends[e * modes + m] = first[m]! + coordinate[e]!
  }
  // Entries of each node: counting sort.
  const offsets = new Int32Array(nodeCount + 1)
  for (let i = 0; i < ends.length; i++) offsets[ends[i]! + 1]!++
  for (let v = 0; v < nodeCount; v++) offsets[v + 1]! += offsets[v]!
  const at = offsets.slice()
  const incident = new Int32Array(ends.length)
  for (let i = 0; i < ends.length; i++) incident[at[ends[i]!]!++] = Math.floor(i / modes)

  /** 0: gone in this pass, 1: there, 2: taken by an earlier block. */
  const state = new Uint8Array(count).fill(1)
  const removedAt = new Int32Array(nodeCount)
  const held = new Float64Array(nodeCount)
  const used = new Uint8Array(nodeCount)
  const blocks: Block[] = []

  while (blocks.length < maxBlocks) {
    held.fill(Infinity)
    used.fill(0)
    let mass = 0
    let left = 0
    for (let e = 0; e < count; e++) {
      if (state[e] === 2) continue
      state[e] = 1
      const w = weights ? weights[e]! : 1
      mass += w
      for (let i = e * modes; i < (e + 1) * modes; i++) {
        const v = ends[i]!
        if (used[v] === 0) {
          used[v] = 1
          held[v] = 0
          left++
        }
        held[v]! += w
      }
    }
    // Nodes without entries stay out, whatever their priors: entries are what a block shows.
    for (let m = 0; m < modes; m++) {
      const prior = priors?.[m]
      if (!prior) continue
      for (let i = 0; i < prior.length; i++)
        if (used[first[m]! + i]) {
          held[first[m]! + i]! += prior[i]!
          mass += prior[i]!
        }
    }
    if (left === 0) break
    const started = left
    /** Entries still whole: a block has at least one, however suspicious single nodes are by their priors. */
    let whole = 0
    for (let e = 0; e < count; e++) if (state[e] === 1) whole++
    const tree = new TournamentTree(held)
    let bestDensity = mass / left
    let bestLeft = left
    let steps = 0
    while (left > 0) {
      const v = tree.least()
      mass -= tree.value(v)
      tree.set(v, Infinity)
      removedAt[v] = started - left
      left--
      for (let k = offsets[v]!, end = offsets[v + 1]!; k < end; k++) {
        const e = incident[k]!
        if (state[e] !== 1) continue
        state[e] = 0
        whole--
        const w = weights ? weights[e]! : 1
        for (let i = e * modes; i < (e + 1) * modes; i++) {
          const u = ends[i]!
          if (u !== v && w > 0) tree.set(u, tree.value(u) - w)
        }
      }
      steps += offsets[v + 1]! - offsets[v]! + 1
      if (steps >= checkInterval) {
        steps = 0
        check()
      }
      if (whole > 0 && mass / left > bestDensity) {
        bestDensity = mass / left
        bestLeft = left
      }
    }
    const cutoff = started - bestLeft
    const nodes = sizes.map((size, m) => {
      const inside = new Int32Array(size)
      let found = 0
      for (let i = 0; i < size; i++) if (used[first[m]! + i] && removedAt[first[m]! + i]! >= cutoff) inside[found++] = i
      return inside.slice(0, found)
    })
    let inner = 0
    let entryCount = 0
    const entries = new Int32Array(count)
    for (let e = 0; e < count; e++) {
      if (state[e] === 2) continue
      let inside = true
      for (let i = e * modes; inside && i < (e + 1) * modes; i++) inside = removedAt[ends[i]!]! >= cutoff
      if (!inside) continue
      entries[entryCount++] = e
      inner += weights ? weights[e]! : 1
      state[e] = 2
    }
    // Summed anew: the running mass has the rounding of all removals in it.
    for (let m = 0; m < modes; m++) for (const i of nodes[m]!) inner += priors?.[m]?.[i] ?? 0
    const density = inner / bestLeft
    if (!(density > 0) || density < minDensity) break
    blocks.push({ nodes, entries: entries.slice(0, entryCount), mass: inner, density })
  }
  return blocks
}
