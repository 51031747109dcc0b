/**
 * Boosted trees beside LightGBM and XGBoost on one thread, on the same made rows in the same run.
 * `npm run bench -- trees [--count ROWS]`; 200,000 rows, 64 features, 100 trees of depth 6, as all of them would be trained at scale.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Random } from '#src/kernels/random.js'
import { type FeatureMatrix, takeRows } from '#src/model/feature-matrix.js'
import { auroc, averagePrecision } from '#src/model/metrics.js'
import { predictLogOdds } from '#src/model/trees/ensemble.js'
import { standardTrees, trainTrees } from '#src/model/trees/train.js'
import { type Bench, type Figure, median } from './lib/figure.js'
import { countOption } from './lib/options.js'
import { peerScript, pythonWith } from './peers/environment.js'

const features = 64
const trees = 100
const depth = 6
const bins = 255
const rate = 0.1
const runs = 3

interface PeerTrees {
  readonly library: string
  readonly version: string
  readonly seconds: number
  readonly auroc: number
  readonly ap: number
}

/** Skewed, counted and gappy columns, as features of graphs are; one row in ten is positive, by sums, products and thresholds. */
const madeRows = (rows: number): { readonly matrix: FeatureMatrix; readonly labels: Uint8Array } => {
  const random = new Random(5)
  const columns = Array.from({ length: features }, () => new Float32Array(rows))
  const labels = new Uint8Array(rows)
  for (let i = 0; i < rows; i++) {
    let odds = -3.4
    for (let f = 0; f < features; f++) {
      const u = random.float()
      const normal = u + random.float() + random.float() - 1.5
      const kind = f % 4
      const value =
        kind === 0
          ? normal
          : kind === 1
            ? Math.floor(1 / (u + 0.001))
            : kind === 2
              ? Math.floor(u * 8)
              : -Math.log(u + 1e-9)
      if (f < 12)
        odds +=
          kind === 0
            ? 1.5 * normal
            : kind === 1
              ? Math.log(value) / 2
              : kind === 2
                ? Number(value > 5)
                : Number(value > 2)
      columns[f]![i] = kind === 3 && random.float() < 0.1 ? Number.NaN : value
    }
    odds += 4 * columns[0]![i]! * columns[4]![i]!
    labels[i] = Number(random.float() < 1 / (1 + Math.exp(-odds)))
  }
  return { matrix: { rows, names: columns.map((_, f) => `f${f}`), columns }, labels }
}

const range = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i)

export const bench: Bench = {
  title: `Boosted trees: ${features} features, ${trees} trees of depth ${depth}, one thread`,
  async run({ args, note }) {
    const training = countOption(args, 200_000)
    const rows = training + Math.ceil(training / 4)
    const { matrix, labels } = madeRows(rows)
    const train = { matrix: takeRows(matrix, range(0, training)), labels: labels.subarray(0, training) }
    const held = takeRows(matrix, range(training, rows))
    const parameters = {
      ...standardTrees,
      trees,
      learningRate: rate,
      maxDepth: depth,
      maxLeaves: 2 ** depth,
      maxBins: bins,
      rowShare: 1,
      featureShare: 1,
    }
    const seconds: number[] = []
    let quality = { auroc: 0, ap: 0 }
    for (let run = 0; run < runs; run++) {
      const start = performance.now()
      const { ensemble } = trainTrees(train, null, parameters)
      seconds.push((performance.now() - start) / 1000)
      note(`  ours: ${seconds.at(-1)!.toFixed(2)} s`)
      const scored = { scores: predictLogOdds(ensemble, held), labels: labels.subarray(training) }
      quality = { auroc: auroc(scored), ap: averagePrecision(scored) }
    }
    const peers: PeerTrees[] = []
    const python = await pythonWith('peers-trees', 'requirements-trees.txt', 'LightGBM and XGBoost', note)
    if (python !== null) {
      const folder = await mkdtemp(join(tmpdir(), 'peers-'))
      try {
        const all = new Float32Array(rows * features)
        for (const [f, column] of matrix.columns.entries()) all.set(column, f * rows)
        await writeFile(join(folder, 'features.f32'), all)
        await writeFile(join(folder, 'labels.u8'), labels)
        const numbers = [rows, features, training, trees, depth, bins, rate].map(String)
        const { stdout } = await promisify(execFile)(python, [peerScript('trees.py'), folder, ...numbers])
        for (const line of stdout.trim().split('\n')) {
          note(`  ${line}`)
          peers.push(JSON.parse(line) as PeerTrees)
        }
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    }
    const rival = peers.find((peer) => peer.library === 'LightGBM')
    const name = rival ? `LightGBM ${rival.version}` : null
    const figure = (metric: string, value: number, unit: string, reference: number | null): Figure => ({
      bench: 'trees',
      model: 'trees',
      metric,
      value,
      unit,
      spread: null,
      reference,
      referenceName: reference === null ? null : name,
    })
    return [
      { ...figure('training', median(seconds), 's', rival?.seconds ?? null), runs: seconds },
      figure('auroc', 100 * quality.auroc, '%', rival ? 100 * rival.auroc : null),
      figure('ap', 100 * quality.ap, '%', rival ? 100 * rival.ap : null),
    ]
  },
}
