/**
 * Held-out labels where the form of the system is chosen by the sources alone: banned crowd workers of `tolokers` (half of them are sources, the others to be found among all
 * workers), simulated platforms (half of the members of each planted ring are sources; the others to be found among all entities of their kinds), and
 * graphs with planted groups by five other generators.
 * Beside it SybilSCAR-D and personalized PageRank with the same sources: on tolokers over the same ties, on platforms over all pairs that interact, whatever the type.
 *
 *   npm run bench -- risk-elsewhere [--count 100000]
 */
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { entityId, findEntity, kindOf, type Snapshot } from '#src/graph/snapshot.js'
import { graphWithout } from '#src/graph/without.js'
import { neverCancelled } from '#src/kernels/check.js'
import { type UndirectedCsr, undirectedCsr } from '#src/kernels/csr.js'
import { Random } from '#src/kernels/random.js'
import { averagePrecision } from '#src/model/metrics.js'
import type { LabelRecord } from '#src/model/product/labels.js'
import { propagateRisk } from '#src/risk/propagation/propagate.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { csvRows, datasetPath, requireFiles } from './lib/datasets.js'
import type { Bench, Figure } from './lib/figure.js'
import { withNewStore } from './lib/mapped.js'
import { countOption } from './lib/options.js'
import { type PlantedGraph, plantedGraphs, snapshotOfPlanted } from './lib/planted-graphs.js'
import { spreadBaselines } from './lib/spread-baselines.js'
import { snapshotOfTransfers } from './lib/transfers.js'

const draws = [1, 2, 3, 4, 5]

interface Asked {
  readonly entity: number
  readonly bad: boolean
}

const pairsOf = (snapshot: Snapshot): UndirectedCsr => {
  const source: number[] = []
  const target: number[] = []
  for (const { actorFrom, outOffsets, target: to } of snapshot.relations)
    for (let row = 0; row + 1 < outOffsets.length; row++)
      for (let edge = outOffsets[row]!; edge < outOffsets[row + 1]!; edge++)
        if (to[edge] !== actorFrom + row && to[edge] !== to[edge - 1]) {
          source.push(actorFrom + row)
          target.push(to[edge]!)
        }
  return undirectedCsr(
    snapshot.entities.count,
    { source: Int32Array.from(source), target: Int32Array.from(target) },
    'one',
  )
}

/** Average precision in percent of each method. Risk of an entity is its greatest in any domain. */
const judge = (
  snapshot: Snapshot,
  graph: UndirectedCsr,
  sources: ReadonlySet<number>,
  asked: readonly Asked[],
): Readonly<Record<string, number>> => {
  const known = new Float64Array(snapshot.entities.count)
  for (const entity of sources) known[entity] = 1
  const labels = [...sources].map(
    (entity): LabelRecord => ({
      kind: kindOf(snapshot, entity),
      id: entityId(snapshot, entity),
      label: 1,
      at: null,
      group: '',
    }),
  )
  const field = propagateRisk(snapshot, { rings: null, labels, scores: [] })
  const risk = new Float64Array(known.length)
  for (const [node, entity] of field.layers.nodeEntity.entries())
    risk[entity] = Math.max(risk[entity]!, field.risk[node]!)
  const truth = Uint8Array.from(asked, ({ bad }) => (bad ? 1 : 0))
  const scores = { ringfence: risk, ...spreadBaselines(graph, known) }
  return Object.fromEntries(
    Object.entries(scores).map(([name, score]) => [
      name,
      100 * averagePrecision({ labels: truth, scores: Float64Array.from(asked, ({ entity }) => score[entity]!) }),
    ]),
  )
}

const figuresOf = (data: string, runs: readonly Readonly<Record<string, number>>[]): Figure[] => {
  const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length
  return Object.keys(runs[0]!).map((model): Figure => {
    const all = runs.map((run) => run[model]!)
    const middle = mean(all)
    return {
      bench: 'risk-elsewhere',
      model: `${data}, ${model}`,
      metric: 'ap',
      value: middle,
      unit: 'percent',
      spread: Math.sqrt(mean(all.map((x) => (x - middle) ** 2))),
      reference: null,
      referenceName: null,
      runs: all,
    }
  })
}

