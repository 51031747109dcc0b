import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { readLabels } from '#src/cli/label-file.js'
import { findEntity, type Snapshot } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { type Backend, loadBackend } from '#src/model/backend.js'
import { auroc } from '#src/model/metrics.js'
import { measureForward } from '#src/model/product/forward.js'
import { type LabelledTraining, scoreWithModel, trainOnLabels } from '#src/model/product/labelled-training.js'
import { disjointFolds, disjointPieces, type LabelRecord, placeLabels } from '#src/model/product/labels.js'
import type { Measured } from '#src/model/product/measures.js'
import { unsupervisedScores } from '#src/model/product/unsupervised.js'
import { modelCard } from '#src/model/registry/model-card.js'
import { type ProductModel, readModel, writeModel } from '#src/model/registry/model-folder.js'
import type { RunRecord, RunWithRings } from '#src/store/store.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'

const HOUR = 3_600_000
const start = Date.UTC(2026, 0, 5)
const ringCount = 12
const ringSize = 6
const users = 240
/** Of GraphSAGE: enough to tell these rings. */
const epochs = 6

/** Twelve rings of six: each ring shares a device and likes at one hour; others like when and what they want. */
const world = (random: Random): InteractionLine[] => {
  const lines: InteractionLine[] = []
  const like = (user: number, video: number, at: number) =>
    lines.push({ type: 'like', actor: `user:u${user}`, target: `video:v${video}`, at: start + at * HOUR, market: 'US' })
  for (let u = 0; u < users; u++) {
    const ring = u < ringCount * ringSize ? Math.floor(u / ringSize) : -1
    lines.push({
      type: 'uses',
      actor: `user:u${u}`,
      target: `device:${ring >= 0 ? `ring${ring}` : `own${u}`}`,
      at: start,
    })
    for (let i = 0; i < 8; i++)
      if (ring >= 0 && i < 5) like(u, ring, 24 * i + (ring % 24) + random.float() / 2)
      else like(u, random.below(60), random.below(24 * 28) + random.float())
  }
  return lines
}

const recordsOf = (label: (user: number) => 0 | 1): LabelRecord[] =>
  Array.from({ length: users }, (_, u) => ({ kind: 'user', id: `u${u}`, label: label(u), at: null, group: '' }))

const isPlanted = (user: number): 0 | 1 => (user < ringCount * ringSize ? 1 : 0)

let backend: Backend
let snapshot: Snapshot
let trained: LabelledTraining
const records = recordsOf(isPlanted)
const folder = mkdtempSync(join(tmpdir(), 'ringfence-model-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeAll(async () => {
  backend = await loadBackend('wasm')
  snapshot = snapshotFrom(world(new Random(4)))
  trained = trainOnLabels({ snapshot, rings: null, backend, epochs, records, seed: 1 })
})

const value = ({ models }: LabelledTraining, metric: string): number =>
  models[0]!.measured.find((each) => each.metric === metric)!.value

const modelOf = (from: LabelledTraining): ProductModel => ({
  version: '0.0.0',
  trainedAt: '2026-01-31T00:00:00.000Z',
  seed: 1,
  asOf: null,
  window: from.window,
  run: null,
  labels: from.labels,
  models: from.models,
  networks: from.networks,
  skipped: from.skipped,
  baseline: null,
})

test('accounts that share an identifier or a named group are held out together', () => {
  const { label } = placeLabels(snapshot, records)
  const grouped = records.map((record, u) => (u === 100 || u === 200 ? { ...record, group: 'pair' } : record))
  const { fold, pieces } = disjointFolds(label, disjointPieces(snapshot, grouped, null), 5, 1)
  const foldOf = (user: number) => fold[findEntity(snapshot, 'user', `u${user}`)]
  expect(pieces).toBe(ringCount + (users - ringCount * ringSize) - 1)
  for (let u = 0; u < ringCount * ringSize; u++) expect(foldOf(u)).toBe(foldOf(u - (u % ringSize)))
  expect(foldOf(100)).toBe(foldOf(200))
  const bad = Array.from(
    { length: 5 },
    (_, part) => records.filter((r, u) => r.label === 1 && foldOf(u) === part).length,
  )
  expect(Math.max(...bad) - Math.min(...bad)).toBeLessThanOrEqual(ringSize)
})

test('rings that were held out whole are told apart, and twice gives the same model', () => {
  expect(value(trained, 'average precision')).toBeGreaterThan(0.9)
  expect(value(trained, 'AUROC')).toBeGreaterThan(0.95)
  expect(trained.skipped.map(({ kind }) => kind)).toEqual(['creator', 'video', 'product'])
})

