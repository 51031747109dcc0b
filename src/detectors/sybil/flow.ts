/**
 * Groups of accounts that deal with each other and reach everybody else through few doors: stars, chains and trees of
 * transfers. Read from `transfer` and `associate` alone, without labels.
 */
import { type Csr, undirectedCsr } from '../../kernels/csr.js'
import { hypergeometricSurprise, logChoose } from '../../kernels/hypergeometric.js'
import { Random } from '../../kernels/random.js'
import { type SeparableSets, separableSets } from '../../kernels/separable-sets.js'

/** Distinct directed pairs between nodes 0 .. nodeCount - 1. */
export interface Flow {
  readonly nodeCount: number
  readonly source: Int32Array
  readonly target: Int32Array
}

export interface FlowOptions {
  readonly minMembers: number
  readonly maxMembers: number
  readonly membersPerDoor: number
}

export interface FlowGroups {
  readonly graph: Csr
  readonly sets: SeparableSets
  /** Pairs with different ends. */
  readonly pairs: number
  /** Per set: directed pairs inside, all pairs that leave a member, all that reach one. */
  readonly inside: Int32Array
  readonly leaving: Int32Array
  readonly reaching: Int32Array
  /** Surprise before calibration; -Infinity for sets below `minMembers`. */
  readonly surprise: Float64Array
}

/** A ring's complement is as separable as the ring: what is more than half of all accounts is the crowd, not a ring. */
const largestShare = 0.5

/** In- and out-degrees 0, 1, 2 and more: sets made of leaves must be named among leaves, which costs less than among all. */
const degreeClass = (inDegree: number, outDegree: number): number => Math.min(3, inDegree) * 4 + Math.min(3, outDegree)
const classCount = 16

/** Cost in nats of naming a set: the cheaper of "so many of all nodes" and "so many of each class", and which of both. */
const namingCost = (all: number, size: number, ofClass: Float64Array, inSet: Int32Array, at: number): number => {
  let byClass = logChoose(size + classCount - 1, size)
  for (let c = 0; c < classCount; c++) byClass += logChoose(ofClass[c]!, inSet[at + c]!)
  // Sizes are named by the weights 1 / (size (size + 1)), which sum to 1.
  return Math.LN2 + Math.log(size * (size + 1)) + Math.min(logChoose(all, size), byClass)
}

/** Pairs whose ends are equal, as a shuffle makes, are in no group and in no count. */
export const findFlowGroups = (
  { nodeCount, source, target }: Flow,
  { minMembers, maxMembers, membersPerDoor }: FlowOptions,
  check: () => void,
): FlowGroups => {
  const graph = undirectedCsr(nodeCount, { source, target }, 'one', check)
  const counts = new Uint8Array(nodeCount)
  let active = 0
  for (let v = 0; v < nodeCount; v++) {
    const degree = graph.offsets[v + 1]! - graph.offsets[v]!
    if (degree > 0) active++
    // A leaf may be anybody's chance contact: it comes along, but a door is not outweighed by leaves.
    if (degree > 1) counts[v] = 1
  }
  const maxSize = Math.max(2, Math.min(maxMembers, Math.floor(active * largestShare)))
  const sets = separableSets(graph, { maxSize, membersPerDoor, counts }, check)
  const { label, count } = sets
  const outDegree = new Int32Array(nodeCount)
  const inDegree = new Int32Array(nodeCount)
  const inside = new Int32Array(count)
  let pairs = 0
  for (let p = 0; p < source.length; p++) {
    const u = source[p]!
    const v = target[p]!
    if (u === v) continue
    pairs++
    outDegree[u]!++
    inDegree[v]!++
    if (label[u] !== -1 && label[u] === label[v]) inside[label[u]!]!++
  }
  check()
  const leaving = new Int32Array(count)
  const reaching = new Int32Array(count)
  const ofClass = new Float64Array(classCount)
  const inSet = new Int32Array(count * classCount)
  for (let v = 0; v < nodeCount; v++) {
    if (graph.offsets[v + 1] === graph.offsets[v]) continue
    const kind = degreeClass(inDegree[v]!, outDegree[v]!)
    ofClass[kind]!++
    const set = label[v]!
    if (set === -1) continue
    inSet[set * classCount + kind]!++
    leaving[set]! += outDegree[v]!
    reaching[set]! += inDegree[v]!
  }
  const surprise = new Float64Array(count).fill(-Infinity)
  for (let set = 0; set < count; set++) {
    if (sets.size[set]! < minMembers) continue
    const chance = hypergeometricSurprise(pairs, leaving[set]!, reaching[set]!, inside[set]!)
    surprise[set] = chance - namingCost(active, sets.size[set]!, ofClass, inSet, set * classCount)
  }
  return { graph, sets, pairs, inside, leaving, reaching, surprise }
}

/** The largest surprise that the same search gives on degree-keeping shuffles: targets dealt anew over the pairs. */
export const strongestShuffledFlow = (
  flow: Flow,
  options: FlowOptions,
  shuffles: number,
  seed: number,
  check: () => void,
  step: (done: number) => void,
): number => {
  let strongest = -Infinity
  const target = flow.target.slice()
  for (let s = 0; s < shuffles; s++) {
    new Random(seed, s + 1).shuffle(target)
    check()
    for (const surprise of findFlowGroups({ ...flow, target }, options, check).surprise)
      if (surprise > strongest) strongest = surprise
    step(s + 1)
  }
  return strongest
}
