/** Every fact of every detector counts again to what it says, from the very interactions that it shows. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Value } from 'typebox/value'
import type { Candidate } from '#src/detectors/detector.js'
import { detectors } from '#src/detectors/registry.js'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { recount } from '#src/graph/fact-count.js'
import { interactionsAt } from '#src/graph/interactions-at.js'
import { relationOf, type Snapshot } from '#src/graph/snapshot.js'
import { openWorld, type World } from '../../support/service.js'

/** In a world of one size not every behaviour is strong enough to be named. */
const USUAL = 60_000
const SIZES: Readonly<Record<string, number>> = { coattail: 70_000 }

const worlds: World[] = []
const snapshots = new Map<number, Snapshot>()

beforeAll(async () => {
  for (const size of new Set([USUAL, ...Object.values(SIZES)])) {
    const world = await openWorld(size)
    worlds.push(world)
    snapshots.set(size, buildSnapshot(await world.store.readGraph(null)))
  }
})
afterAll(async () => {
  for (const world of worlds) await world.close()
})

/** What the facts say and what their interactions give, side by side. */
const countsOf = (snapshot: Snapshot, candidates: readonly Candidate[]) =>
  candidates.flatMap(({ facts }) =>
    facts.map(({ code, sentence, observed, count, shows }) => {
      const shown = shows.flatMap(({ type, edges }) => interactionsAt(relationOf(snapshot, type)!, edges))
      return { code, sentence, said: observed, given: recount(count, shown) }
    }),
  )

test.each(detectors.map((detector) => [detector.id, detector] as const))('%s', (_, detector) => {
  const snapshot = snapshots.get(SIZES[detector.id] ?? USUAL)!
  const parameters = Value.Create(detector.parameters) as Record<string, unknown>
  const context = { snapshot, seed: 1, progress: () => {}, checkCancelled: () => {} }
  const { candidates } = detector.run(context, parameters)
  expect(candidates.length).toBeGreaterThan(0)
  const counts = countsOf(snapshot, candidates)
  expect(counts.length).toBeGreaterThanOrEqual(candidates.length)
  expect(counts.filter(({ said, given }) => said !== given)).toEqual([])
})