test('training that was stopped goes on to the same model, twice or not', () => {
  const kept = new Map<string, Uint8Array>()
  const keep = {
    get: (step: string) => kept.get(step),
    put: (step: string, bytes: Uint8Array) => {
      kept.set(step, bytes.slice())
      if (kept.size === 7) throw new Error('stopped')
    },
  }
  const inputs = { snapshot, rings: null, backend, epochs, records, seed: 1, keep }
  expect(() => trainOnLabels(inputs)).toThrow('stopped')
  expect([...kept.keys()].filter((step) => step.startsWith('trees'))).toHaveLength(5)
  expect(trainOnLabels(inputs)).toEqual(trained)
  expect(kept.size).toBe(10)
})

test('forward in time a model of what was known then is judged by later labels of other rings', () => {
  const then = start + 14 * 24 * HOUR
  const dated = records.map((record, u) => {
    const isEarly = u < ringCount * ringSize ? Math.floor(u / ringSize) < 7 : u % 2 === 0
    return { ...record, at: isEarly ? then - HOUR : then + HOUR }
  })
  // One member of an early ring is decided later: it is not new.
  dated[0] = { ...dated[0]!, at: then + HOUR }
  const forward = measureForward({
    snapshot,
    rings: null,
    backend,
    earlierRings: null,
    epochs,
    records: dated,
    seed: 1,
    from: then,
  })
  expect(forward.map(({ model }) => model)).toEqual(['stack', 'graphsage', 'trees', 'push', 'rings'])
  expect(forward[0]).toMatchObject({ kind: 'user', bad: 5 * ringSize, good: (users - ringCount * ringSize) / 2 })
  expect(forward[0]!.measured.find(({ metric }) => metric === 'average precision')!.value).toBeGreaterThan(0.8)
  // What is decided and done later does not reach the earlier model.
  const flipped = dated.map((record) => (record.at > then ? { ...record, label: (1 - record.label) as 0 | 1 } : record))
  const [other] = measureForward({
    snapshot,
    rings: null,
    backend,
    earlierRings: null,
    epochs,
    records: flipped,
    seed: 1,
    from: then,
  })
  const auroc = (of: typeof forward) => of[0]!.measured.find(({ metric }) => metric === 'AUROC')!.value
  expect(auroc([other!])).toBeCloseTo(1 - auroc(forward), 9)
})

test('labels by chance are no better than chance: no label reaches its own features', () => {
  const aurocs = [1, 2].map((seed) => {
    const random = new Random(seed, 9)
    // Whole rings have one label, as leaks between members of a ring would show.
    const ofRing = Array.from({ length: ringCount }, () => random.below(2) as 0 | 1)
    const chance = recordsOf((u) =>
      u < ringCount * ringSize ? ofRing[Math.floor(u / ringSize)]! : (random.below(2) as 0 | 1),
    )
    const [own] = trainOnLabels({ snapshot, rings: null, backend, epochs, records: chance, seed }).models
    const aurocOf = (measured: readonly Measured[]) => measured.find(({ metric }) => metric === 'AUROC')!.value
    return [aurocOf(own!.measured), ...own!.parts.slice(0, 2).map((part) => aurocOf(part.measured))]
  })
  // Stack, GraphSAGE and trees, each over the seeds.
  for (const at of [0, 1, 2]) {
    const mean = aurocs.reduce((sum, own) => sum + own[at]!, 0) / aurocs.length
    expect(mean).toBeGreaterThan(0.35)
    expect(mean).toBeLessThan(0.65)
  }
})

test('a model is read as it was written, scores every entity with an interval, and tells what was changed', async () => {
  const model = modelOf(trained)
  const path = join(folder, 'model')
  const digest = await writeModel(path, model, modelCard(model))
  const read = await readModel(path)
  expect(read.digest).toBe(digest)
  const scores = scoreWithModel({ snapshot, rings: null, backend, model: read.model })
  expect(scores).toEqual(scoreWithModel({ snapshot, rings: null, backend, model }))
  const [{ kind, score, interval }] = scores as [(typeof scores)[number]]
  expect(kind).toBe('user')
  for (let row = 0; row < score.length; row++) {
    expect(score[row]! >= 0 && score[row]! <= 1).toBe(true)
    expect(interval!.low[row]! <= score[row]! && score[row]! <= interval!.high[row]!).toBe(true)
  }
  expect(readFileSync(join(path, 'card.md'), 'utf8')).toContain('a lead, never a verdict')
  // Over itself it may be written; over anything else not.
  expect(await writeModel(path, model, modelCard(model))).toBe(digest)
  await expect(writeModel(folder, model, '')).rejects.toMatchObject({ code: 'model.folder' })
  writeFileSync(join(path, 'labels.json'), '[]\n')
  await expect(readModel(path)).rejects.toMatchObject({
    code: 'model.format',
    detail: expect.stringContaining('labels.json'),
  })
  await expect(readModel(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'model.format' })
})

