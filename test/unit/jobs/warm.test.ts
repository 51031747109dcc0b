/** Warm runs beside full runs of the same data, on simulated worlds that grow. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { type DetectOutcome, runDetect } from '#src/jobs/detect.js'
import { defaultDetectParameters } from '#src/jobs/detect-parameters.js'
import { matchRings } from '#src/rings/identity.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { openStore } from '#src/store/open.js'
import type { GraphStore, RingRecord } from '#src/store/store.js'
import { batchOf, type InteractionInput } from '../../support/batches.js'

const SIZE = 12_000
const folder = mkdtempSync(join(tmpdir(), 'ringfence-warm-'))
const stores: GraphStore[] = []

afterAll(async () => {
  for (const store of stores) await store.close()
  rmSync(folder, { recursive: true })
})

const detect = (store: GraphStore, mode: 'write' | 'dry-run', given: object = {}): Promise<DetectOutcome> =>
  runDetect(store, { ...defaultDetectParameters(), workers: 1, ...given }, { mode })

const written = async (store: GraphStore, lines: readonly string[]): Promise<void> => {
  const interactions = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  await store.writeBatch({
    interactions,
    interactionCount: lines.length,
    entities: new Uint8Array(0),
    entityCount: 0,
  })
}

/** A world in a store but for the interactions of `isLate`, which are returned. */
const grownWorld = async (seed: number, isLate: (place: number, at: number) => boolean) => {
  const store = await openStore(join(folder, `${stores.length}.duckdb`))
  stores.push(store)
  const lines: string[] = []
  const simulation = new Simulation({ ...defaultSimulation(SIZE), seed, difficulties: ['easy'] })
  for (const batch of recordBatches(simulation)) {
    lines.push(...Buffer.from(batch.interactions).toString().split('\n').filter(Boolean))
    if (batch.entityCount > 0)
      await store.writeBatch({ ...batch, interactions: new Uint8Array(0), interactionCount: 0 })
  }
  const late = lines.map((line, place) => isLate(place, Number(line.split('\t')[7])))
  await written(
    store,
    lines.filter((_, i) => !late[i]),
  )
  return { store, late: lines.filter((_, i) => late[i]) }
}

const namesOf = ({ members }: RingRecord): string[] => members.map(({ kind, id }) => `${kind}:${id}`)

/** Memberships in both of those in either, in percent. */
const agreement = (full: readonly RingRecord[], warm: readonly RingRecord[]): number => {
  let both = 0
  for (const [ring, { after }] of matchRings(full, warm).afterOf) {
    const own = new Set(namesOf(full[ring]!))
    both += namesOf(warm[after]!).filter((name) => own.has(name)).length
  }
  const all = [...full, ...warm].reduce((sum, { members }) => sum + members.length, 0) - both
  return all === 0 ? 100 : (100 * both) / all
}

const everyHundredth = (place: number): boolean => place % 100 === 57
const START = Date.UTC(2026, 0, 1)

/** Accounts that follow one another through one list of targets, each within minutes. */
const appendedRing = (name: string, accounts: number, targets: number): InteractionInput[] =>
  Array.from({ length: accounts * targets }, (_, i) => {
    const account = i % accounts
    const target = Math.floor(i / accounts)
    return {
      id: `${name}-${i}`,
      type: 'like',
      actor: `user:${name}-${account}`,
      target: `video:${name}-${target}`,
      at: START + target * 86_400_000 + account * 20_000,
    }
  })

test('after one interaction in a hundred is new, the rings are those of a full run, and the run says what it started from', async () => {
  const { store, late } = await grownWorld(3, everyHundredth)
  const base = await detect(store, 'write')
  await written(store, late)
  const warm = await detect(store, 'dry-run')
  const full = await detect(store, 'dry-run', { full: true })
  expect(full.rings.length).toBeGreaterThan(5)
  expect(agreement(full.rings, warm.rings)).toBeGreaterThanOrEqual(99)
  expect(warm.run.mode).toBe('warm')
  expect(warm.run.focused!.length).toBeGreaterThan(0)
  for (const each of warm.run.focused!)
    expect(each).toMatchObject({ run: base.run.id, added: late.length, fullRun: base.run.id })
  expect(warm.run.searched!.every(({ why }) => why === 'always')).toBe(true)
  expect(warm.run.focused!.length + warm.run.searched!.length).toBe(6)
  expect(full.run.focused).toEqual([])
  // Started from the same run, it says the same; kept, it is what the next run on the same graph says.
  const again = await detect(store, 'write')
  expect(JSON.stringify(again.rings)).toBe(JSON.stringify(warm.rings))
  const next = await detect(store, 'write')
  expect(next.run.reused!.map(({ run }) => run)).toEqual(Array.from({ length: 6 }, () => again.run.id))
  expect(JSON.stringify(next.rings)).toBe(JSON.stringify(warm.rings))
}, 60_000)

test('rings that are all new, and more of a known one, are found among the new interactions', async () => {
  const { store, late } = await grownWorld(4, (place) => place % 200 === 57)
  const grown = appendedRing('grown', 8, 8)
  await store.writeBatch(batchOf(grown.filter((_, i) => i % 8 < 6)))
  await detect(store, 'write')
  await written(store, late)
  await store.writeBatch(batchOf([...grown.filter((_, i) => i % 8 >= 6), ...appendedRing('fresh', 7, 7)]))
  const warm = await detect(store, 'dry-run')
  const full = await detect(store, 'dry-run', { full: true })
  expect(warm.run.focused!.length).toBeGreaterThan(0)
  const membersNamed = (rings: readonly RingRecord[], name: string): string[] =>
    [...new Set(rings.flatMap(namesOf).filter((each) => each.startsWith(`user:${name}-`)))].sort()
  expect(membersNamed(full.rings, 'fresh')).toHaveLength(7)
  expect(membersNamed(full.rings, 'grown')).toHaveLength(8)
  expect(membersNamed(warm.rings, 'fresh')).toEqual(membersNamed(full.rings, 'fresh'))
  expect(membersNamed(warm.rings, 'grown')).toEqual(membersNamed(full.rings, 'grown'))
  expect(agreement(full.rings, warm.rings)).toBeGreaterThanOrEqual(99)
}, 60_000)

test('an earlier time, and too much that is new, make a full run, and say so', async () => {
  const { store, late } = await grownWorld(5, (place) => place % 7 === 3)
  const one = { detectors: ['sybil', 'lockstep'] }
  await detect(store, 'write', one)
  const early = await detect(store, 'dry-run', { ...one, asOf: START })
  expect(new Set(early.run.searched!.map(({ why }) => why))).toEqual(new Set(['gone']))
  await written(store, late)
  const much = await detect(store, 'write', one)
  expect(much.run).toMatchObject({ mode: 'full', focused: [] })
  expect(new Set(much.run.searched!.map(({ why }) => why))).toEqual(new Set(['drift']))
  // What has drifted is counted from the last full look, not from the last run.
  for (let step = 0; step < 3; step++)
    await store
      .writeBatch(batchOf(appendedRing(`step${step}`, 20, 25).map((each) => ({ ...each, type: 'view' }))))
      .then(() => detect(store, 'write', one))
      .then(({ run }) => expect([run.focused!.length, run.searched!.length]).toEqual(step < 2 ? [2, 0] : [0, 2]))
}, 60_000)
