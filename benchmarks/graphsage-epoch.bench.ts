/**
 * One full-batch epoch of GraphSAGE (a gradient step and a step of the optimizer) on a random graph, on each TensorFlow.js backend in a process
 * of its own, and the sparse products alone with vector instructions and without. `npm run bench -- graphsage-epoch`; 50,000 nodes,
 * 2 million directed edges, 64 wide.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { directedCsr } from '#src/kernels/csr.js'
import { Random } from '#src/kernels/random.js'
import { plainSparseDense } from '#src/kernels/sparse-dense.js'
import { SimdEngine } from '#src/kernels/sparse-dense-simd.js'
import { loadBackend } from '#src/model/backend.js'
import type { SageTask } from '#src/model/graphsage/graph.js'
import { defaultSageOptions } from '#src/model/graphsage/options.js'
import { trainSage } from '#src/model/graphsage/train.js'
import { type Bench, type Figure, median } from './lib/figure.js'
import { option } from './lib/options.js'

const nodes = 50_000
const edges = 2_000_000
const width = 64
const epochs = 7
/** Of the machine that the figures are for, with its two cores to itself. */
const references = { wasm: 1.0, native: 0.3 } as const
const referenceMegabytes = 700

const randomTask = (): SageTask => {
  const random = new Random(1)
  const source = Int32Array.from({ length: edges }, () => random.below(nodes))
  const target = Int32Array.from({ length: edges }, () => random.below(nodes))
  const { offsets, columns } = directedCsr(nodes, nodes, { source, target })
  // Four features of sixteen pieces' worth of values: 48 numbers encoded, the first layer 197 wide.
  const values = Array.from({ length: 4 }, () => Float32Array.from({ length: nodes }, () => random.float()))
  const labels = Int8Array.from({ length: nodes }, () => (random.float() < 0.2 ? 1 : 0))
  const rows = Int32Array.from({ length: nodes }, (_, v) => v)
  return {
    graph: {
      features: { rows: nodes, names: ['a', 'b', 'c', 'd'], columns: values },
      own: null,
      relations: [{ name: 'associate', csr: { rowCount: nodes, columnCount: nodes, offsets, columns, weights: null } }],
    },
    labels,
    train: rows.slice(0, nodes / 2),
    validation: rows.slice(nodes / 2, nodes / 2 + 1000),
  }
}

interface EpochResult {
  readonly seconds: number
  readonly megabytes: number
}

/** Epochs without a look at the validation rows, the first left out: it compiles. */
const measureEpoch = async (name: 'wasm' | 'native'): Promise<EpochResult> => {
  const backend = await loadBackend(name)
  const times: number[] = []
  let last = performance.now()
  const options = { ...defaultSageOptions, hidden: width, epochs: epochs * 2, members: 1 }
  trainSage(randomTask(), options, {
    backend,
    neighbours: null,
    progress: (_member, epoch, _loss, validation) => {
      const now = performance.now()
      if (epoch > 1 && validation === null) times.push((now - last) / 1000)
      last = now
    },
  })
  return { seconds: median(times), megabytes: process.resourceUsage().maxRSS / 1024 }
}

const products = (): readonly Figure[] => {
  const { graph } = randomTask()
  const { csr } = graph.relations[0]!
  const random = new Random(2)
  const x = Float32Array.from({ length: nodes * width }, () => random.float())
  const plain = plainSparseDense(csr)
  const simd = SimdEngine.create()?.load([csr])[0]
  const time = (run: () => unknown): number =>
    median(
      Array.from({ length: 5 }, () => {
        const start = performance.now()
        run()
        return performance.now() - start
      }),
    )
  return (['mean', 'max'] as const).flatMap((product) => {
    const plainTime = time(() => plain[product](x, width))
    const figure = (metric: string, value: number, reference: number | null): Figure => ({
      bench: 'graphsage-epoch',
      model: `sparse ${product}`,
      metric,
      value,
      unit: 'ms',
      spread: null,
      reference,
      referenceName: reference === null ? null : 'plain TypeScript',
    })
    const fast = simd
      ? [
          figure(
            'vector',
            time(() => simd[product](x, width)),
            plainTime,
          ),
        ]
      : []
    return [figure('plain', plainTime, null), ...fast]
  })
}

export const bench: Bench = {
  title: `A full-batch epoch of GraphSAGE: ${nodes} nodes, ${edges} directed edges, ${width} wide`,
  run: async ({ args, note }) => {
    const inside = option(args, 'backend')
    if (inside === 'wasm' || inside === 'native') {
      process.stdout.write(`${JSON.stringify(await measureEpoch(inside))}\n`)
      process.exit(0)
    }
    const figures: Figure[] = []
    for (const name of ['wasm', 'native'] as const) {
      if (name === 'native' && (await loadBackend('auto')).name !== 'native') {
        note(`native is left out: ${(await loadBackend('auto')).reason}`)
        continue
      }
      const output = execFileSync(
        process.execPath,
        [fileURLToPath(new URL('main.js', import.meta.url)), 'graphsage-epoch', '--backend', name],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
      )
      const { seconds, megabytes } = JSON.parse(output.trim().split('\n').at(-1)!) as EpochResult
      const figure = (metric: string, value: number, unit: string, reference: number): Figure => ({
        bench: 'graphsage-epoch',
        model: name,
        metric,
        value,
        unit,
        spread: null,
        reference,
        referenceName: 'the aim',
      })
      figures.push(
        figure('epoch', seconds, 's', references[name]),
        figure('memory', megabytes, 'MB', referenceMegabytes),
      )
    }
    return [...figures, ...products()]
  },
}