test('a model of other features is refused with the difference', () => {
  const [own] = trained.models
  const other = { ...own!, featureList: 'f00', names: [...own!.names.slice(1), 'like.out.charm'] }
  expect(() =>
    scoreWithModel({ snapshot, rings: null, backend, model: { ...modelOf(trained), models: [other] } }),
  ).toThrow(/like\.out\.charm.*does\.hours/)
})

test('too few labels, contradictory ones, later ones and those of strangers', () => {
  expect(() =>
    trainOnLabels({ snapshot, rings: null, backend, epochs, records: records.slice(0, 80), seed: 1 }),
  ).toThrow(/72 bad and 8 good/)
  expect(() => trainOnLabels({ snapshot, rings: null, backend, epochs, records: recordsOf(() => 1), seed: 1 })).toThrow(
    /0 good/,
  )
  const at = start + HOUR
  const mixed: LabelRecord[] = [
    { kind: 'user', id: 'u0', label: 1, at, group: '' },
    { kind: 'user', id: 'u0', label: 0, at, group: '' },
    { kind: 'user', id: 'u1', label: 1, at, group: '' },
    { kind: 'user', id: 'u1', label: 0, at: at + 1, group: '' },
    { kind: 'user', id: 'u2', label: 1, at: at + 2, group: '' },
    { kind: 'user', id: 'stranger', label: 1, at, group: '' },
  ]
  const placed = placeLabels({ ...snapshot, asOf: at + 1 }, mixed)
  expect(placed).toMatchObject({ absent: 1, later: 1, contradictory: 1 })
  const labelOf = (id: string) => placed.label[findEntity(snapshot, 'user', id)]
  expect([labelOf('u0'), labelOf('u1'), labelOf('u2')]).toEqual([-1, 0, -1])
})

test('without labels the rings rank', () => {
  const run = {
    run: { id: 'r', asOf: null } as RunRecord,
    rings: [
      { fdr: 0.1, members: [{ kind: 'user', id: 'u3', role: 'core', score: 0.8 }] },
      { fdr: 0, members: [{ kind: 'user', id: 'u3', role: 'core', score: 0.5 }] },
    ] as unknown as RunWithRings['rings'],
  }
  const ofUsers = unsupervisedScores(snapshot, run).find(({ kind }) => kind === 'user')!
  expect(ofUsers.interval).toBeNull()
  expect(ofUsers.score[findEntity(snapshot, 'user', 'u3') - ofUsers.from]).toBeCloseTo(0.72, 9)
  // One member tells nothing of the others.
  expect(ofUsers.score[findEntity(snapshot, 'user', 'u4') - ofUsers.from]).toBe(0)
  // Some rings known: members of the other rings come before people, as their neighbours are as alike.
  const members = Array.from({ length: 3 * ringSize }, (_, u) => ({
    kind: 'user',
    id: `u${u}`,
    role: 'core',
    score: 1,
  }))
  const more = { run: run.run, rings: [{ fdr: 0, members }] as unknown as RunWithRings['rings'] }
  const { score, from } = unsupervisedScores(snapshot, more).find(({ kind }) => kind === 'user')!
  const others = Array.from({ length: users }, (_, u) => u).filter((u) => u >= 3 * ringSize)
  const scores = Float64Array.from(others, (u) => score[findEntity(snapshot, 'user', `u${u}`) - from]!)
  expect(scores.every((value) => value >= 0 && value < 1)).toBe(true)
  expect(auroc({ scores, labels: Uint8Array.from(others, isPlanted) })).toBeGreaterThan(0.7)
})

test('a file of labels is read with quotes, and said where it cannot be', async () => {
  const file = join(folder, 'labels.csv')
  const read = (text: string) => {
    writeFileSync(file, text)
    return readLabels(file)
  }
  expect(await read('Label,entity,at\r\nbad,"user:a,b",2026-01-05T00:00:00Z\r\n0,video:x,\n,video:y,\n')).toEqual([
    { kind: 'user', id: 'a,b', label: 1, at: start, group: '' },
    { kind: 'video', id: 'x', label: 0, at: null, group: '' },
  ])
  for (const [text, said] of [
    ['', 'no header'],
    ['entity,verdict\nuser:a,1\n', 'no columns entity and label'],
    ['entity,label\nuser:a,1\nuser:b,maybe\n', 'line 3: "maybe"'],
    ['entity,label\nrobot:a,1\n', 'line 2: "robot:a"'],
    ['entity,label\nuser:a,1,2\n', 'line 2'],
  ] as const)
    await expect(read(text)).rejects.toMatchObject({ code: 'model.labels', detail: expect.stringContaining(said) })
  await expect(readLabels(join(folder, 'none.csv'))).rejects.toMatchObject({ code: 'model.labels' })
})
