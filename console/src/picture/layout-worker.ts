/** Lays a graph out beside the page: ForceAtlas2 (Jacomy et al. 2014) in rounds, so that the picture is there at once and settles while one looks. */
import { UndirectedGraph } from 'graphology'
import forceAtlas2 from 'graphology-layout-forceatlas2'

export interface LayoutTask {
  /** x and y of each node. */
  readonly places: Float32Array
  /** Pairs of positions of nodes. */
  readonly pairs: Uint32Array
}

/** Enough to settle; later rounds move little. Large graphs take long for each and show no more after half of them. */
const ROUNDS = 12
const ROUNDS_OF_LARGE = 6
const LARGE = 1000
const ITERATIONS = 25

const scope = self as unknown as DedicatedWorkerGlobalScope

scope.onmessage = ({ data: { places, pairs } }: MessageEvent<LayoutTask>): void => {
  const graph = new UndirectedGraph<{ x: number; y: number }>()
  for (let node = 0; node < places.length / 2; node++)
    graph.addNode(node, { x: places[2 * node]!, y: places[2 * node + 1]! })
  for (let i = 0; i < pairs.length; i += 2) graph.mergeEdge(pairs[i]!, pairs[i + 1]!)
  const settings = { ...forceAtlas2.inferSettings(graph), barnesHutOptimize: graph.order > 300, gravity: 1 }
  const rounds = graph.order > LARGE ? ROUNDS_OF_LARGE : ROUNDS
  for (let round = 0; round < rounds; round++) {
    forceAtlas2.assign(graph, { iterations: ITERATIONS, settings })
    const moved = new Float32Array(places.length)
    graph.forEachNode((node, { x, y }) => {
      moved[2 * Number(node)] = x
      moved[2 * Number(node) + 1] = y
    })
    scope.postMessage({ places: moved, done: round === rounds - 1 }, [moved.buffer])
  }
}
