import { describe, expect, test } from '@jest/globals'
import { entityKindNames, interactionTypeNames, scenarioNames } from '#graph-schema/schema.js'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { entityName, relationOf, type Snapshot } from '#src/graph/snapshot.js'
import { snapshotDigest } from '#src/graph/snapshot-digest.js'
import { Random } from '#src/kernels/random.js'
import { batchOf, type EntityInput, type InteractionInput } from '../support/batches.js'
import { snapshotFrom } from '../support/raw-graph.js'
import type { OpenStore } from './store-contract.js'
import { withStore } from './with-store.js'

const namesOf = (snapshot: Snapshot): string[] =>
  Array.from({ length: snapshot.entities.count }, (_, index) => entityName(snapshot, index))

/** Attributes of interactions of any type; only the first three are fingerprints, only on `publish`, and the next five ratings, on `review`. */
const published: readonly Readonly<Record<string, unknown>>[] = [
  { fingerprint: '00ff00ff80ff0001' },
  { fingerprint: 'ffffffffffffffff', other: 'x' },
  { a: { fingerprint: '1111111111111111' }, fingerprint: '0123456789abcdef' },
  { rating: 1 },
  { rating: 5, note: 'x' },
  { a: { rating: 2 }, rating: 3 },
  { rating: 3.5 },
  { rating: 2.49 },
  { a: { rating: 4 } },
  { rating: '4' },
  { rating: 0 },
  { rating: 5.1 },
  { rating: true },
  { rating: null },
  { note: '"rating":4' },
  { a: { fingerprint: '1111111111111111' } },
  { note: '"fingerprint":"2222222222222222"' },
  { fingerprint: 'TOO SHORT' },
]

/** Records of every type, with unknown times and markets, parallel interactions and entities without any. */
const randomRecords = (seed: number, count: number) => {
  const source = new Random(seed)
  const random = () => source.float()
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const entity = () => `${pick(entityKindNames)}:${pick(['e', 'é', '日', 'id-'])}${Math.floor(random() * 40)}`
  const interactions = Array.from({ length: count }, (_, i): InteractionInput => {
    const market = pick(['', 'US', 'ID', 'é'])
    return {
      id: `i${i}`,
      type: pick(interactionTypeNames),
      actor: entity(),
      target: entity(),
      at: random() < 0.2 ? null : Math.floor(random() * 50),
      scenario: pick(scenarioNames),
      weight: pick([0, 1, 0.1, 2.5]),
      ...(market === '' ? {} : { market }),
      ...(random() < 0.5 ? {} : { attributes: pick(published) }),
    }
  })
  const entities = Array.from({ length: count >> 2 }, (): EntityInput => {
    const at = random() < 0.5 ? {} : { at: Math.floor(random() * 50) }
    return { entity: entity(), ...at }
  })
  return { interactions, entities, random }
}

const shuffled = <T>(items: readonly T[], random: () => number): T[] => {
  const copy = [...items]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const held = copy[i]!
    copy[i] = copy[j]!
    copy[j] = held
  }
  return copy
}

