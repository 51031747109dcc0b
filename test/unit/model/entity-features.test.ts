/** Features of one entity at a time are those of the tables, and without one neighbour those of a graph that never had the two meet. */
import { expect, test } from '@jest/globals'
import { entityName, findEntity, kindOf, type Snapshot } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import type { KnownLabels } from '#src/model/features/known-labels.js'
import { EntityFeatures, followsChanges } from '#src/model/features/product/entity-features.js'
import { productFeatures } from '#src/model/features/product/product-features.js'
import { clockOf } from '#src/model/features/product/rhythm.js'
import { type ScoredKind, scoredKinds } from '#src/model/features/product/sides.js'
import type { RunRecord, RunWithRings } from '#src/store/store.js'
import { snapshotFrom, splitName } from '../../support/raw-graph.js'
import { world } from './small-world.js'

const run = { id: 'r1', asOf: null } as RunRecord

const ringOf = (id: string, members: readonly (readonly [string, string, number])[], fdr: number, score: number) => ({
  id,
  score,
  fdr,
  behaviours: ['lockstep'],
  detectors: ['lockstep'],
  window: null,
  types: [],
  markets: [],
  scenarios: [],
  facts: [],
  members: members.map(([name, role, strength]) => ({ ...splitName(name), role, score: strength })),
})

const rings: RunWithRings = {
  run,
  rings: [
    ringOf(
      'ring1',
      [
        ['user:u1', 'core', 0.9],
        ['user:u2', 'mule', 0.5],
        ['video:v3', 'beneficiary', 0.7],
      ],
      0.01,
      40,
    ),
    ringOf(
      'ring2',
      [
        ['user:u1', 'amplifier', 0.4],
        ['creator:c2', 'core', 1],
      ],
      0.04,
      12,
    ),
  ],
} as unknown as RunWithRings

/** Labels by name, so that they mean the same in another snapshot of the same entities. */
const labelsOf = (snapshot: Snapshot, folds: boolean): KnownLabels => {
  const numbers = Array.from({ length: snapshot.entities.count }, (_, v) =>
    new Random([...entityName(snapshot, v)].reduce((hash, c) => (hash * 31 + c.charCodeAt(0)) % 100_003, 7)).below(8),
  )
  return {
    label: Int8Array.from(numbers, (x) => (x < 2 ? x : -1)),
    fold: folds ? Uint8Array.from(numbers, (x) => x % 3) : null,
  }
}

const rowsOf = (snapshot: Snapshot, labels: KnownLabels | null, ringRun: RunWithRings | null) => {
  const tables = new Map(
    productFeatures({ snapshot, rings: ringRun, labels, seed: 1 }).map((table) => [table.kind, table]),
  )
  return (entity: number): readonly number[] => {
    const { from, matrix } = tables.get(kindOf(snapshot, entity) as ScoredKind)!
    return matrix.columns.map((column) => column[entity - from]!)
  }
}

const scored = (snapshot: Snapshot): number[] =>
  Array.from({ length: snapshot.entities.count }, (_, v) => v).filter((v) =>
    (scoredKinds as readonly string[]).includes(kindOf(snapshot, v)),
  )

test.each([true, false, null])('every entity alone has the features of the tables (labels in folds: %s)', (folds) => {
  const snapshot = snapshotFrom(world())
  const labels = folds === null ? null : labelsOf(snapshot, folds)
  const rowOf = rowsOf(snapshot, labels, rings)
  const features = new EntityFeatures({ snapshot, rings, labels, seed: 1 })
  const entities = scored(snapshot)
  expect(entities.length).toBeGreaterThan(100)
  for (const entity of entities) {
    const expected = rowOf(entity)
    const names = features.names.get(kindOf(snapshot, entity) as ScoredKind)!
    const row = features.row(entity)
    const wrong = names.filter((_, j) => !Object.is(row[j], expected[j]))
    expect({ entity: entityName(snapshot, entity), wrong }).toEqual({ entity: entityName(snapshot, entity), wrong: [] })
  }
})

test('without one neighbour an entity has the features of a graph in which the two never met, and nothing is left changed', () => {
  const lines = world(900)
  const snapshot = snapshotFrom(lines)
  const labels = labelsOf(snapshot, true)
  const features = new EntityFeatures({ snapshot, rings, labels, seed: 1 })
  const random = new Random(9)
  const entities = scored(snapshot)
  let compared = 0
  let moved = 0
  for (let tries = 0; tries < 60 && compared < 14; tries++) {
    const entity = entities[random.below(entities.length)]!
    const neighbours = features.neighbours(entity)
    if (neighbours.length < 2) continue
    const other = neighbours[random.below(neighbours.length)]!
    const [a, b] = [entityName(snapshot, entity), entityName(snapshot, other)]
    const apart = snapshotFrom(
      lines.filter(({ actor, target }) => !((actor === a && target === b) || (actor === b && target === a))),
    )
    // The clock and the night of the data are not the entity's own: only pairs that do not move them are compared.
    if (apart.entities.count !== snapshot.entities.count) continue
    expect(findEntity(apart, splitName(a).kind, splitName(a).id)).toBe(entity)
    const [then, now] = [clockOf(apart), clockOf(snapshot)]
    if (then.start !== now.start || then.now !== now.now || Buffer.compare(then.night, now.night) !== 0) continue
    const before = features.row(entity)
    const without = features.row(entity, { without: 'entity', entity: other })
    const expected = rowsOf(apart, labels, rings)(entity)
    const names = features.names.get(kindOf(snapshot, entity) as ScoredKind)!
    const wrong = names.filter((name, j) => followsChanges(name) && !Object.is(without[j], expected[j]))
    expect({ a, b, wrong }).toEqual({ a, b, wrong: [] })
    moved += names.filter((name, j) => followsChanges(name) && !Object.is(without[j], before[j])).length
    expect(features.row(entity)).toEqual(before)
    compared++
  }
  expect(compared).toBe(14)
  expect(moved).toBeGreaterThan(14 * 10)
})

test('without one ring an entity has the features of a run that did not name the ring', () => {
  const snapshot = snapshotFrom(world(600))
  const features = new EntityFeatures({ snapshot, rings, labels: null, seed: 1 })
  const entity = findEntity(snapshot, 'user', 'u1')
  const fewer = { ...rings, rings: rings.rings.filter(({ id }) => id !== 'ring1') }
  const without = features.row(entity, { without: 'ring', ring: 'ring1' })
  expect([...without]).toEqual([...rowsOf(snapshot, null, fewer)(entity)])
  expect([...without]).not.toEqual([...features.row(entity)])
  expect(features.belongings(entity).map(({ ring }) => ring.id)).toEqual(['ring1', 'ring2'])
})
