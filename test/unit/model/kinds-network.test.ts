import { beforeAll, expect, test } from '@jest/globals'
import type { Csr } from '#src/kernels/csr.js'
import { Random } from '#src/kernels/random.js'
import { type Backend, loadBackend } from '#src/model/backend.js'
import { type KindGraph, KindPieces } from '#src/model/graphsage/kinds-graph.js'
import { fitKindInputs } from '#src/model/graphsage/kinds-inputs.js'
import { type KindNetworkShape, kindLayout } from '#src/model/graphsage/kinds-network.js'
import { scoreKinds } from '#src/model/graphsage/kinds-score.js'
import { kindGradientStep, kindLogits } from '#src/model/graphsage/kinds-step.js'
import { type KindState, openPiece, standardKindOptions, trainKinds } from '#src/model/graphsage/kinds-train.js'
import { initialValues } from '#src/model/graphsage/parameters.js'
import { auroc } from '#src/model/metrics.js'
import { readNetworkState, writeNetworkState } from '#src/model/product/kept-state.js'

const check = () => {}
const all = 1000
const accounts = 60
const targets = 20

const csrOf = (rows: readonly (readonly number[])[], columnCount: number): Csr => {
  const offsets = new Int32Array(rows.length + 1)
  rows.forEach((row, r) => {
    offsets[r + 1] = offsets[r]! + row.length
  })
  return { rowCount: rows.length, columnCount, offsets, columns: Int32Array.from(rows.flat()), weights: null }
}

/** Accounts act on targets; the label of an account says whether its targets' second feature is high. */
const made = (seed: number): { readonly graph: KindGraph; readonly labels: Int8Array } => {
  const random = new Random(seed)
  const high = Array.from({ length: targets }, (_, t) => t % 2)
  const labels = Int8Array.from({ length: accounts }, (_, v) => v % 2)
  const out = Array.from({ length: accounts }, (_, v) => {
    const own = Array.from({ length: targets }, (_, t) => t).filter((t) => high[t] === labels[v])
    return [...new Set([0, 1, 2].map(() => own[random.below(own.length)]!))].sort((a, b) => a - b)
  })
  const back = Array.from({ length: targets }, (_, t) =>
    Array.from({ length: accounts }, (_, v) => v).filter((v) => out[v]!.includes(t)),
  )
  const noise = (rows: number) => Float32Array.from({ length: rows }, () => random.float())
  return {
    labels,
    graph: {
      kinds: [
        { name: 'user', features: { rows: accounts, names: ['noise'], columns: [noise(accounts)] } },
        {
          name: 'video',
          features: {
            rows: targets,
            names: ['noise', 'told'],
            columns: [noise(targets), Float32Array.from(high, (h) => h + 0.3 * random.float())],
          },
        },
      ],
      relations: [
        { name: 'user like video', of: 0, to: 1, csr: csrOf(out, targets) },
        { name: 'video like user', of: 1, to: 0, csr: csrOf(back, accounts) },
      ],
    },
  }
}

const shapeFor = (graph: KindGraph, widths: readonly number[], hidden: number): KindNetworkShape => ({
  hidden,
  kinds: graph.kinds.map(({ name }, k) => ({ name, width: widths[k]!, isScored: k === 0 })),
  relations: graph.relations.map(({ name, of, to }) => ({ name, of, to })),
})

let backend: Backend
beforeAll(async () => {
  backend = await loadBackend('wasm')
})

test('the gradient is that of finite differences, in every part of the network', () => {
  const { graph } = made(1)
  const inputs = fitKindInputs(graph)
  const shape = shapeFor(
    graph,
    inputs.map(({ encoder }) => encoder.width),
    4,
  )
  const layout = kindLayout(shape)
  const parameters = initialValues(layout, 3)
  const seeds = [Int32Array.from([0, 1, 2, 3, 4]), new Int32Array(0)]
  const open = openPiece({ backend, check }, { graph, inputs }, new KindPieces(graph).around(seeds, all, 1, check))
  const wanted = {
    targets: [Float32Array.from([0, 1, 0, 1, 0]), new Float32Array(0)],
    weights: [Float32Array.from([0.1, 0.3, 0.2, 0.1, 0.3]), new Float32Array(0)],
  }
  const at = (values: Float32Array) =>
    kindGradientStep(backend.tf, open, wanted, {
      shape,
      layout,
      parameters: values,
      dropout: 0,
      random: new Random(1),
    })
  const { gradient } = at(parameters)
  const step = 1e-2
  for (const { name, from, shape: size } of layout.parts) {
    // The parts of videos as scored and of what nobody in the piece reads have no say.
    let most = 0
    for (let i = from; i < from + size[0] * size[1]; i++)
      if (Math.abs(gradient[i]!) > Math.abs(gradient[most]!) || most < from) most = i
    const moved = (by: number) => at(parameters.map((value, i) => (i === most ? value + by : value))).loss
    const slope = (moved(step) - moved(-step)) / (2 * step)
    expect({ name, slope: slope.toFixed(2) }).toEqual({ name, slope: gradient[most]!.toFixed(2) })
  }
  open.dispose()
})

