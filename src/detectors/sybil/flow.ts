/**
 * Groups of accounts that deal with each other and reach everybody else through few doors: stars, chains and trees of
 * transfers. Read from `transfer` and `associate` alone, without labels.
 */
import { undirectedCsr } from '../../kernels/csr.js'
import { compositionCost, hypergeometricSurprise, logChoose } from '../../kernels/hypergeometric.js'
import { Random } from '../../kernels/random.js'
import type { Adjacency } from '../../kernels/reach-forest.js'
import { type SeparableSets, separableSets, separableSetsInOrder } from '../../kernels/separable-sets.js'
import { countingArgsort } from '../../kernels/sort.js'
import { deal } from './calibrate.js'

/** Distinct directed pairs between nodes, which are numbered by rising number of pairs, as the search wants them. */
export interface Flow {
  readonly nodeCount: number
  readonly source: Int32Array
  readonly target: Int32Array
  readonly outDegree: Int32Array
  readonly inDegree: Int32Array
  /** The caller's number of each node. */
  readonly given: Int32Array
}

export interface FlowOptions {
  readonly minMembers: number
  readonly maxMembers: number
  readonly membersPerDoor: number
}

export interface FlowGroups {
  readonly graph: Adjacency
  readonly sets: SeparableSets
  /** Per set: directed pairs inside, all pairs that leave a member, all that reach one. */
  readonly inside: Int32Array
  readonly leaving: Int32Array
  readonly reaching: Int32Array
  /** Surprise before calibration; -Infinity for sets below `minMembers`. */
  readonly surprise: Float64Array
}

/** Numbers the nodes of the pairs anew. No pair's ends are equal. */
export const prepareFlow = (nodeCount: number, source: Int32Array, target: Int32Array): Flow => {
  const degree = new Int32Array(nodeCount)
  for (let p = 0; p < source.length; p++) {
    degree[source[p]!]!++
    degree[target[p]!]!++
  }
  let most = 0
  for (let v = 0; v < nodeCount; v++) if (degree[v]! > most) most = degree[v]!
  const given = countingArgsort(degree, most + 1)
  const rank = degree
  for (let r = 0; r < nodeCount; r++) rank[given[r]!] = r
  const outDegree = new Int32Array(nodeCount)
  const inDegree = new Int32Array(nodeCount)
  const numbered = {
    source: source.map((v) => rank[v]!),
    target: target.map((v) => rank[v]!),
  }
  for (let p = 0; p < source.length; p++) {
    outDegree[numbered.source[p]!]!++
    inDegree[numbered.target[p]!]!++
  }
  return { nodeCount, ...numbered, outDegree, inDegree, given }
}

/** Both rows of each pair, unsorted; a pair with equal ends, as a shuffle makes, stands twice in its row. */
const adjacencyOf = ({ nodeCount, source, target, outDegree, inDegree }: Flow, check: () => void): Adjacency => {
  const offsets = new Int32Array(nodeCount + 1)
  for (let v = 0; v < nodeCount; v++) offsets[v + 1] = offsets[v]! + outDegree[v]! + inDegree[v]!
  const at = offsets.slice()
  const columns = new Int32Array(2 * source.length)
  for (let p = 0; p < source.length; p++) {
    if (p % 65536 === 0) check()
    const u = source[p]!
    const v = target[p]!
    columns[at[u]!++] = v
    columns[at[v]!++] = u
  }
  return { rowCount: nodeCount, offsets, columns }
}

/** A ring's complement is as separable as the ring: what is more than half of all accounts is the crowd, not a ring. */
const largestShare = 0.5

/** Two pairs among members who have other partners too weigh as much as one such member. */
const linksPerMember = 2

/** In- and out-degrees 0, 1, 2 and more: sets made of leaves must be named among leaves, which costs less than among all. */
const degreeClass = (inDegree: number, outDegree: number): number => Math.min(3, inDegree) * 4 + Math.min(3, outDegree)
const classCount = 16

