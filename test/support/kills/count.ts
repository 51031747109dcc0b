/** What is lost and what is there twice. */
import { createHash } from 'node:crypto'
import type { GraphStore, RingRecord } from '#src/store/store.js'
import type { Receiver } from './receiver.js'
import type { NightResult } from './service.js'

export interface Missed {
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
}

/** What a ring is, whatever it is called. */
const digestOf = ({ score, fdr, members, behaviours, facts }: RingRecord): string =>
  createHash('sha256')
    .update(JSON.stringify([score, fdr, behaviours, members, facts.map(({ sentence }) => sentence)]))
    .digest('hex')
    .slice(0, 16)

export const missed = (expected: Iterable<string>, found: Iterable<string>): Missed => {
  const left = new Map<string, number>()
  for (const each of expected) left.set(each, (left.get(each) ?? 0) + 1)
  const doubled: string[] = []
  for (const each of found) {
    const count = left.get(each) ?? 0
    if (count === 0) doubled.push(each)
    else left.set(each, count - 1)
  }
  return { lost: [...left].flatMap(([each, count]) => Array<string>(count).fill(each)), doubled }
}

export const together = (parts: readonly Missed[]): Missed => ({
  lost: parts.flatMap(({ lost }) => lost),
  doubled: parts.flatMap(({ doubled }) => doubled),
})

export const interactionsIn = async (store: GraphStore): Promise<readonly string[]> => {
  const ids: string[] = []
  await store.readPart(
    { asOf: null, among: null },
    {
      entities: async () => {},
      interactions: async (batch) => {
        for (const { type, id } of batch) ids.push(`${type} ${id}`)
      },
    },
  )
  return ids
}

/** Rings by night, and events of rings without their ids. */
export const ringsOf = async (store: GraphStore, nights: readonly NightResult[]): Promise<readonly string[]> => {
  const all: string[] = []
  for (const [night, { ids }] of nights.entries()) {
    const found = await store.readRun(ids.run)
    for (const ring of found?.rings ?? []) all.push(`${night} ring ${digestOf(ring)}`)
    for (const { event, accounts, overlap } of await store.readRunEvents(ids.run))
      all.push(`${night} event ${event} ${accounts} ${overlap}`)
  }
  return all
}

/** What is to be told once, and no more: by what it is about. */
const toldOnce = (body: string): string => {
  const { type, data } = JSON.parse(body)
  return type.startsWith('ring.')
    ? `${type} ${data.run} ${data.ring} ${data.other ?? ''}`
    : `${type} ${data.run ?? data.job}`
}

export const webhooksOf = async (
  store: GraphStore,
  nights: readonly NightResult[],
  failures: readonly string[],
  got: Receiver['got'],
): Promise<Missed> => {
  const expected = [...failures]
  for (const { job, ids } of nights) {
    expected.push(`job.done ${job}`, `run.published ${ids.run}`)
    for (const { event, ring, other } of await store.readRunEvents(ids.run))
      expected.push(`ring.${event} ${ids.run} ${ring} ${other ?? ''}`)
  }
  // Several attempts under one id are one message; another body under it is another.
  return missed(
    expected,
    [...got.values()].flatMap((bodies) => [...bodies].map(toldOnce)),
  )
}
