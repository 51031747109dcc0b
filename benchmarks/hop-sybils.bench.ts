/**
 * Accounts that a jury removed as sybils from hop-airdrop, by the product model: whole rings are hidden with their labels, everybody's
 * transfers are seen (transductive). Beside it, on the same hidden accounts: XGBoost on the same features, and components alone (the
 * number of known users in an account's component after accounts of more than 50 partners are taken out; no labels).
 *
 *   npm run bench -- hop-sybils [--seeds 5] [--epochs 30]
 */
import { findEntity, type Snapshot } from '#src/graph/snapshot.js'
import { connectedComponents } from '#src/kernels/components.js'
import { undirectedCsr } from '#src/kernels/csr.js'
import { loadBackend } from '#src/model/backend.js'
import { auroc, averagePrecision, calibrationError, type Scored } from '#src/model/metrics.js'
import { hidePieces, judge, partsByModel } from '#src/model/product/evaluate.js'
import { trainOnLabels } from '#src/model/product/labelled-training.js'
import { disjointPieces, type LabelRecord, placeLabels } from '#src/model/product/labels.js'
import type { RunRecord, RunWithRings } from '#src/store/store.js'
import { ringsOfAll } from './lib/all-detectors.js'
import { csvRows, datasetPath, requireFiles } from './lib/datasets.js'
import type { Bench, Figure } from './lib/figure.js'
import { countOption } from './lib/options.js'
import { readTransfers, snapshotOfTransfers, type Transfers } from './lib/transfers.js'
import { rankPython, xgboostScores } from './peers/rank.js'

const hubDegree = 50
const smallest = 5
const largest = 1000
const rate = 0.05

/** As a run keeps them, without evidence, which no feature reads. */
const runOf = (snapshot: Snapshot): RunWithRings => ({
  run: { id: 'hop-airdrop', asOf: null } as RunRecord,
  rings: ringsOfAll(snapshot, 1, rate).map(({ members, nats, fdr, behaviours, detectors, window }, at) => ({
    id: `ring-${at}`,
    score: nats,
    fdr,
    behaviours,
    detectors,
    window,
    types: [],
    markets: [],
    scenarios: [],
    members: members.map(({ entity, role, membership }) => ({
      kind: 'user' as const,
      id: idOf(snapshot, entity),
      role,
      score: membership,
    })),
    facts: [],
  })),
})

const idOf = ({ entities }: Snapshot, entity: number): string =>
  Buffer.from(entities.names.slice(entities.nameOffsets[entity]!, entities.nameOffsets[entity + 1]!)).toString()

