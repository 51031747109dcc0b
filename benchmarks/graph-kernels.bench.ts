/**
 * Components, PageRank and core numbers beside igraph and NetworKit on one thread, on the same random bipartite graphs in the
 * same run, building not counted. `npm run bench -- graph-kernels [1m] [10m]`.
 */
import { componentsOfGraph } from '#src/kernels/components.js'
import type { UndirectedCsr } from '#src/kernels/csr.js'
import { coreNumbers } from '#src/kernels/k-core.js'
import { pageRankUndirected } from '#src/kernels/pagerank.js'
import { type Bench, type Figure, median } from './lib/figure.js'
import { randomBipartite, simpleGraph } from './peers/graphs.js'
import { type PeerResult, peerPython, runPeers } from './peers/peers.js'

/** What each kernel found, to be compared with the peers': number of components, greatest core number, greatest rank. */
const kernels: Readonly<Record<string, (graph: UndirectedCsr) => number>> = {
  components: (graph) => componentsOfGraph(graph).count,
  core: (graph) => coreNumbers(graph).degeneracy,
  pagerank: (graph) => pageRankUndirected(graph, { tolerance: 1e-8 }).rank.reduce((most, x) => Math.max(most, x), 0),
}

/** igraph's ranks are exact; NetworKit's come out half a percent low on graphs with nodes without links, sinks handled or not. */
const agreement = { igraph: 1e-6, NetworKit: 1e-2 } as const

const runs = 5

const measure = async (
  name: string,
  edges: number,
  python: string | null,
  note: (line: string) => void,
): Promise<readonly Figure[]> => {
  const graph = simpleGraph(randomBipartite(edges))
  note(`${name}: ${graph.rowCount} nodes, ${graph.columns.length / 2} edges`)
  const times: Record<string, number[]> = {}
  const found: Record<string, number> = {}
  const ours = (count: number) => {
    for (const [task, kernel] of Object.entries(kernels))
      for (let run = 0; run < count; run++) {
        const start = performance.now()
        found[task] = kernel(graph)
        times[task] = [...(times[task] ?? []), (performance.now() - start) / 1000]
      }
  }
  // One run of each beforehand is not counted: it is mostly the engine compiling the kernel, once a process.
  for (const kernel of Object.values(kernels)) kernel(graph)
  ours(2)
  const peers = await runPeers(python, graph, Object.keys(kernels), note)
  ours(runs - 2)
  return Object.keys(kernels).map((task) => {
    const rivals = peers.filter((peer) => peer.task === task)
    for (const rival of rivals) {
      const theirs = rival.count ?? rival.max!
      if (Math.abs(theirs - found[task]!) > agreement[rival.library] * theirs)
        throw new Error(`${task} on ${name}: ours found ${found[task]}, ${rival.library} ${theirs}`)
    }
    const fastest = rivals.reduce<PeerResult | null>(
      (kept, peer) => (kept === null || peer.seconds < kept.seconds ? peer : kept),
      null,
    )
    const own = times[task]!
    return {
      bench: 'graph-kernels',
      model: `random bipartite, ${name}`,
      metric: `${task} time`,
      value: median(own),
      unit: 's',
      spread: (Math.max(...own) - Math.min(...own)) / 2,
      reference: fastest?.seconds ?? null,
      referenceName: fastest && `${fastest.library} ${fastest.version}`,
      runs: own,
    }
  })
}

export const bench: Bench = {
  title: 'Graph kernels: components, PageRank and core numbers, one thread',
  async run({ args, note }) {
    const python = await peerPython(note)
    const figures: Figure[] = []
    for (const [name, edges] of [
      ['1m', 1_000_000],
      ['10m', 10_000_000],
    ] as const)
      if (args.length === 0 || args.includes(name)) figures.push(...(await measure(name, edges, python, note)))
    return figures
  },
}
