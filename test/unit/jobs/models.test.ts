import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { modelStatus, promote, rollBack } from '#src/jobs/model-desk.js'
import { checkNumbers } from '#src/jobs/score-task.js'
import { runScoring, type ScoringRequest } from '#src/jobs/scoring.js'
import { runTraining, type TrainingRequest } from '#src/jobs/training.js'
import type { LabelRecord } from '#src/model/product/labels.js'
import { championLine } from '#src/model/registry/registry.js'
import { openStore } from '#src/store/open.js'
import type { GraphStore } from '#src/store/store.js'
import { worldBatch, worldLabels, worldUsers } from '../../support/labelled-world.js'

const folder = mkdtempSync(join(tmpdir(), 'ringfence-models-'))
let store: GraphStore
/** Registered in this order. */
let first: string
let second: string
const home = join(folder, 'models')

/** Finished steps of a training that was stopped may be kept, under another name. */
const modelFolders = (): string[] => readdirSync(home).filter((name) => name.startsWith('m-'))

const training = (
  records: readonly LabelRecord[],
  more: Partial<TrainingRequest['training']> = {},
): TrainingRequest => ({
  training: { asOf: null, run: null, records, seed: 1, measureFrom: null, rounds: 0, ...more },
  mode: 'write',
  folder: null,
  promote: false,
  who: 'a test',
})
const scoring = (more: Partial<ScoringRequest> = {}): ScoringRequest => ({
  model: 'champion',
  challenger: 'newest',
  asOf: null,
  run: null,
  records: [],
  mode: 'write',
  threshold: null,
  ...more,
})
const asked = { who: 'a test', why: 'to see' }

