import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { defaultDetectParameters, estimateDetect, runDetect } from '#src/jobs/detect.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { openStore } from '#src/store/open.js'
import type { GraphStore, RingRecord } from '#src/store/store.js'

const folder = mkdtempSync(join(tmpdir(), 'ringfence-detect-'))
let store: GraphStore

beforeAll(async () => {
  store = await openStore(join(folder, 'store.duckdb'))
  for (const batch of recordBatches(new Simulation(defaultSimulation(60_000)))) await store.writeBatch(batch)
})

afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const parameters = defaultDetectParameters()
const bytes = (rings: readonly RingRecord[]): string => JSON.stringify(rings)

test('one worker and four give the same rings, byte for byte, and a dry run writes nothing', async () => {
  const one = await runDetect(store, { ...parameters, workers: 1 }, { mode: 'dry-run' })
  const four = await runDetect(store, { ...parameters, workers: 4 }, { mode: 'dry-run' })
  expect(one.rings.length).toBeGreaterThan(0)
  expect(bytes(four.rings)).toBe(bytes(one.rings))
  expect(four.run.stages.map((stage) => stage.name)).toEqual(one.run.stages.map((stage) => stage.name))
  expect(await store.readRun(null)).toBeNull()
})

test('a written run is read back whole, and every fact names interactions that exist and that touch its ring', async () => {
  const { run, rings } = await runDetect(store, parameters, { mode: 'write' })
  const read = await store.readRun(run.id)
  expect(read!.rings).toEqual(rings)
  for (const ring of rings) {
    const members = new Set(ring.members.map((member) => `${member.kind}:${member.id}`))
    for (const fact of ring.facts) {
      const interactions = await store.readInteractions(fact.interactions)
      expect(interactions).toHaveLength(fact.interactions.length)
      for (const { actor } of interactions) expect(members).toContain(`${actor.kind}:${actor.id}`)
    }
  }
})

test('an as-of in the middle sees only what was known then', async () => {
  const all = await store.readGraph(null)
  const times = all.at.filter((at) => !Number.isNaN(at)).sort()
  const middle = times[times.length >> 1]!
  const { run, snapshot } = await runDetect(store, { ...parameters, asOf: middle }, { mode: 'dry-run' })
  expect(run.counts.interactions).toBe(all.at.filter((at) => !(at > middle)).length)
  for (const relation of snapshot.relations) for (const at of relation.at) expect(at > middle).toBe(false)
})

test('a job that cannot fit is refused before it starts, with what it would need', async () => {
  const { megabytes } = await estimateDetect(store, parameters)
  const refused = runDetect(store, { ...parameters, memoryLimitMb: megabytes - 1 }, { mode: 'dry-run' })
  await expect(refused).rejects.toMatchObject({
    code: 'job.memory',
    detail: expect.stringContaining(`${megabytes} MB`),
  })
})

test.each(['read', 'lockstep', 'sybil'])(
  'a cancel during %s ends the job and leaves the store as it was',
  async (stage) => {
    const abort = new AbortController()
    const before = (await store.listRuns(10)).length
    const job = runDetect(
      store,
      { ...parameters, full: true },
      {
        mode: 'write',
        signal: abort.signal,
        progress: (progress) => {
          if (progress.stage.startsWith(stage)) abort.abort()
        },
      },
    )
    await expect(job).rejects.toMatchObject({ code: 'job.cancelled' })
    expect(await store.listRuns(10)).toHaveLength(before)
  },
)

test('a wrong detector or parameter is named', async () => {
  await expect(estimateDetect(store, { ...parameters, detectors: ['lockstepp'] })).rejects.toMatchObject({
    code: 'detector.unknown',
  })
  await expect(
    estimateDetect(store, { ...parameters, settings: { lockstep: { minMembers: 1 } } }),
  ).rejects.toMatchObject({
    code: 'detector.parameter',
    detail: expect.stringContaining('minMembers'),
  })
})
