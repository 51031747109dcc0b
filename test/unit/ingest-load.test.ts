import { existsSync, readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { afterAll, describe, expect, test } from '@jest/globals'
import { ingest, ingestExitCode } from '#src/ingest/ingest.js'
import type { BatchResult, RecordBatch } from '#src/store/record-batch.js'
import { MemorySink, Workbench } from './ingest-support.js'

const bench = new Workbench()
afterAll(() => bench.dispose())

/** Batches end with pieces of 1 MB: rows of 1 kB make a piece about a thousand rows. */
const filler = 'f'.repeat(300)
const rows = (count: number, bad: (i: number) => boolean): string =>
  [
    'id,type,actor,target,attributes',
    ...Array.from(
      { length: count },
      (_, i) => `${i}-${filler},like,${bad(i) ? 'nobody' : `user:${filler}`},video:${i % 5}-${filler},`,
    ),
  ].join('\n')

describe('the limit on rejects', () => {
  test('is checked batch by batch: whole batches stay, and a rerun adds what is missing', async () => {
    const sink = new MemorySink()
    const content = rows(10_000, (i) => i < 6000 && i > 5000 && i % 2 === 0)
    const options = { sink, batchRecords: 500, maxRejects: { percent: 1 } }
    const first = await bench.text('records.csv', content, null, options)
    expect(first.outcome).toBe('too-many-rejects')
    expect(ingestExitCode(first)).toBe(4)
    expect(first.accepted).toBe(sink.interactions.size)
    expect(first.read).toBe(first.accepted + first.rejected)
    expect(first.read).toBeGreaterThan(5000)
    expect(first.read).toBeLessThan(9000)
    expect(first.rejects).toHaveLength(first.rejected)
    expect(sink.checkpoints).toBe(1)
    const rest = await bench.text('records.csv', content, null, { ...options, maxRejects: { percent: 10 } })
    expect(rest).toMatchObject({ outcome: 'rejects', read: 10_000, duplicates: first.accepted, rejected: 499 })
    expect(sink.interactions.size).toBe(10_000 - 499)
  })

  test.each([
    [{ count: 3 }, 3, 'rejects'],
    [{ count: 2 }, 3, 'too-many-rejects'],
    [{ percent: 3 }, 3, 'rejects'],
    [{ percent: 2.9 }, 3, 'too-many-rejects'],
    [{ count: 0 }, 0, 'done'],
    [{ count: 0 }, 1, 'too-many-rejects'],
  ] as const)('%j with %i bad of 100: %s', async (maxRejects, bad, outcome) => {
    const content = rows(100, (i) => i < bad)
    const load = await bench.text('records.csv', content, null, { maxRejects })
    expect(load).toMatchObject({ outcome, read: 100, accepted: 100 - bad, rejected: bad })
  })

  test('is 1 % by default', async () => {
    for (const [bad, outcome] of [
      [1, 'rejects'],
      [2, 'too-many-rejects'],
    ] as const) {
      const path = bench.write(
        'records.csv',
        rows(100, (i) => i < bad),
      )
      expect(await ingest([path], { mapping: null, sink: new MemorySink() })).toMatchObject({
        outcome,
        rejectsFile: null,
      })
    }
  })

  test('conflicts count as rejects', async () => {
    const sink = new MemorySink()
    const record = (id: string, target: string) => `${id},like,user:u,video:${target}`
    const file = (...list: string[]) => ['id,type,actor,target', ...list].join('\n')
    await bench.text('a.csv', file(record('1', 'a'), record('2', 'a')), null, { sink })
    const load = await bench.text('b.csv', file(record('1', 'b'), record('2', 'b'), record('3', 'b')), null, {
      sink,
      maxRejects: { count: 1 },
    })
    expect(load).toMatchObject({ outcome: 'too-many-rejects', read: 3, accepted: 1, rejected: 2 })
  })

  test('a file of rejects alone ends early', async () => {
    const content = rows(60_000, () => true)
    const load = await bench.text('records.csv', content, null, { maxRejects: { percent: 1 } })
    expect(load.outcome).toBe('too-many-rejects')
    expect(load.read).toBeLessThan(30_000)
  })
})

describe('the rejects file', () => {
  test('is fresh with each load, and gone when nothing is rejected', async () => {
    const first = await bench.text(
      'records.csv',
      rows(5, (i) => i < 3),
    )
    expect(readFileSync(first.rejectsFile!, 'utf8').split('\n')).toHaveLength(4)
    const second = await bench.text(
      'records.csv',
      rows(5, (i) => i < 1),
    )
    expect(readFileSync(second.rejectsFile!, 'utf8').split('\n')).toHaveLength(2)
    const third = await bench.text(
      'records.csv',
      rows(5, () => false),
    )
    expect(third.rejectsFile).toBeNull()
    expect(existsSync(bench.path('rejected.ndjson'))).toBe(false)
  })

  test('cannot be one of the files to read', async () => {
    const path = bench.write(
      'records.csv',
      rows(5, () => false),
    )
    await expect(bench.load(path, null, { rejectsPath: path })).rejects.toMatchObject({ code: 'usage' })
    expect(readFileSync(path, 'utf8')).toContain('id,type')
  })

  test('values are cut to 200 characters, not through one', async () => {
    const emoji = '😀'.repeat(150)
    const load = await bench.text('records.csv', `id,type,actor,target\n1,like,a${emoji},video:v\n`)
    expect(load.rejects[0]!.value).toBe(`a${'😀'.repeat(99)}`)
  })
})

class GatedSink extends MemorySink {
  writing = 0
  mostWriting = 0
  onWrite: () => void = () => {}

  override async writeBatch(batch: RecordBatch): Promise<BatchResult> {
    this.writing++
    this.mostWriting = Math.max(this.mostWriting, this.writing)
    this.onWrite()
    await new Promise((resolve) => setTimeout(resolve, 5))
    const result = await super.writeBatch(batch)
    this.writing--
    return result
  }
}

describe('batches', () => {
  test('one is at the store at a time, and its bytes are not touched while it is there', async () => {
    const sink = new GatedSink()
    const content = rows(20_000, () => false)
    const load = await bench.text('records.csv', content, null, { sink, batchRecords: 500 })
    expect(sink.batchSizes.length).toBeGreaterThan(10)
    expect(sink.mostWriting).toBe(1)
    expect(load).toMatchObject({ read: 20_000, accepted: 20_000, outcome: 'done' })
    expect([...sink.interactions.keys()]).toEqual(Array.from({ length: 20_000 }, (_, i) => `5:${i}-${filler}`))
    expect(sink.checkpoints).toBe(1)
  })

  test('a cancelled load keeps whole batches and counts only them', async () => {
    const controller = new AbortController()
    const sink = new GatedSink()
    sink.onWrite = () => {
      if (sink.batchSizes.length === 2) controller.abort()
    }
    const content = rows(20_000, (i) => i % 1000 === 0)
    const options = { sink, batchRecords: 500, signal: controller.signal }
    const load = await bench.text('records.csv', content, null, options)
    expect(load.outcome).toBe('cancelled')
    expect(ingestExitCode(load)).toBe(130)
    expect(sink.batchSizes).toHaveLength(3)
    expect(load.accepted).toBe(sink.interactions.size)
    expect(load.read).toBe(load.accepted + load.rejected)
    expect(load.rejects).toHaveLength(load.rejected)
    const rest = await bench.text('records.csv', content, null, { sink })
    expect(rest.accepted + load.accepted).toBe(20_000 - 20)
  })

  test('a stream that says nothing more can be cancelled', async () => {
    for (const first of ['', 'id,type,actor,target\n1,like,user:u,video:v\n']) {
      const controller = new AbortController()
      const stream = new Readable({ read: () => {} })
      if (first !== '') stream.push(first)
      setTimeout(() => controller.abort(), 20)
      const load = await bench.load({ name: 'silent', stream }, null, { signal: controller.signal })
      expect(load).toMatchObject({ outcome: 'cancelled', read: 0, accepted: 0, failures: [] })
      expect(stream.destroyed).toBe(true)
    }
  })

  test('an error of the store ends the load with it, and the next load adds what is missing', async () => {
    const sink = new MemorySink()
    let calls = 0
    const failing = {
      writeBatch: async (batch: RecordBatch) => {
        if (++calls === 3) throw new Error('the disk is full')
        return sink.writeBatch(batch)
      },
      checkpoint: async () => {},
    }
    const path = bench.write(
      'records.csv',
      rows(10_000, () => false),
    )
    await expect(ingest([path], { mapping: null, sink: failing, batchRecords: 500 })).rejects.toThrow(
      'the disk is full',
    )
    expect(sink.batchSizes).toHaveLength(2)
    const load = await bench.load(path, null, { sink })
    expect(load).toMatchObject({ outcome: 'done', duplicates: sink.batchSizes[0]! + sink.batchSizes[1]! })
    expect(sink.interactions.size).toBe(10_000)
  })

  test('progress ends at the size of all files', async () => {
    const paths = ['a.csv', 'b.csv'].map((name) =>
      bench.write(
        name,
        rows(3000, () => false),
      ),
    )
    const steps: [number, number | null, number][] = []
    await bench.load(paths, null, { progress: (...step) => steps.push(step) })
    const total = 2 * readFileSync(paths[0]!).length
    expect(steps.at(-1)).toEqual([total, total, 6000])
    const done = steps.map(([bytes]) => bytes)
    expect(done).toEqual([...done].sort((a, b) => a - b))
  })
})