beforeAll(async () => {
  store = await openStore(join(folder, 'store.duckdb'))
  await store.writeBatch(worldBatch())
  // What a process that was killed two hours ago has left, and what one may be writing now.
  for (const [name, age] of [
    ['old', 7200],
    ['new', 0],
  ] as const) {
    mkdirSync(join(home, `.unfinished-${name}`), { recursive: true })
    utimesSync(join(home, `.unfinished-${name}`), Date.now() / 1000 - age, Date.now() / 1000 - age)
  }
  first = (await runTraining(store, training(worldLabels()))).written!.registered.id
  second = (await runTraining(store, training(worldLabels(), { seed: 2 }))).written!.registered.id
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

/** Whatever `damage` does to a model's folder is undone afterwards. */
const withDamage = async (id: string, damage: (path: string) => void, body: () => Promise<void>): Promise<void> => {
  const kept = join(folder, 'kept')
  cpSync(join(home, id), kept, { recursive: true })
  try {
    damage(join(home, id))
    await body()
  } finally {
    rmSync(join(home, id), { recursive: true, force: true })
    cpSync(kept, join(home, id), { recursive: true })
    rmSync(kept, { recursive: true })
  }
}

test('without a champion there is a ranking or an error, never a candidate that nobody promoted', async () => {
  await expect(runScoring(store, scoring())).rejects.toMatchObject({ code: 'run.none' })
  expect((await store.listModels()).map(({ id, state }) => [id, state])).toEqual([
    [second, 'candidate'],
    [first, 'candidate'],
  ])
  await expect(rollBack(store, asked)).rejects.toMatchObject({ code: 'model.state' })
  await expect(promote(store, 'm-000000000000', asked)).rejects.toMatchObject({ code: 'model.unknown' })
})

test('what a killed training left half-written is no model, and goes when nobody can be writing it', () => {
  expect(existsSync(join(home, '.unfinished-old'))).toBe(false)
  expect(existsSync(join(home, '.unfinished-new'))).toBe(true)
  expect(modelFolders().sort()).toEqual([first, second].sort())
})

test('a score that is no number is an error, wherever it stands', () => {
  const scores = (score: number, low = 0) => [
    {
      kind: 'user' as const,
      from: 0,
      score: Float64Array.of(0, score),
      interval: { low: Float64Array.of(0, low), high: Float64Array.of(1, 1), labels: Int32Array.of(1, 1) },
    },
  ]
  expect(() => checkNumbers(scores(1))).not.toThrow()
  for (const bad of [scores(Number.NaN), scores(Number.POSITIVE_INFINITY), scores(0, Number.NaN)])
    expect(() => checkNumbers(bad)).toThrow(expect.objectContaining({ code: 'model.number' }))
})

test('a folder that is gone, changed or another model is never made champion', async () => {
  await withDamage(
    first,
    (path) => rmSync(path, { recursive: true }),
    async () => {
      await expect(promote(store, first, asked)).rejects.toMatchObject({ code: 'model.missing' })
    },
  )
  await withDamage(
    first,
    (path) => writeFileSync(join(path, 'labels.json'), '[]\n'),
    async () => {
      await expect(promote(store, first, asked)).rejects.toMatchObject({ code: 'model.changed' })
    },
  )
  await withDamage(
    first,
    (path) => {
      rmSync(path, { recursive: true })
      cpSync(join(home, second), path, { recursive: true })
    },
    async () => {
      await expect(promote(store, first, asked)).rejects.toMatchObject({ code: 'model.changed' })
    },
  )
  expect(await store.readChampion('entities')).toBeNull()
})

test('the champion scores into the store, the candidate in its shadow; what is written is what was said', async () => {
  await promote(store, first, asked)
  const { record, outcome } = await runScoring(store, scoring())
  expect(record).toMatchObject({ basis: 'model', model: first, counts: { user: worldUsers } })
  const user = outcome.scores.find(({ kind }) => kind === 'user')!
  const kept = await store.readScore('user', 'u0')
  expect(user.score).toContain(kept!.score)
  expect(kept!.low!).toBeLessThanOrEqual(kept!.score)
  expect(kept!.scoring).toEqual(record)
  expect((await store.readScore('user', 'u120'))!.score).toBeLessThan(kept!.score)
  const { shadow, drift } = record.report as {
    shadow: { challenger: string; kinds: { rankCorrelation: number }[] }
    drift: unknown[]
  }
  expect(shadow.challenger).toBe(second)
  expect(shadow.kinds[0]!.rankCorrelation).toBeGreaterThan(0.5)
  // The same graph as in training: nothing has moved.
  expect(drift).toMatchObject([{ kind: 'user', inputs: { moved: 0 }, scores: 0, unseen: 0, calibration: null }])
  expect(record.notes.filter(({ code }) => code.startsWith('drift.'))).toEqual([])
  expect(await modelStatus(store)).toMatchObject({
    champion: { id: first },
    problem: null,
    candidate: { id: second },
    scoring: { id: record.id },
  })
})

test('a champion whose folder is damaged is an error that says what to do; a challenger with one is a note', async () => {
  const before = await store.listScorings(10)
  await withDamage(
    first,
    (path) => rmSync(join(path, 'SHA256SUMS')),
    async () => {
      await expect(runScoring(store, scoring())).rejects.toMatchObject({ code: 'model.changed' })
      expect(await modelStatus(store)).toMatchObject({ problem: { code: 'model.changed' } })
    },
  )
  expect(await store.listScorings(10)).toEqual(before)
  await withDamage(
    second,
    (path) => rmSync(path, { recursive: true }),
    async () => {
      const { record } = await runScoring(store, scoring({ mode: 'dry-run' }))
      expect(record.notes.map(({ code }) => code)).toContain('challenger.skipped')
      await expect(runScoring(store, scoring({ challenger: { id: second } }))).rejects.toMatchObject({
        code: 'model.missing',
      })
    },
  )
  expect(await store.listScorings(10)).toEqual(before)
})

test('rolling back leads to the champion before, and no further than there was one', async () => {
  await promote(store, second, asked)
  await expect(promote(store, second, asked)).rejects.toMatchObject({ code: 'model.state' })
  expect(await rollBack(store, { ...asked, why: 'worse' })).toMatchObject({ id: first, state: 'champion' })
  expect(await store.readModel(second)).toMatchObject({ state: 'retired' })
  await expect(rollBack(store, asked)).rejects.toMatchObject({ code: 'model.state' })
})

test('who was champion before is told from all changes, also after going back and forth', () => {
  const change = (model: string, action: 'promote' | 'roll-back') =>
    ({ model, at: '', who: '', why: '', action, from: 'candidate', to: 'champion' }) as const
  const line = [change('a', 'promote'), change('b', 'promote'), change('c', 'promote')]
  expect(championLine(line)).toEqual(['c', 'b', 'a'])
  expect(championLine([...line, change('b', 'roll-back')])).toEqual(['b', 'a'])
  expect(championLine([...line, change('b', 'roll-back'), change('c', 'promote')])).toEqual(['c', 'b', 'a'])
})

test.each<[string, readonly LabelRecord[], string]>([
  ['no labels', [], 'model.few-labels'],
  ['no positives', worldLabels().filter(({ label }) => label === 0), 'model.few-labels'],
  ['one class', worldLabels().filter(({ label }) => label === 1), 'model.few-labels'],
  ['ten labels', worldLabels().slice(31, 41), 'model.few-labels'],
  [
    'labels that all contradict one another',
    worldLabels().flatMap((each) => [each, { ...each, label: each.label === 1 ? (0 as const) : (1 as const) }]),
    'model.few-labels',
  ],
])('%s: an error, and nothing is left behind', async (_name, records, code) => {
  const folders = modelFolders()
  await expect(runTraining(store, training(records))).rejects.toMatchObject({ code })
  expect(modelFolders()).toEqual(folders)
})

test('a cancel ends training and scoring within a second, and nothing is written', async () => {
  const [folders, scorings] = [modelFolders(), await store.listScorings(10)]
  const cancelled = async (work: (signal: AbortSignal, progress: () => void) => Promise<unknown>): Promise<void> => {
    const abort = new AbortController()
    let at = 0
    const progress = (): void => {
      if (at > 0) return
      at = performance.now()
      // In the midst of the next step.
      setTimeout(() => abort.abort(), 50)
    }
    await expect(work(abort.signal, progress)).rejects.toMatchObject({ code: 'job.cancelled' })
    expect(performance.now() - at).toBeLessThan(1500)
  }
  await cancelled((signal, progress) => runTraining(store, training(worldLabels(), { signal, progress })))
  await cancelled((signal, progress) => runScoring(store, scoring({ signal, progress })))
  expect(modelFolders()).toEqual(folders)
  expect(await store.listScorings(10)).toEqual(scorings)
})

test('a folder of another make is refused', async () => {
  const foreign = join(folder, 'foreign')
  cpSync(join(home, first), foreign, { recursive: true })
  writeFileSync(
    join(foreign, 'model.json'),
    readFileSync(join(foreign, 'model.json'), 'utf8').replace('ringfence-model/', 'other-model/'),
  )
  await expect(runScoring(store, scoring({ model: { folder: foreign } }))).rejects.toMatchObject({
    code: 'model.format',
  })
  await expect(runScoring(store, scoring({ model: { folder } }))).rejects.toMatchObject({ code: 'model.format' })
  expect(existsSync(join(home, second))).toBe(true)
})

test('a platform that has changed is warned of', async () => {
  await store.writeBatch(worldBatch('new-'))
  await store.writeBatch(worldBatch('newer-'))
  const records = worldLabels(120, { at: Date.now() }).map((each) => ({
    ...each,
    id: `new-${each.id}`,
    label: 1 as const,
  }))
  const { record } = await runScoring(store, scoring({ records, challenger: 'none' }))
  const codes = record.notes.map(({ code }) => code)
  expect(codes).toContain('drift.unseen')
  expect(codes).toContain('drift.calibration')
  expect(record.report.shadow).toBeUndefined()
  expect((await store.readScore('user', 'new-u0'))!.scoring.id).toBe(record.id)
})
