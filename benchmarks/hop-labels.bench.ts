/**
 * Held-out labels in real transfers (`hop-airdrop`): half of the members of rings are sources, the other half are to be found among all judged
 * accounts. Beside it, on the same graph with the same sources: SybilSCAR-D and personalized PageRank, plain and by degree.
 */
import { entityId } from '#src/graph/snapshot.js'
import { undirectedCsr } from '#src/kernels/csr.js'
import { Random } from '#src/kernels/random.js'
import { averagePrecision } from '#src/model/metrics.js'
import type { LabelRecord } from '#src/model/product/labels.js'
import { propagateRisk } from '#src/risk/propagation/propagate.js'
import { csvRows, datasetPath, requireFiles } from './lib/datasets.js'
import type { Bench, Figure } from './lib/figure.js'
import { spreadBaselines } from './lib/spread-baselines.js'
import { readTransfers, snapshotOfTransfers } from './lib/transfers.js'

const seeds = [1, 2, 3, 4, 5]

export const bench: Bench = {
  title: 'Held-out members of rings in the transfers of hop-airdrop',
  async run({ note }) {
    const edges = datasetPath('hop-airdrop/edges.csv.gz')
    const nodes = datasetPath('hop-airdrop/nodes.csv.gz')
    requireFiles(edges, nodes)
    const transfers = readTransfers(edges)
    const snapshot = snapshotOfTransfers(transfers)
    const graph = undirectedCsr(transfers.accounts, transfers, 'one')
    const n = transfers.accounts
    const judged = csvRows(nodes).flatMap(([id, hop, sybil, ring]) =>
      Number(id) < n && (ring !== '' || (hop === '1' && sybil === '0')) ? [{ id: Number(id), bad: ring !== '' }] : [],
    )
    const results = new Map<string, number[]>()
    for (const seed of seeds) {
      const random = new Random(seed, 11)
      const known = new Float64Array(n)
      for (const { id, bad } of judged) if (bad && random.below(2) === 0) known[id] = 1
      const asked = judged.filter(({ id }) => known[id] === 0)
      const labels: LabelRecord[] = []
      for (let v = 0; v < n; v++)
        if (known[v] === 1) labels.push({ kind: 'user', id: String(v), label: 1, at: null, group: '' })
      const field = propagateRisk(snapshot, { rings: null, labels, scores: [] })
      const risk = new Float64Array(n)
      for (const [node, entity] of field.layers.nodeEntity.entries())
        risk[Number(entityId(snapshot, entity))] = field.risk[node]!
      const scores = { ringfence: risk, ...spreadBaselines(graph, known) }
      for (const [name, score] of Object.entries(scores)) {
        const ap =
          100 *
          averagePrecision({
            labels: Uint8Array.from(asked, ({ bad }) => (bad ? 1 : 0)),
            scores: Float64Array.from(asked, ({ id }) => score[id]!),
          })
        results.set(name, [...(results.get(name) ?? []), ap])
      }
      note(`seed ${seed}: ${[...results].map(([name, all]) => `${name} ${all.at(-1)!.toFixed(2)}`).join(', ')}`)
    }
    const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length
    const best = [...results].filter(([name]) => name !== 'ringfence').sort(([, a], [, b]) => mean(b) - mean(a))[0]!
    return [...results].map(([model, runs]): Figure => {
      const middle = mean(runs)
      const isOurs = model === 'ringfence'
      return {
        bench: 'hop-labels',
        model,
        metric: 'ap',
        value: middle,
        unit: 'percent',
        spread: Math.sqrt(mean(runs.map((x) => (x - middle) ** 2))),
        reference: isOurs ? mean(best[1]) : null,
        referenceName: isOurs ? best[0] : null,
        runs,
      }
    })
  },
}
