import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { detectors } from '#src/detectors/registry.js'
import { type DetectOutcome, runDetect } from '#src/jobs/detect.js'
import { type GivenParameters, resolveParameters } from '#src/jobs/detect-parameters.js'
import { findingContent, findingKey, readFinding } from '#src/jobs/findings.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { openStore } from '#src/store/open.js'
import type { GraphStore } from '#src/store/store.js'
import { batchOf } from '../../support/batches.js'

const folder = mkdtempSync(join(tmpdir(), 'ringfence-findings-'))
const everyDetector = detectors.map(({ id }) => id)
let store: GraphStore
let first: DetectOutcome

const detect = async (mode: 'write' | 'dry-run', given: GivenParameters = {}): Promise<DetectOutcome> =>
  runDetect(store, await resolveParameters(store, given), { mode })
const reusedBy = ({ run }: DetectOutcome): string[] => run.reused!.map(({ detector }) => detector)
const bytes = ({ rings }: DetectOutcome): string => JSON.stringify(rings)

beforeAll(async () => {
  store = await openStore(join(folder, 'store.duckdb'))
  for (const batch of recordBatches(new Simulation({ ...defaultSimulation(12_000), difficulties: ['easy'] })))
    await store.writeBatch(batch)
  first = await detect('write')
})

afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

test('on the same graph no detector looks again, and the rings are those of a full run, byte for byte', async () => {
  expect(first.rings.length).toBeGreaterThan(0)
  expect(first.run).toMatchObject({ mode: 'full', reused: [], focused: [] })
  expect(first.run.searched).toEqual([...everyDetector].sort().map((detector) => ({ detector, why: 'no-base' })))
  const again = await detect('write')
  expect(again.run.mode).toBe('warm')
  expect(again.run.reused).toEqual([...everyDetector].sort().map((detector) => ({ detector, run: first.run.id })))
  expect(again.run.notes).toEqual(first.run.notes)
  const full = await detect('dry-run', { full: true })
  expect(full.run).toMatchObject({ mode: 'full', reused: [], focused: [] })
  expect(new Set(full.run.searched!.map(({ why }) => why))).toEqual(new Set(['asked']))
  expect(bytes(again)).toBe(bytes(full))
})

test('with another parameter only its detector looks, in a what-if too; with another seed all do', async () => {
  const settings = { lockstep: { minMembers: 4 } }
  const others = everyDetector.filter((id) => id !== 'lockstep').sort()
  const changed = await detect('dry-run', { settings })
  expect(reusedBy(changed)).toEqual(others)
  expect(reusedBy(await detect('dry-run', { settings, whatIf: { entities: [], types: [] } }))).toEqual(others)
  expect(bytes(changed)).toBe(bytes(await detect('dry-run', { settings, full: true })))
  expect(reusedBy(await detect('dry-run', { seed: 2, detectors: ['sybil'] }))).toEqual([])
  expect(reusedBy(await detect('dry-run', { fdr: 0.5 }))).toEqual([...everyDetector].sort())
})

test('what cannot be read is looked for again; a new interaction is another graph', async () => {
  const kept = await store.readFindings()
  const damaged = kept.map((finding) => ({ ...finding, content: 'QUJD' }))
  await store.saveRun({ run: { ...first.run, id: 'damaged' }, rings: first.rings }, undefined, damaged)
  const one = { detectors: ['lockstep'] }
  expect(reusedBy(await detect('write', one))).toEqual([])
  expect(reusedBy(await detect('write', one))).toEqual(['lockstep'])
  await store.writeBatch(batchOf([{ id: 'new', type: 'like', actor: 'user:new', target: 'video:new' }]))
  expect(reusedBy(await detect('write', one))).toEqual([])
})

test('the key tells every part of its source apart, and the order of parameters not', () => {
  const source = { snapshot: 'a', detector: 'lockstep', seed: 1, parameters: { x: 1, y: { p: [1, 2], q: 2 } } }
  const key = findingKey(source)
  expect(findingKey({ ...source, parameters: { y: { q: 2, p: [1, 2] }, x: 1 } })).toBe(key)
  const others = [
    { ...source, snapshot: 'b' },
    { ...source, detector: 'sybil' },
    { ...source, seed: 2 },
    { ...source, parameters: { x: 1, y: { p: [2, 1], q: 2 } } },
  ]
  expect(new Set([key, ...others.map(findingKey)]).size).toBe(others.length + 1)
})

test('numbers that JSON does not have, and views into larger arrays, come back as they were', async () => {
  const edges = Int32Array.from([9, 8, 7, 6]).subarray(1, 3)
  const fact = {
    code: 'c',
    sentence: 's',
    observed: Number.POSITIVE_INFINITY,
    expected: -0,
    unit: 'u',
    count: { of: 'pairs' },
  }
  const candidate = {
    detector: 'lockstep',
    behaviour: 'lockstep',
    members: [{ entity: 1, role: 'core', membership: 0.1 + 0.2 }],
    window: null,
    nats: 12.5,
    facts: [{ ...fact, shows: [{ type: 'like', edges }] }],
  } as const
  const result = { candidates: [candidate], notes: [{ code: 'n', message: 'm' }], memory: new Float64Array([1.5]) }
  const kept = { kind: 'k', snapshot: 's', full: { run: 'r', interactions: 1 }, result }
  const content = await findingContent(kept as Parameters<typeof findingContent>[0])
  expect(await readFinding({ content })).toEqual(kept)
})
