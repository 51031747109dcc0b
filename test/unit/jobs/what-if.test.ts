import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { runDetect } from '#src/jobs/detect.js'
import { type GivenParameters, resolveParameters } from '#src/jobs/detect-parameters.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { openStore } from '#src/store/open.js'
import type { GraphStore, RunWithRings } from '#src/store/store.js'

const folder = mkdtempSync(join(tmpdir(), 'ringfence-what-if-'))
const nothing = { entities: [], types: [] }
let store: GraphStore
let base: RunWithRings

const whatIf = async (given: GivenParameters) =>
  runDetect(store, await resolveParameters(store, { whatIf: nothing, ...given }), { mode: 'dry-run' })

beforeAll(async () => {
  store = await openStore(join(folder, 'store.duckdb'))
  for (const batch of recordBatches(new Simulation({ ...defaultSimulation(20_000), difficulties: ['easy'] })))
    await store.writeBatch(batch)
})

afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

test('without a run there is nothing to compare with', async () => {
  await expect(resolveParameters(store, { whatIf: nothing })).rejects.toMatchObject({ code: 'run.none' })
})

test('nothing left out is no difference, with the parameters of the latest run and not the usual ones', async () => {
  const unusual = { fdr: 0.01, detectors: ['lockstep'], settings: { lockstep: { minMembers: 6 } } }
  await runDetect(store, await resolveParameters(store, unusual), { mode: 'write' })
  base = (await store.readRun(null))!
  expect(base.rings.length).toBeGreaterThan(0)
  const { difference, run } = await whatIf({ settings: { lockstep: { reach: 64 } } })
  expect(run.parameters).toMatchObject({ ...unusual, settings: { lockstep: { minMembers: 6, reach: 64 } } })
  expect(difference).toEqual({
    base: base.run.id,
    born: [],
    gone: [],
    changed: [],
    rescored: [],
    same: base.rings.length,
    membersIn: [],
    membersOut: [],
  })
})

test('an account left out is in no ring any more; so are all when all they did is left out', async () => {
  const [ring] = base.rings
  const account = ring!.members.find(({ role }) => role === 'core')!
  const name = `${account.kind}:${account.id}`
  const { difference, rings, run } = await whatIf({ whatIf: { entities: [name], types: [] } })
  expect(difference!.membersOut).toContain(name)
  expect(rings.flatMap(({ members }) => members.map(({ kind, id }) => `${kind}:${id}`))).not.toContain(name)
  expect(run.counts.interactions).toBeLessThan(base.run.counts.interactions)
  expect(run.notes.filter(({ code }) => code.startsWith('what-if'))).toEqual([])

  const types = [...new Set(base.rings.flatMap((each) => each.types))]
  const none = await whatIf({ whatIf: { entities: [], types } })
  expect(none.difference!.gone.map(({ ring: id }) => id)).toEqual(base.rings.map(({ id }) => id).sort())
  expect(none.difference!.same).toBe(0)
})

test('a stricter rate and an earlier time take rings away and bring none', async () => {
  const { difference } = await whatIf({ fdr: 0 })
  expect(difference).toMatchObject({ born: [], changed: [], same: 0 })
  expect(difference!.gone).toHaveLength(base.rings.length)
  const early = await whatIf({ asOf: 0 })
  expect(early.difference!.gone).toHaveLength(base.rings.length)
})

test('it writes nothing, refuses to, and says what came in since', async () => {
  expect(await store.listRuns(10)).toHaveLength(1)
  const parameters = await resolveParameters(store, { whatIf: nothing })
  await expect(runDetect(store, parameters, { mode: 'write' })).rejects.toMatchObject({ code: 'request.invalid' })
  await expect(whatIf({ whatIf: { entities: ['user:nobody'], types: [] } })).rejects.toMatchObject({
    code: 'entity.unknown',
  })
  for (const batch of recordBatches(new Simulation({ ...defaultSimulation(10_000), seed: 2 })))
    await store.writeBatch(batch)
  const { run } = await whatIf({})
  expect(run.notes.map(({ code }) => code)).toContain('what-if.data')
})
