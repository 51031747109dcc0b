/**
 * Leiden beside igraph and NetworKit on one thread, on the same graphs in the same run, building not counted; and from edge
 * arrays to a partition beside graphology's build and Louvain; and the communities of email-eu-core, at the resolution that the
 * ladder picks, beside its departments. `npm run bench -- leiden [com-dblp] [1m] [10m] [graphology] [email]`.
 */
import graphology from 'graphology'
import graphologyLouvainModule from 'graphology-communities-louvain'
import { reachComponents } from '#src/kernels/components.js'
import { type UndirectedCsr, undirectedCsr } from '#src/kernels/csr.js'
import { leiden } from '#src/kernels/leiden.js'
import { normalizedMutualInformation } from '#src/kernels/nmi.js'
import { resolutionLadder } from '#src/kernels/resolution-ladder.js'
import { type Bench, type Figure, median } from './lib/figure.js'
import { comDblp, type Edges, emailEuCore, plantedBlocks, randomBipartite, simpleGraph } from './peers/graphs.js'
import { type PeerResult, peerPython, runPeers } from './peers/peers.js'

/** The package's types say `default`, but the CommonJS module is the function itself. */
const graphologyLouvain = graphologyLouvainModule as unknown as typeof graphologyLouvainModule.default

const seconds = (work: () => void): number => {
  const start = performance.now()
  work()
  return (performance.now() - start) / 1000
}

const halfRange = (values: readonly number[]): number => (Math.max(...values) - Math.min(...values)) / 2

/** Communities beyond one connected piece, which Leiden promises never to make. */
const disconnected = (graph: UndirectedCsr, community: Int32Array, count: number): number => {
  const { offsets, columns } = graph
  // The graph without the edges between communities has as many components as there are communities.
  const kept = new Int32Array(graph.rowCount + 1)
  const inner = new Int32Array(columns.length)
  let end = 0
  for (let v = 0; v < graph.rowCount; v++) {
    for (let k = offsets[v]!; k < offsets[v + 1]!; k++)
      if (community[columns[k]!] === community[v]) inner[end++] = columns[k]!
    kept[v + 1] = end
  }
  const inside = { ...graph, offsets: kept, columns: inner.subarray(0, end), weights: null }
  return reachComponents(inside).count - count
}

const againstPeers = async (
  model: string,
  edges: Edges,
  python: string | null,
  note: (line: string) => void,
): Promise<readonly Figure[]> => {
  const graph = simpleGraph(edges)
  note(`${model}: ${graph.rowCount} nodes, ${graph.columns.length / 2} edges`)
  const times: number[] = []
  const qualities: number[] = []
  let pieces = 0
  const ours = (seed: number) => {
    // Not counted: the first run of a process is mostly the engine compiling.
    let found = leiden(graph, { seed })
    times.push(
      seconds(() => {
        found = leiden(graph, { seed })
      }),
    )
    qualities.push(found.quality)
    pieces += disconnected(graph, found.community, found.count)
  }
  ours(0)
  const peers = await runPeers(python, graph, ['leiden'], note)
  ours(1)
  ours(2)
  const best = (pick: (a: PeerResult, b: PeerResult) => boolean): PeerResult | null =>
    peers.reduce<PeerResult | null>((kept, peer) => (kept === null || pick(peer, kept) ? peer : kept), null)
  const fastest = best((a, b) => a.seconds < b.seconds)
  const finest = best((a, b) => a.modularity! > b.modularity!)
  const named = (peer: PeerResult | null) => peer && `${peer.library} ${peer.version}`
  const figure = (
    metric: string,
    runs: readonly number[],
    unit: string,
    reference: number | null,
    referenceName: string | null,
  ) => ({
    bench: 'leiden',
    model,
    metric,
    value: median(runs),
    unit,
    spread: halfRange(runs),
    reference,
    referenceName,
    runs,
  })
  return [
    figure('time', times, 's', fastest?.seconds ?? null, named(fastest)),
    figure('modularity', qualities, '', finest?.modularity ?? null, named(finest)),
    { ...figure('disconnected communities', [pieces], '', 0, 'none'), spread: null },
    ...(fastest
      ? [{ ...figure('times faster', [fastest.seconds / median(times)], 'x', 2, 'at least'), spread: null }]
      : []),
  ]
}

const againstGraphology = (note: (line: string) => void): readonly Figure[] => {
  const model = 'planted blocks, 1 M edges'
  const { nodeCount, source, target } = plantedBlocks(1_000_000)
  let theirs = 0
  const built = seconds(() => {
    const graph = new graphology.UndirectedGraph()
    for (let v = 0; v < nodeCount; v++) graph.addNode(v)
    for (let e = 0; e < source.length; e++) graph.mergeEdge(source[e]!, target[e]!)
    theirs = seconds(() => graphologyLouvain(graph))
  })
  note(`${model}: graphology built in ${(built - theirs).toFixed(2)} s, Louvain in ${theirs.toFixed(2)} s`)
  const times = [0, 1, 2].map((seed) => seconds(() => leiden(undirectedCsr(nodeCount, { source, target }), { seed })))
  const figure = { bench: 'leiden', model, spread: halfRange(times) }
  return [
    {
      ...figure,
      metric: 'edge arrays to partition',
      value: median(times),
      unit: 's',
      reference: built,
      referenceName: 'graphology build and Louvain',
      runs: times,
    },
    {
      ...figure,
      metric: 'times faster',
      value: built / median(times),
      unit: 'x',
      spread: null,
      reference: 8,
      referenceName: 'at least',
    },
  ]
}

const againstDepartments = (note: (line: string) => void): readonly Figure[] => {
  const data = emailEuCore(note)
  if (data === null) return []
  const graph = simpleGraph(data.edges)
  const results = [0, 1, 2, 3, 4].map((seed) => {
    const { picked } = resolutionLadder(graph, { seed })
    return { picked, nmi: normalizedMutualInformation(picked.community, data.department) }
  })
  note(`email-eu-core: picked resolutions ${results.map(({ picked }) => picked.resolution.toFixed(2)).join(', ')}`)
  const runs = results.map(({ nmi }) => nmi)
  const mean = runs.reduce((sum, x) => sum + x, 0) / runs.length
  const spread = Math.sqrt(runs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (runs.length - 1))
  const pieces = results.reduce((sum, { picked }) => sum + disconnected(graph, picked.community, picked.count), 0)
  const figure = { bench: 'leiden', model: 'email-eu-core', unit: '' }
  return [
    { ...figure, metric: 'nmi', value: mean, spread, reference: 0.638, referenceName: 'Infomap', runs },
    { ...figure, metric: 'disconnected communities', value: pieces, spread: null, reference: 0, referenceName: 'none' },
  ]
}

export const bench: Bench = {
  title: 'Leiden: communities by modularity, one thread',
  async run({ args, note }) {
    const wanted = (name: string) => args.length === 0 || args.includes(name)
    const python = await peerPython(note)
    const figures: Figure[] = []
    const dblp = wanted('com-dblp') ? comDblp(note) : null
    if (dblp) figures.push(...(await againstPeers('com-dblp', dblp, python, note)))
    for (const [name, count] of [
      ['1m', 1_000_000],
      ['10m', 10_000_000],
    ] as const)
      if (wanted(name))
        figures.push(...(await againstPeers(`random bipartite, ${name}`, randomBipartite(count), python, note)))
    if (wanted('graphology')) figures.push(...againstGraphology(note))
    if (wanted('email')) figures.push(...againstDepartments(note))
    return figures
  },
}