/** By number of the account: known users in its component, 0 where these are fewer or more than a ring has. */
const componentScores = ({ accounts, source, target }: Transfers, isUser: Uint8Array): Float64Array => {
  const { offsets } = undirectedCsr(accounts, { source, target }, 'one')
  const kept = Uint8Array.from({ length: accounts }, (_, v) => Number(offsets[v + 1]! - offsets[v]! <= hubDegree))
  const inside = [...source.keys()].filter((e) => kept[source[e]!] && kept[target[e]!])
  const { component } = connectedComponents(
    accounts,
    Int32Array.from(inside, (e) => source[e]!),
    Int32Array.from(inside, (e) => target[e]!),
  )
  const users = new Float64Array(accounts)
  for (let v = 0; v < accounts; v++) if (kept[v] && isUser[v]) users[component[v]!]!++
  return Float64Array.from(component, (c, v) =>
    kept[v] && users[c]! >= smallest && users[c]! <= largest ? users[c]! : 0,
  )
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length
const deviation = (values: readonly number[]): number | null =>
  values.length < 2
    ? null
    : Math.sqrt(values.reduce((sum, x) => sum + (x - mean(values)) ** 2, 0) / (values.length - 1))

export const bench: Bench = {
  title: 'Sybil accounts of hop-airdrop by the product model, whole rings hidden',
  run: async ({ args, note }) => {
    const files = { edges: datasetPath('hop-airdrop/edges.csv.gz'), nodes: datasetPath('hop-airdrop/nodes.csv.gz') }
    requireFiles(files.edges, files.nodes)
    const seeds = countOption(args, 5, 'seeds')
    const epochs = countOption(args, 30, 'epochs')
    const transfers = readTransfers(files.edges)
    const snapshot = snapshotOfTransfers(transfers)
    const isUser = new Uint8Array(transfers.accounts)
    const records = csvRows(files.nodes).flatMap(([id, user, sybil, ring]): readonly LabelRecord[] => {
      if (user === '1' && Number(id) < transfers.accounts) isUser[Number(id)] = 1
      if (user !== '1' || sybil === '') return []
      return [{ kind: 'user', id: id!, label: sybil === '1' ? 1 : 0, at: null, group: ring ?? '' }]
    })
    const rings = runOf(snapshot)
    note(`${rings.rings.length} rings named from the transfers alone, ${records.length} labels`)
    const components = componentScores(transfers, isUser)
    const backend = await loadBackend()
    const python = await rankPython(note)
    const { label } = placeLabels(snapshot, records)
    const piece = disjointPieces(snapshot, records, rings)
    const runs = new Map<string, Scored[]>()
    const add = (model: string, scored: Scored) => runs.set(model, [...(runs.get(model) ?? []), scored])
    for (let seed = 1; seed <= seeds; seed++) {
      const hidden = hidePieces(label, piece, seed)
      const shown = records.filter(({ kind, id }) => hidden[findEntity(snapshot, kind, id)] !== 1)
      const work = { snapshot, rings, backend, epochs }
      const trained = trainOnLabels({ ...work, records: shown, seed })
      const scored = partsByModel(work, trained, trained.placed, seed)
      const [judged] = judge(scored, snapshot, { label, piece }, (entity) => hidden[entity] === 1)
      const { from, matrix } = scored[0]!
      const rowsWith = (wanted: number) =>
        Int32Array.from({ length: matrix.rows }, (_, row) => row).filter(
          (row) => label[from + row]! >= 0 && hidden[from + row] === wanted,
        )
      const [train, test] = [rowsWith(0), rowsWith(1)]
      const { labels } = judged!
      for (const { model, scores } of judged!.said) add(model, { scores, labels })
      add('components', {
        scores: Float64Array.from(test, (row) => components[Number(idOf(snapshot, from + row))]!),
        labels,
      })
      if (python !== null) {
        const own = Uint8Array.from(label.subarray(from, from + matrix.rows), (y) => Math.max(0, y))
        add('xgboost', { scores: await xgboostScores(python, matrix, own, { train, test }, seed), labels })
      }
      note(
        [...runs]
          .map(
            ([model, all]) =>
              `${model} ${(100 * auroc(all.at(-1)!)).toFixed(2)} / ${(100 * averagePrecision(all.at(-1)!)).toFixed(2)}`,
          )
          .join(', '),
      )
    }
    const value = (model: string, metric: (scored: Scored) => number) =>
      (runs.get(model) ?? []).map((all) => 100 * metric(all))
    const rivals = ['xgboost', 'components'].filter((model) => runs.has(model))
    const figures = [...runs.keys()].flatMap((model) =>
      (
        [
          ['auroc', auroc],
          ['ap', averagePrecision],
        ] as const
      ).map(([metric, of]): Figure => {
        const best = rivals
          .map((name) => ({ name, value: mean(value(name, of)) }))
          .reduce((a, b) => (b.value > a.value ? b : a))
        const own = value(model, of)
        const isRival = rivals.includes(model)
        return {
          bench: 'hop-sybils',
          model,
          metric,
          value: mean(own),
          unit: 'percent',
          spread: deviation(own),
          reference: isRival ? null : best.value,
          referenceName: isRival ? null : best.name,
          runs: own,
        }
      }),
    )
    const stacks = runs.get('stack')!
    const together = {
      scores: Float64Array.from(stacks.flatMap(({ scores }) => [...scores])),
      labels: Uint8Array.from(stacks.flatMap(({ labels }) => [...labels])),
    }
    const ece: Figure = {
      bench: 'hop-sybils',
      model: 'stack',
      metric: 'ece',
      value: calibrationError(together).debiased,
      unit: 'probability',
      spread: null,
      reference: 0.02,
      referenceName: 'goal',
    }
    return [...figures, ece]
  },
}
