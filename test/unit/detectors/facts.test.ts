/** Every fact of every detector counts again to what it says, from the very interactions that it shows. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Value } from 'typebox/value'
import type { Candidate } from '#src/detectors/detector.js'
import { detectors } from '#src/detectors/registry.js'
import { recount } from '#src/graph/fact-count.js'
import { interactionsAt } from '#src/graph/interactions-at.js'
import { relationOf, type Snapshot } from '#src/graph/snapshot.js'
import { defaultDetectParameters, runDetect } from '#src/jobs/detect.js'
import { openWorld, type World } from '../../support/service.js'

let world: World
let snapshot: Snapshot

beforeAll(async () => {
  world = await openWorld(60_000)
  const parameters = { ...defaultDetectParameters(), detectors: ['sybil'] }
  snapshot = (await runDetect(world.store, parameters, { mode: 'dry-run' })).snapshot
})
afterAll(() => world.close())

/** What the facts say and what their interactions give, side by side. */
const countsOf = (candidates: readonly Candidate[]) =>
  candidates.flatMap(({ facts }) =>
    facts.map(({ code, sentence, observed, count, shows }) => {
      const shown = shows.flatMap(({ type, edges }) => interactionsAt(relationOf(snapshot, type)!, edges))
      return { code, sentence, said: observed, given: recount(count, shown) }
    }),
  )

test.each(detectors.map((detector) => [detector.id, detector] as const))('%s', (_, detector) => {
  const parameters = Value.Create(detector.parameters) as Record<string, unknown>
  const context = { snapshot, seed: 1, progress: () => {}, checkCancelled: () => {} }
  const { candidates } = detector.run(context, parameters)
  expect(candidates.length).toBeGreaterThan(0)
  const counts = countsOf(candidates)
  expect(counts.length).toBeGreaterThanOrEqual(candidates.length)
  expect(counts.filter(({ said, given }) => said !== given)).toEqual([])
})
