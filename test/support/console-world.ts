/** A store with what a console must bear: a ring too large to draw whole, one without times and with hostile names, and one that was merged away. */
import type { InteractionRecord, RingRecord, RunWithRings } from '#src/store/store.js'
import { batchOf } from './batches.js'
import { runRecord } from './runs.js'
import { openWorld, type World } from './service.js'

export const BIG = 'r-big'
export const ODD = 'r-odd'
export const MERGED = 'r-merged'

export const BIG_MEMBERS = 2400
const BIG_VIDEOS = 60
const LIKES_EACH = 5

export const oddNames = {
  markup: '<img src=x onerror="window.harmed=1">',
  rightToLeft: 'حساب-مستخدم-١٢',
  long: `long-${'x'.repeat(495)}`,
  emoji: '👩‍👩‍👧‍👦🏳️‍🌈 ring',
} as const

const start = Date.UTC(2026, 0, 10)

const like = (id: string, actor: string, target: string, at: number | null) => ({
  id,
  type: 'like' as const,
  actor,
  target,
  ...(at === null ? {} : { at: new Date(at).toISOString() }),
})

const factOf = (
  sentence: string,
  observed: number,
  interactions: readonly Pick<InteractionRecord, 'type' | 'id'>[],
): RingRecord['facts'][number] => ({
  code: 'lockstep.shared-targets',
  sentence,
  observed,
  expected: 0.02,
  unit: 'likes',
  interactionCount: interactions.length,
  interactions,
  count: null,
  digests: [],
})

/** Members by the bytes of their names, as rings keep them. */
const inOrder = (members: RingRecord['members']): RingRecord['members'] =>
  [...members].sort((a, b) => Buffer.compare(Buffer.from(`${a.kind}:${a.id}`), Buffer.from(`${b.kind}:${b.id}`)))

export interface ConsoleWorld extends World {
  readonly firstRun: string
}

export const openConsoleWorld = async (): Promise<ConsoleWorld> => {
  const world = await openWorld(20_000, true)
  const { store } = world
  const big = Array.from({ length: BIG_MEMBERS }, (_, i) => `user:big-${i}`)
  const bigLikes = big.flatMap((user, i) =>
    Array.from({ length: LIKES_EACH }, (_, j) =>
      like(`big-${i}-${j}`, user, `video:big-v${(i * 7 + j * 13) % BIG_VIDEOS}`, start + j * 86_400_000 + i * 1000),
    ),
  )
  const odd = Object.values(oddNames).map((name) => `user:${name}`)
  const oddLikes = odd.flatMap((user, i) => [0, 1, 2].map((j) => like(`odd-${i}-${j}`, user, `video:odd-v${j}`, null)))
  await store.writeBatch(batchOf([...bigLikes, ...oddLikes]))
  const first = (await store.readRun(null)) as RunWithRings
  const base = {
    types: ['like' as const],
    markets: [''],
    scenarios: ['content' as const],
    detectors: ['lockstep'],
    behaviours: ['lockstep' as const],
  }
  const refs = (likes: readonly { readonly id: string }[]) => likes.map(({ id }) => ({ type: 'like' as const, id }))
  const rings: RingRecord[] = [
    {
      ...base,
      id: BIG,
      score: 90,
      fdr: 1e-9,
      window: { from: start, to: start + 5 * 86_400_000 },
      members: inOrder(
        big.map((name, i) => ({
          kind: 'user',
          id: name.slice(5),
          role: i < 20 ? 'core' : 'amplifier',
          score: 1 - i / (2 * BIG_MEMBERS),
        })),
      ),
      facts: [factOf('2,400 accounts liked the same 60 videos in five days.', 300, refs(bigLikes.slice(0, 300)))],
    },
    {
      ...base,
      id: ODD,
      score: 14,
      fdr: 0.031,
      window: null,
      members: inOrder(odd.map((name) => ({ kind: 'user', id: name.slice(5), role: 'core', score: 1 }))),
      facts: [factOf(`user:${oddNames.markup} and three others liked the same 3 videos.`, 12, refs(oddLikes))],
    },
  ]
  const finishedAt = new Date(Date.parse(first.run.finishedAt) + 60_000).toISOString()
  await store.saveRun(
    {
      run: runRecord('second', {
        finishedAt,
        baseRun: first.run.id,
        counts: { ...first.run.counts, rings: first.rings.length + 2 },
      }),
      rings: [...first.rings, ...rings].sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)),
    },
    {
      events: [
        { ring: BIG, event: 'born', overlap: null, accounts: BIG_MEMBERS, other: null },
        { ring: ODD, event: 'born', overlap: null, accounts: 4, other: null },
        { ring: MERGED, event: 'merged', overlap: 0.6, accounts: 12, other: BIG },
      ],
      dormant: [],
    },
  )
  return { ...world, firstRun: first.run.id }
}

/** Until the graph of the latest run is there too, which readiness does not wait for. */
export const untilLoaded = async (address: string): Promise<void> => {
  for (;;) {
    const ready = (await (await fetch(`${address}/health/ready`)).json()) as { readonly graph?: string }
    if (ready.graph === 'loaded') return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
