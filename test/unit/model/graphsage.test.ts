import { beforeAll, expect, test } from '@jest/globals'
import { Random } from '#src/kernels/random.js'
import { type Backend, loadBackend } from '#src/model/backend.js'
import { openBatches } from '#src/model/graphsage/batches.js'
import { fitEncoders } from '#src/model/graphsage/encoder.js'
import type { SageGraph } from '#src/model/graphsage/graph.js'
import { firstInputWidth, labelInputWidth } from '#src/model/graphsage/inputs.js'
import { networkLayout } from '#src/model/graphsage/network.js'
import { defaultSageOptions, type SageOptions } from '#src/model/graphsage/options.js'
import { initialValues } from '#src/model/graphsage/parameters.js'
import { scoreSage } from '#src/model/graphsage/score.js'
import { gradientStep, type Piece } from '#src/model/graphsage/step.js'
import { type Checkpoint, knownLabels, type SageModel, trainSage } from '#src/model/graphsage/train.js'
import { auroc } from '#src/model/metrics.js'
import { type Planted, plantedGraph } from './planted.js'

const options: SageOptions = {
  ...defaultSageOptions,
  dropout: 0.3,
  hidden: 16,
  epochs: 20,
  members: 1,
  learningRate: 0.02,
}

/** Both backends where the native one can be had. */
const backends: Backend[] = []
beforeAll(async () => {
  backends.push(await loadBackend('wasm'))
  const best = await loadBackend('auto')
  if (best.name === 'native') backends.push(best)
})

const use = async ({ name }: Backend): Promise<Backend> => loadBackend(name)

const scoresOf = (
  model: SageModel,
  { task }: Planted,
  backend: Backend,
  graph: SageGraph = task.graph,
): Float64Array => {
  const shown = knownLabels(graph.features.rows, task.labels, task.train)
  return scoreSage(model, graph, shown, { backend })
}

const quality = (scores: Float64Array, { task, test: rows }: Planted): number =>
  auroc({
    scores: Float64Array.from(rows, (row) => scores[row]!),
    labels: Uint8Array.from(rows, (row) => task.labels[row]!),
  })

test('it learns what only neighbours tell, the same bytes for a seed, and finds nothing in labels of chance', async () => {
  for (const each of backends) {
    const backend = await use(each)
    const planted = plantedGraph(400, 3)
    const model = trainSage(planted.task, options, { backend })
    expect(quality(scoresOf(model, planted, backend), planted)).toBeGreaterThan(0.9)
    expect(trainSage(planted.task, options, { backend }).members).toEqual(model.members)
    const chance = plantedGraph(400, 3, 0)
    const none = scoresOf(trainSage(chance.task, options, { backend }), chance, backend)
    // Three deviations of a rank statistic of 120 rows, 36 of them positive.
    expect(Math.abs(quality(none, chance) - 0.5)).toBeLessThan(0.18)
  }
})

test('the backends agree on a network within 1e-4', async () => {
  const planted = plantedGraph(400, 5)
  const model = trainSage(planted.task, { ...options, epochs: 6 }, { backend: await use(backends[0]!) })
  const scores: Float64Array[] = []
  for (const each of backends) scores.push(scoresOf(model, planted, await use(each)))
  for (const found of scores)
    for (const [row, score] of found.entries()) expect(Math.abs(score - scores[0]![row]!)).toBeLessThan(1e-4)
})

test('the gradient of the whole network is that of finite differences', async () => {
  const backend = await use(backends.at(-1)!)
  const { task } = plantedGraph(60, 9)
  const encoders = fitEncoders(task.graph, task.train)
  const layout = networkLayout({
    inputWidth: firstInputWidth(encoders, 1),
    labelWidth: labelInputWidth(1),
    hidden: 4,
    relations: 1,
  })
  const batches = openBatches({
    tf: backend.tf,
    encoders,
    graph: task.graph,
    check: () => {},
    neighbours: null,
    fitted: task.train,
    seed: 1,
  })
  let piece: Piece | null = null
  batches.each(task.train, new Random(1), (whole) => {
    piece = whole
  })
  const step = (parameters: Float32Array) =>
    gradientStep(backend.tf, layout, parameters, 4, {
      piece: piece!,
      shown: knownLabels(60, task.labels, task.train.subarray(0, 10)),
      share: 0.3,
      targets: Float32Array.from(task.labels),
      weights: new Float32Array(60).fill(1),
      dropout: 0.3,
      random: new Random(1),
    })
  const parameters = initialValues(layout, 2)
  const { gradient } = step(parameters)
  let steep = 0
  let off = 0
  for (let at = 0; at < parameters.length; at += 3) {
    const [up, down] = [parameters.slice(), parameters.slice()]
    up[at]! += 1e-3
    down[at]! -= 1e-3
    const slope = (step(up).loss - step(down).loss) / 2e-3
    steep = Math.max(steep, Math.abs(slope))
    // A kink of relu or of a maximum between the two points gives another slope: rare, so a tenth of them may differ.
    if (Math.abs(slope - gradient[at]!) > 2e-3) off++
  }
  expect(steep).toBeGreaterThan(0.02)
  expect(off).toBeLessThan(parameters.length / 30)
})

