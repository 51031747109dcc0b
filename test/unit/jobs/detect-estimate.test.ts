import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { defaultDetectParameters, estimateDetect } from '#src/jobs/detect.js'
import { coreSlowness, crowding } from '#src/jobs/machine-speed.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { openStore } from '#src/store/open.js'
import type { GraphStore } from '#src/store/store.js'

const folder = mkdtempSync(join(tmpdir(), 'ringfence-estimate-'))
let store: GraphStore

beforeAll(async () => {
  store = await openStore(join(folder, 'store.duckdb'))
  for (const batch of recordBatches(new Simulation(defaultSimulation(10_000)))) await store.writeBatch(batch)
})

afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const parameters = defaultDetectParameters()

test('threads beside others share the cores evenly, and nothing is faster than alone', () => {
  expect(crowding(2, 0, 8)).toBe(1)
  expect(crowding(2, 0, 2)).toBe(1)
  expect(crowding(2, 2, 2)).toBe(2)
  expect(crowding(1, 9, 2)).toBe(5)
})

test('the speed of a core is measured once in a while, and is a factor', async () => {
  const slowness = await coreSlowness()
  expect(slowness).toBeGreaterThan(0.05)
  expect(slowness).toBeLessThan(200)
  expect(await coreSlowness()).toBe(slowness)
})

test('an estimate counts what a run costs before any data, and what its longest thread does', async () => {
  const two = await estimateDetect(store, { ...parameters, workers: 2 })
  const one = await estimateDetect(store, { ...parameters, workers: 1 })
  const few = await estimateDetect(store, { ...parameters, detectors: ['matrix'] })
  const seconds = (name: string, { parts }: typeof two) => parts.find((part) => part.name === name)!.seconds
  expect(seconds('start', two)).toBeGreaterThan(1 * (await coreSlowness()))
  expect(few.seconds).toBeLessThan(two.seconds)
  expect(one.parts.map(({ name }) => name)).toEqual(two.parts.map(({ name }) => name))
  // One thread does all parts one after the other.
  expect(one.seconds / one.parts.reduce((sum, part) => sum + part.seconds, 0)).toBeCloseTo(1, 1)
  expect(one.megabytes).toBeLessThan(two.megabytes)
})