/** Cost in nats of naming a set: its size, how many of each class, and which. */
const namingCost = (size: number, ofClass: Float64Array, inSet: Int32Array, at: number): number => {
  // Sizes are named by the weights 1 / (size (size + 1)), which sum to 1.
  let cost = Math.log(size * (size + 1)) + compositionCost(inSet, at, classCount)
  for (let c = 0; c < classCount; c++) cost += logChoose(ofClass[c]!, inSet[at + c]!)
  return cost
}

/** Directed pairs inside each set. */
const insidePairs = ({ source, target }: Flow, { label, count }: SeparableSets, check: () => void): Int32Array => {
  const inside = new Int32Array(count)
  for (let p = 0; p < source.length; p++) {
    if (p % 65536 === 0) check()
    const set = label[source[p]!]!
    if (set !== -1 && set === label[target[p]!]! && source[p] !== target[p]) inside[set]!++
  }
  return inside
}

const judge = (
  flow: Flow,
  graph: Adjacency,
  search: typeof separableSets,
  { minMembers, maxMembers, membersPerDoor }: FlowOptions,
  check: () => void,
): FlowGroups => {
  const { nodeCount, outDegree, inDegree, source } = flow
  const ofClass = new Float64Array(classCount)
  // A leaf may be anybody's chance contact: a door is not outweighed by leaves.
  const counts = new Uint8Array(nodeCount)
  let active = 0
  for (let v = 0; v < nodeCount; v++) {
    const degree = graph.offsets[v + 1]! - graph.offsets[v]!
    if (degree === 0) continue
    active++
    ofClass[degreeClass(inDegree[v]!, outDegree[v]!)]!++
    if (degree > 1) counts[v] = 1
  }
  const maxSize = Math.max(2, Math.min(maxMembers, Math.floor(active * largestShare)))
  const sets = search(graph, { maxSize, membersPerDoor, linksPerMember, counts }, check)
  const { label, count, size } = sets
  const inside = insidePairs(flow, sets, check)
  const leaving = new Int32Array(count)
  const reaching = new Int32Array(count)
  const inSet = new Int32Array(count * classCount)
  for (let v = 0; v < nodeCount; v++) {
    const set = label[v]!
    if (set === -1) continue
    inSet[set * classCount + degreeClass(inDegree[v]!, outDegree[v]!)]!++
    leaving[set]! += outDegree[v]!
    reaching[set]! += inDegree[v]!
  }
  const surprise = new Float64Array(count).fill(-Infinity)
  for (let set = 0; set < count; set++) {
    if (size[set]! < minMembers) continue
    const chance = hypergeometricSurprise(source.length, leaving[set]!, reaching[set]!, inside[set]!)
    surprise[set] = chance - namingCost(size[set]!, ofClass, inSet, set * classCount)
  }
  return { graph, sets, inside, leaving, reaching, surprise }
}

export const findFlowGroups = (flow: Flow, options: FlowOptions, check: () => void): FlowGroups =>
  judge(flow, undirectedCsr(flow.nodeCount, flow, 'one', check), separableSets, options, check)

/** The largest surprise that the same search gives on each of some degree-keeping shuffles: targets dealt anew over the pairs. */
export const strongestShuffledFlow = (
  flow: Flow,
  options: FlowOptions,
  shuffles: number,
  seed: number,
  check: () => void,
  step: (done: number) => void,
): Float64Array => {
  const strongest = new Float64Array(shuffles).fill(-Infinity)
  const target = flow.target.slice()
  for (let s = 0; s < shuffles; s++) {
    deal(target, new Random(seed, s + 1), check)
    const dealt = { ...flow, target }
    // A shuffle hardly ever repeats a pair or turns one round, so its rows need no merging.
    for (const surprise of judge(dealt, adjacencyOf(dealt, check), separableSetsInOrder, options, check).surprise)
      if (surprise > strongest[s]!) strongest[s] = surprise
    step(s + 1)
  }
  return strongest
}
