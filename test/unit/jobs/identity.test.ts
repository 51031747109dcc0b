/** Rings keep their ids from run to run: on the same data, and when some of the nodes change. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { defaultDetectParameters, runDetect } from '#src/jobs/detect.js'
import { verifyRing } from '#src/rings/verify.js'
import { recordBatches } from '#src/simulate/output.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'
import { openStore } from '#src/store/open.js'
import type { GraphStore, RunWithRings } from '#src/store/store.js'
import { batchOf } from '../../support/batches.js'

const folder = mkdtempSync(join(tmpdir(), 'ringfence-identity-'))
const parameters = defaultDetectParameters()
let store: GraphStore
let first: RunWithRings

beforeAll(async () => {
  store = await openStore(join(folder, 'store.duckdb'))
  for (const batch of recordBatches(new Simulation(defaultSimulation(20_000)))) await store.writeBatch(batch)
  const { run, rings } = await runDetect(store, parameters, { mode: 'write' })
  first = { run, rings }
})

afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

test('the first run has no base and bears every ring', async () => {
  expect(first.run.baseRun).toBeNull()
  for (const { id, members } of first.rings)
    expect(await store.readHistory(id)).toEqual([
      {
        run: first.run.id,
        at: first.run.finishedAt,
        ring: id,
        event: 'born',
        overlap: null,
        accounts: members.filter(({ role }) => role !== 'beneficiary').length,
        other: null,
      },
    ])
})

test('every fact of every ring is counted again to what it says', async () => {
  for (const ring of first.rings) {
    const { holds, facts } = await verifyRing(store, first.run.id, ring)
    expect(facts.filter(({ state }) => !state.startsWith('holds'))).toEqual([])
    expect(holds).toBe(true)
  }
})

test('on the same data the rings are the same bytes, and a dry run tells so without a trace', async () => {
  const again = await runDetect(store, parameters, { mode: 'dry-run' })
  expect(again.run.baseRun).toBe(first.run.id)
  expect(JSON.stringify(again.rings)).toBe(JSON.stringify(first.rings))
  expect(again.lineage).toEqual({ events: [], dormant: [] })
  expect((await store.readMemory(null))!.run.id).toBe(first.run.id)
})

test('a run of other detectors misses none of the rings that it did not look for', async () => {
  const { lineage, rings } = await runDetect(store, { ...parameters, detectors: ['sybil'] }, { mode: 'dry-run' })
  const kept = new Set(first.rings.map(({ id }) => id))
  expect(rings.length).toBeGreaterThan(0)
  for (const { id, detectors } of rings) if (detectors.includes('sybil')) expect(kept).toContain(id)
  const ofOthers = first.rings.filter(({ detectors }) => !detectors.includes('sybil'))
  expect(ofOthers.length).toBeGreaterThan(0)
  const missed = new Set(lineage.events.filter(({ event }) => event === 'dormant').map(({ ring }) => ring))
  for (const { id } of ofOthers) expect(missed).not.toContain(id)
})

/** `users` accounts with two phones of their own each, and rings of ten to nineteen accounts on a few devices and cards. */
const platform = (users: number, rings: number, name: (entity: string) => string) => {
  const uses = (user: string, identifier: string) => ({
    id: `${user}-${identifier}`,
    type: 'uses' as const,
    actor: name(`user:${user}`),
    target: name(identifier),
  })
  const organic = Array.from({ length: users }, (_, u) => [
    uses(`u${u}`, `device:d${u}`),
    uses(`u${u}`, `device:e${u}`),
  ])
  const organized = Array.from({ length: rings }, (_, ring) =>
    Array.from({ length: 10 + (ring % 10) }, (__, k) => [
      uses(`r${ring}-${k}`, `device:r${ring}-${k % 3}`),
      uses(`r${ring}-${k}`, `device:r${ring}-${(k + 1) % 3}`),
      uses(`r${ring}-${k}`, `payment:r${ring}-${k % 2}`),
    ]).flat(),
  )
  return batchOf([...organic.flat(), ...organized.flat()])
}

/** A share of all entities, told by a hash of their name, are others: each under a name of its own. */
const renaming =
  (share: number) =>
  (name: string): string => {
    const hash = createHash('sha256').update(name).digest().readUInt32LE()
    return hash < share * 2 ** 32 ? `${name}-other` : name
  }

test('when 1.5 % of the nodes change, at least 95 % of the rings keep their id', async () => {
  const one = await openStore(join(folder, 'one.duckdb'))
  const two = await openStore(join(folder, 'two.duckdb'))
  try {
    const sybil = { ...parameters, detectors: ['sybil'] }
    await one.writeBatch(platform(2000, 60, (name) => name))
    await two.writeBatch(platform(2000, 60, renaming(0.015)))
    const before = await runDetect(one, sybil, { mode: 'write' })
    await two.saveRun(before)
    const after = await runDetect(two, sybil, { mode: 'write' })
    expect(after.run.baseRun).toBe(before.run.id)
    expect(before.rings.length).toBeGreaterThanOrEqual(50)
    const ids = new Set(after.rings.map(({ id }) => id))
    const kept = before.rings.filter(({ id }) => ids.has(id))
    expect(kept.length).toBeGreaterThanOrEqual(0.95 * before.rings.length)
    // The change is real: rings lost members and gained others.
    const told = (kind: string) => after.lineage.events.filter(({ event }) => event === kind).length
    expect(told('grown')).toBeGreaterThan(3)
    expect(told('shrunk')).toBeGreaterThan(3)
    expect(await two.readHistory(after.rings[0]!.id)).toEqual(
      after.lineage.events
        .filter(({ ring }) => ring === after.rings[0]!.id)
        .map((event) => ({ ...event, run: after.run.id, at: after.run.finishedAt })),
    )
  } finally {
    await one.close()
    await two.close()
  }
})