const task = (seed: number) => {
  const { graph, labels } = made(seed)
  const inputs = fitKindInputs(graph)
  const rows = (keep: (v: number) => boolean) => [
    Int32Array.from({ length: accounts }, (_, v) => v).filter(keep),
    new Int32Array(0),
  ]
  return {
    graph,
    inputs,
    shape: shapeFor(
      graph,
      inputs.map(({ encoder }) => encoder.width),
      8,
    ),
    labels: [labels, new Int8Array(0)],
    train: rows((v) => v < 40),
    validation: rows((v) => v >= 40 && v < 50),
  }
}
const options = { ...standardKindOptions, hidden: 8, dropout: 0.2, epochs: 24, patience: 24, seed: 5 }

test.each([all, 12])('learns from neighbours alone, at most %i of each, and tells new accounts apart', (neighbours) => {
  const own = task(2)
  const { parameters } = trainKinds(
    { ...own, neighbours },
    { ...options, epochs: 60, patience: 60 },
    { backend, check },
  )
  const fresh = made(9)
  const models = { shape: own.shape, inputs: own.inputs, neighbours, networks: [parameters], seed: 5 }
  const rows = [Int32Array.from({ length: accounts }, (_, v) => v), new Int32Array(0)]
  const [[logits]] = scoreKinds(models, fresh.graph, rows, { backend, check }) as [[Float64Array]]
  expect(auroc({ scores: logits, labels: Uint8Array.from(fresh.labels) })).toBeGreaterThan(0.9)
})

test('the backends agree on a network that was trained, within 1e-4, and nearly on the training itself', async () => {
  const best = await loadBackend('auto')
  const backends: readonly Backend[] = best.name === 'native' ? [best, await loadBackend('wasm')] : [best]
  const own = { ...task(7), neighbours: all }
  const rows = [Int32Array.from({ length: accounts }, (_, v) => v), new Int32Array(0)]
  const trained: Float32Array[] = []
  for (const { name } of backends) {
    const used = await loadBackend(name)
    trained.push(trainKinds(own, { ...options, epochs: 4 }, { backend: used, check }).parameters)
  }
  const models = { shape: own.shape, inputs: own.inputs, neighbours: all, networks: trained, seed: 5 }
  const logits: Float64Array[] = []
  for (const { name } of backends) {
    const used = await loadBackend(name)
    for (const [found] of scoreKinds(models, own.graph, rows, { backend: used, check })) logits.push(found!)
  }
  const furthest = (a: Float64Array, b: Float64Array) =>
    a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0)
  // Logits of each backend's network by each backend: those of one network agree, and those of one training nearly.
  const count = backends.length
  for (let network = 0; network < count; network++)
    for (let by = 1; by < count; by++)
      expect(furthest(logits[network]!, logits[by * count + network]!)).toBeLessThan(1e-4)
  for (const each of logits) expect(furthest(logits[0]!, each)).toBeLessThan(1e-2)
  backend = await loadBackend('wasm')
})

test('goes on from a state on disk to the same bytes, and stops at once when asked', () => {
  const own = { ...task(4), neighbours: all }
  const kept: Uint8Array[] = []
  const checkpoint = (state: KindState) => kept.push(writeNetworkState({ done: null, current: state }))
  const whole = trainKinds(own, options, { backend, check, checkpoint })
  expect(kept).toHaveLength(2)
  const { current } = readNetworkState(kept[0]!)
  expect(current!.epoch).toBe(10)
  expect(trainKinds(own, options, { backend, check, resume: current })).toEqual(whole)
  expect(readNetworkState(writeNetworkState({ done: whole, current: null })).done).toEqual(whole)
  let steps = 0
  const stop = () => {
    if (++steps > 3) throw new Error('stopped')
  }
  expect(() => trainKinds(own, options, { backend, check: stop })).toThrow('stopped')
})

test('logits of a row do not depend on the rows beside it', () => {
  const { graph } = made(6)
  const inputs = fitKindInputs(graph)
  const shape = shapeFor(
    graph,
    inputs.map(({ encoder }) => encoder.width),
    8,
  )
  const layout = kindLayout(shape)
  const parameters = initialValues(layout, 1)
  const logitsOf = (rows: readonly number[]) => {
    const piece = new KindPieces(graph).around([Int32Array.from(rows), new Int32Array(0)], 2, 7, check)
    const open = openPiece({ backend, check }, { graph, inputs }, piece)
    const [logits] = kindLogits(backend.tf, open, { shape, layout, parameters })
    open.dispose()
    return logits!
  }
  expect(logitsOf([7])[0]).toBeCloseTo(logitsOf([3, 9, 7, 11])[2]!, 5)
})