test('training goes on from a checkpoint to the same bytes, and stops when asked', async () => {
  const backend = await use(backends[0]!)
  const { task } = plantedGraph(300, 7)
  const small = { ...options, hidden: 8, epochs: 24, members: 2 }
  const kept: Checkpoint[] = []
  const whole = trainSage(task, small, { backend, checkpoint: (state) => kept.push(structuredClone(state)) })
  for (const resume of [kept[0]!, kept[2]!, kept.at(-2)!])
    expect(trainSage(task, small, { backend, resume: structuredClone(resume) }).members).toEqual(whole.members)
  let calls = 0
  const check = () => {
    if (++calls > 50) throw new Error('stopped')
  }
  expect(() => trainSage(task, small, { backend, check })).toThrow('stopped')
})

test('a graph that does not fit is learned from samples, and scored in chunks as it would be whole', async () => {
  const backend = await use(backends[0]!)
  const planted = plantedGraph(500, 3)
  const { task } = planted
  const sampled = trainSage(task, { ...options, epochs: 8 }, { backend, neighbours: 5 })
  expect(sampled.neighbours).toBe(5)
  expect(trainSage(task, { ...options, epochs: 8 }, { backend, memoryLimit: 1e5 }).neighbours).toBe(12)
  expect(trainSage(task, { ...options, epochs: 8 }, { backend, neighbours: 5 }).members).toEqual(sampled.members)
  expect(quality(scoresOf(sampled, planted, backend), planted)).toBeGreaterThan(0.8)
  const whole = trainSage(task, { ...options, epochs: 8 }, { backend, neighbours: null })
  const shown = knownLabels(500, task.labels, task.train)
  const chunked = scoreSage(whole, task.graph, shown, { backend, chunked: true })
  const once = scoreSage(whole, task.graph, shown, { backend, chunked: false })
  for (const [row, score] of chunked.entries()) expect(Math.abs(score - once[row]!)).toBeLessThan(1e-4)
})

test('labels of validation and test rows reach neither weights nor scores, and no node sees its own', async () => {
  const backend = await use(backends[0]!)
  const planted = plantedGraph(400, 11)
  const { task } = planted
  const model = trainSage(task, { ...options, epochs: 8 }, { backend })
  const flipped = { ...task, labels: task.labels.slice() }
  for (const row of planted.test) flipped.labels[row] = flipped.labels[row] === 1 ? 0 : 1
  expect(trainSage(flipped, { ...options, epochs: 8 }, { backend }).members).toEqual(model.members)
  const unseen = knownLabels(400, task.labels, task.train)
  const before = scoreSage(model, task.graph, unseen, { backend })
  expect(scoreSage(model, task.graph, knownLabels(400, flipped.labels, task.train), { backend })).toEqual(before)
})

test('it scores nodes that were not there in training', async () => {
  const backend = await use(backends[0]!)
  const planted = plantedGraph(500, 3)
  const model = trainSage(planted.task, options, { backend })
  const fresh = plantedGraph(500, 44)
  const scores = scoreSage(model, fresh.task.graph, null, { backend })
  expect(quality(scores, fresh)).toBeGreaterThan(0.85)
})

test('missing, infinite and constant features, no features and no edges give finite scores', async () => {
  const backend = await use(backends[0]!)
  const planted = plantedGraph(200, 13)
  const { task } = planted
  const rows = task.graph.features.rows
  const odd = Float32Array.from({ length: rows }, (_, v) => [Number.NaN, Infinity, -Infinity, 0, 1e30][v % 5]!)
  const unknown = new Float32Array(rows).fill(Number.NaN)
  const graphs: SageGraph[] = [
    { ...task.graph, features: { rows, names: ['odd', 'unknown'], columns: [odd, unknown] } },
    { ...task.graph, features: { rows, names: [], columns: [] } },
    { ...task.graph, relations: [] },
  ]
  for (const graph of graphs) {
    const model = trainSage({ ...task, graph }, { ...options, epochs: 4 }, { backend })
    expect(scoresOf(model, planted, backend, graph).every(Number.isFinite)).toBe(true)
  }
})

test('what cannot be learned from is an error that says so', async () => {
  const backend = await use(backends[0]!)
  const { task } = plantedGraph(100, 1)
  const train = task.train.filter((row) => task.labels[row] === 0)
  expect(() => trainSage({ ...task, train }, options, { backend })).toThrow(
    expect.objectContaining({ code: 'model.one-class' }),
  )
  const empty = { own: null, features: { rows: 100, names: [], columns: [] }, relations: [] }
  expect(() => trainSage({ ...task, graph: empty }, options, { backend })).toThrow(
    expect.objectContaining({ code: 'model.table' }),
  )
})