export const describeSnapshots = (open: OpenStore): void => {
  describe('readGraph', () => {
    test(
      'an empty store gives an empty graph',
      withStore(open, async (store) => {
        expect(snapshotDigest(buildSnapshot(await store.readGraph(null)))).toBe(snapshotDigest(snapshotFrom([])))
      }),
    )

    test('gives the same snapshot bytes as the records themselves, in any order and any batches, at any time', async () => {
      const { interactions, entities, random } = randomRecords(11, 400)
      for (const batchSize of [1000, 97]) {
        const store = await open({ empty: true })
        try {
          const lines = shuffled(interactions, random)
          const facts = shuffled(entities, random)
          while (lines.length + facts.length > 0)
            await store.writeBatch(batchOf(lines.splice(0, batchSize), facts.splice(0, batchSize >> 1)))
          for (const asOf of [null, 0, 24, 1000]) {
            const knownAt = ({ at }: { readonly at?: number | string | null }) =>
              asOf === null || at === null || at === undefined || Number(at) <= asOf
            // An entity is known since its latest record.
            const since = new Map<string, number | undefined>()
            for (const { entity, at } of entities) since.set(entity, Math.max(since.get(entity) ?? -1, at ?? -1))
            const declared = [...since].filter(([, at]) => asOf === null || at! <= asOf).map(([entity]) => entity)
            const expected = snapshotFrom(interactions.filter(knownAt), { declared, asOf })
            expect(snapshotDigest(buildSnapshot(await store.readGraph(asOf)))).toBe(snapshotDigest(expected))
          }
        } finally {
          await store.close()
        }
      }
    })

    test(
      'reads only what was known at a time, that moment included, and what has no time',
      withStore(open, async (store) => {
        await store.writeBatch(
          batchOf(
            [
              { id: '1', type: 'like', actor: 'user:a', target: 'video:early', at: 100 },
              { id: '2', type: 'like', actor: 'user:b', target: 'video:late', at: 101 },
              { id: '3', type: 'like', actor: 'user:c', target: 'video:unknown' },
            ],
            [{ entity: 'user:x', at: 100 }, { entity: 'user:y', at: 101 }, { entity: 'user:z' }],
          ),
        )
        const at100 = buildSnapshot(await store.readGraph(100))
        expect(at100.asOf).toBe(100)
        expect(namesOf(at100)).toEqual(['user:a', 'user:c', 'user:x', 'user:z', 'video:early', 'video:unknown'])
        expect([...relationOf(at100, 'like')!.at]).toEqual([100, Number.NaN])
        expect(namesOf(buildSnapshot(await store.readGraph(99)))).toEqual(['user:c', 'user:z', 'video:unknown'])
        expect(buildSnapshot(await store.readGraph(null)).entities.count).toBe(9)
      }),
    )

    test(
      'a market that only later interactions name leaves no trace',
      withStore(open, async (store) => {
        await store.writeBatch(
          batchOf([
            { id: '1', type: 'like', actor: 'user:a', target: 'video:v', at: 1, market: 'US' },
            { id: '2', type: 'like', actor: 'user:a', target: 'video:v', at: 2, market: 'ID' },
          ]),
        )
        expect(buildSnapshot(await store.readGraph(1)).markets).toEqual(['', 'US'])
      }),
    )

    test(
      'sees whole batches only, while others write',
      withStore(open, async (store) => {
        const batches = Array.from({ length: 8 }, (_, b) =>
          batchOf(
            Array.from(
              { length: 50 },
              (_, i): InteractionInput => ({
                id: `${b}-${i}`,
                type: 'view',
                actor: `user:${b}-${i}`,
                target: 'video:v',
              }),
            ),
          ),
        )
        const writing = Promise.all(
          batches.map(async (batch) => {
            const result = await store.writeBatch(batch)
            await store.checkpoint()
            return result
          }),
        )
        let done = false
        void writing.then(() => {
          done = true
        })
        let reads = 0
        while (!done) {
          const raw = await store.readGraph(null)
          expect(raw.count % 50).toBe(0)
          const snapshot = buildSnapshot(raw)
          expect(snapshot.entities.count).toBe(raw.count === 0 ? 0 : raw.count + 1)
          reads++
        }
        expect(reads).toBeGreaterThan(0)
        expect((await writing).map(({ accepted }) => accepted)).toEqual(batches.map(() => 50))
        expect(await store.counts()).toEqual({ entities: 401, interactions: 400 })
      }),
    )

    test(
      'stops when the progress call throws, and the store goes on',
      withStore(open, async (store) => {
        await store.writeBatch(batchOf([{ id: '1', type: 'like', actor: 'user:a', target: 'video:v' }]))
        const stop = new Error('stop')
        await expect(
          store.readGraph(null, () => {
            throw stop
          }),
        ).rejects.toBe(stop)
        const shares: number[] = []
        await store.readGraph(null, (done) => shares.push(done))
        expect(shares.at(-1)).toBe(1)
        expect(await store.counts()).toEqual({ entities: 2, interactions: 1 })
      }),
    )
  })
}
