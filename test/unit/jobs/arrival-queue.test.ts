import { expect, test } from '@jest/globals'
import { ArrivalQueue, MOST_REPAIRED } from '#src/jobs/arrival-queue.js'
import { Random } from '#src/kernels/random.js'
import type { RecordBatch } from '#src/store/record-batch.js'

const batch = (count: number, name = 'l'): RecordBatch => ({
  interactions: Buffer.from(Array.from({ length: count }, (_, i) => `${name}${i}\n`).join('')),
  interactionCount: count,
  entities: new Uint8Array(0),
  entityCount: 0,
})
const result = (accepted: number, duplicates = 0) => ({ accepted, duplicates, conflicts: [], entities: 0 })
const taking = (taken: string[]) => async (lines: Uint8Array) => {
  const own = Buffer.from(lines).toString().trimEnd().split('\n')
  taken.push(...own)
  return { taken: own.length, left: 0 }
}

test('of what came while a graph was read, what the graph has is dropped and the rest is taken in, in order', async () => {
  const random = new Random(1)
  for (let round = 0; round < 50; round++) {
    const queue = new ArrivalQueue()
    const before = random.below(1000)
    const sizes = Array.from({ length: random.below(8) }, () => random.below(300))
    const inGraph = random.below(sizes.length + 1)
    const sum = (all: readonly number[]): number => all.reduce((total, each) => total + each, 0)
    for (const [at, size] of sizes.entries()) queue.push(batch(size, `${at} `), result(size))
    await queue.begin(before + sum(sizes.slice(0, inGraph)), async () => before + sum(sizes))
    const taken: string[] = []
    await queue.drain(taking(taken))
    const wanted = sizes.flatMap((size, at) =>
      at < inGraph ? [] : Array.from({ length: size }, (_, i) => `${at} ${i}`),
    )
    expect(taken).toEqual(wanted)
    expect([queue.repaired, queue.waiting]).toEqual([wanted.length, 0])
    queue.compare(before + sum(sizes) + 7)
    expect(queue.waiting).toBe(7)
  }
})

test('where others wrote too, nothing is guessed', async () => {
  const queue = new ArrivalQueue()
  queue.push(batch(10), result(10))
  queue.push(batch(10), result(10))
  await queue.begin(105, async () => 120)
  const taken: string[] = []
  await queue.drain(taking(taken))
  expect(taken).toEqual([])
  expect([queue.waiting, queue.stuck]).toEqual([15, 15])
})

test('what is known in part, fails or goes beyond the bound waits, and the rest is taken in', async () => {
  const queue = new ArrivalQueue()
  await queue.begin(0, async () => 0)
  queue.push(batch(10), result(6, 4))
  queue.push(batch(5), result(5))
  queue.push(batch(MOST_REPAIRED - 4), result(MOST_REPAIRED - 4))
  const taken: string[] = []
  await queue.drain(taking(taken))
  expect(taken).toHaveLength(5)
  expect(queue.waiting).toBe(6 + MOST_REPAIRED - 4)
  queue.push(batch(3), result(3))
  await expect(queue.drain(() => Promise.reject(new Error('the thread is gone')))).rejects.toThrow('gone')
  expect([queue.repaired, queue.stuck]).toEqual([5, 6 + MOST_REPAIRED - 4 + 3])
})