const tolokers = (): Readonly<Record<string, number>>[] => {
  const files = ['edges', 'nodes'].map((name) => datasetPath(`tolokers/${name}.csv.gz`))
  requireFiles(...files)
  const edges = csvRows(files[0]!)
  const nodes = csvRows(files[1]!)
  const source = Int32Array.from(edges, ([from]) => Number(from))
  const target = Int32Array.from(edges, ([, to]) => Number(to))
  const count = new Float32Array(edges.length).fill(1)
  const snapshot = snapshotOfTransfers({ accounts: nodes.length, source, target, count }, 'associate')
  const graph = pairsOf(snapshot)
  return draws.map((seed) => {
    const random = new Random(seed, 12)
    const sources = new Set<number>()
    const asked: Asked[] = []
    for (const [id, label] of nodes) {
      const entity = findEntity(snapshot, 'user', id!)
      if (entity < 0) continue
      if (label === '1' && random.below(2) === 0) sources.add(entity)
      else asked.push({ entity, bad: label === '1' })
    }
    return judge(snapshot, graph, sources, asked)
  })
}

/** Decisions of the platform are left out: the methods beside it cannot read them. */
const platform = async (interactions: number, seed: number): Promise<Readonly<Record<string, number>>> => {
  const simulation = new Simulation({ ...defaultSimulation(interactions), seed })
  const raw = await withNewStore(async (store) => {
    for (const batch of recordBatches(simulation)) await store.writeBatch(batch)
    return store.readGraph(null)
  })
  const without = { entities: [], types: ['warn', 'restrict', 'ban'] as const }
  const snapshot = buildSnapshot(graphWithout(raw, without, neverCancelled))
  const random = new Random(seed, 13)
  const sources = new Set<number>()
  const bad = new Set<number>()
  const kinds = new Set<string>()
  for (const { members } of simulation.rings)
    for (const { kind, index } of members) {
      const entity = findEntity(snapshot, kind, simulation.names.name(kind, index).slice(kind.length + 1))
      if (entity < 0 || bad.has(entity)) continue
      bad.add(entity)
      kinds.add(kind)
      if (random.below(2) === 0) sources.add(entity)
    }
  const asked: Asked[] = []
  for (let entity = 0; entity < snapshot.entities.count; entity++)
    if (kinds.has(kindOf(snapshot, entity)) && !sources.has(entity)) asked.push({ entity, bad: bad.has(entity) })
  return judge(snapshot, pairsOf(snapshot), sources, asked)
}

const planted = (make: (random: Random) => PlantedGraph, seed: number): Readonly<Record<string, number>> => {
  const graph = make(new Random(seed, 991))
  const snapshot = snapshotOfPlanted(graph)
  const random = new Random(seed, 14)
  const kinds = new Set([...graph.members].map((member) => graph.kinds[member]!))
  const sources = new Set<number>()
  const asked: Asked[] = []
  for (const [id, kind] of graph.kinds.entries()) {
    const entity = kinds.has(kind) ? findEntity(snapshot, kind, String(id)) : -1
    if (entity < 0) continue
    const bad = graph.members.has(id)
    if (bad && random.below(2) === 0) sources.add(entity)
    else asked.push({ entity, bad })
  }
  return judge(snapshot, pairsOf(snapshot), sources, asked)
}

export const bench: Bench = {
  title: 'Held-out labels on data that the form of the system was not chosen on',
  async run({ args, note }) {
    const interactions = countOption(args, 100_000)
    const say = (data: string, run: Readonly<Record<string, number>>): void =>
      note(
        `${data}: ${Object.entries(run)
          .map(([name, ap]) => `${name} ${ap.toFixed(2)}`)
          .join(', ')}`,
      )
    const workers = tolokers()
    for (const run of workers) say('tolokers', run)
    const platforms: Readonly<Record<string, number>>[] = []
    for (const seed of draws) {
      platforms.push(await platform(interactions, seed))
      say(`simulated, seed ${seed}`, platforms.at(-1)!)
    }
    const others = Object.entries(plantedGraphs).flatMap(([name, make]) => {
      const runs = draws.map((seed) => planted(make, seed))
      for (const run of runs) say(name, run)
      return figuresOf(name, runs)
    })
    return [...figuresOf('tolokers', workers), ...figuresOf('simulated', platforms), ...others]
  },
}
