import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { ingest } from '#src/ingest/ingest.js'
import type { BatchResult, RecordBatch } from '#src/store/record-batch.js'
import { MemorySink, Workbench } from './ingest-support.js'

const datasets = resolve(process.env.RINGFENCE_DATASETS ?? '../shared/datasets')
const bench = new Workbench()
afterAll(() => bench.dispose())

/** Distinct keys only, for tables of a million rows. */
class CountingSink {
  readonly keys = new Set<string>()

  async writeBatch(batch: RecordBatch): Promise<BatchResult> {
    const before = this.keys.size
    this.#count(batch.interactions)
    const accepted = this.keys.size - before
    this.#count(batch.entities)
    const entities = this.keys.size - before - accepted
    return { accepted, duplicates: batch.interactionCount - accepted, conflicts: [], entities }
  }

  #count(lines: Uint8Array): void {
    const buffer = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength)
    for (let at = 0; at < buffer.length; at = buffer.indexOf(10, at) + 1) {
      const key = buffer.indexOf(9, at) + 1
      this.keys.add(buffer.toString('latin1', key, buffer.indexOf(9, buffer.indexOf(9, key) + 1)))
    }
  }

  async checkpoint(): Promise<void> {}
}

const LARGE = 400_000

interface Expected {
  readonly mapping: string
  readonly files: readonly string[]
  readonly read: number
  readonly accepted: number
  readonly duplicates: number
  readonly entities: number
}

/** Counts of rows as the data sets' page gives them; of interactions and entities counted with other tools. */
const shipped: readonly Expected[] = [
  {
    mapping: 'starscout',
    files: ['starscout/fake_stars.csv.gz'],
    read: 15788,
    accepted: 15788 + 1552,
    duplicates: 15788 - 1552,
    entities: 0,
  },
  {
    mapping: 'hop-airdrop',
    files: ['hop-airdrop/edges.csv.gz'],
    read: 685831,
    accepted: 685831,
    duplicates: 0,
    entities: 0,
  },
  {
    mapping: 'hop-airdrop',
    files: ['hop-airdrop/nodes.csv.gz'],
    read: 434887,
    accepted: 0,
    duplicates: 0,
    entities: 434887,
  },
  {
    mapping: 'video-ratings',
    files: ['video-ratings/interactions.txt.gz'],
    read: 287107,
    accepted: 287107,
    duplicates: 0,
    entities: 31013 + 23715,
  },
  {
    mapping: 'election-shares',
    files: ['election-shares/posts.csv.gz'],
    read: 218971,
    accepted: 195261,
    duplicates: 0,
    entities: 0,
  },
  {
    mapping: 'coordinated-retweets',
    files: ['coordinated-retweets/retweets.csv.gz'],
    read: 35125,
    accepted: 35125,
    duplicates: 0,
    entities: 9509 + 7285,
  },
  {
    mapping: 'tolokers',
    files: ['tolokers/nodes.csv.gz', 'tolokers/edges.csv.gz'],
    read: 11758 + 519000,
    accepted: 519000,
    duplicates: 0,
    entities: 11758,
  },
]

describe('the shipped mappings on their data sets', () => {
  if (!existsSync(datasets)) {
    test(`not run: there is no folder ${datasets} (RINGFENCE_DATASETS names another)`, () => {
      process.stderr.write(`The shipped mappings were not tried on real data: ${datasets} is absent.\n`)
    })
    return
  }
  for (const { mapping, files, ...expected } of shipped)
    test(`${mapping}: ${files.join(' and ')}, and again`, async () => {
      const sink = expected.read > LARGE ? new CountingSink() : new MemorySink()
      const options = { mapping: `examples/mappings/${mapping}.yaml`, sink, rejectsPath: bench.path('rejected.ndjson') }
      const sources = files.map((file) => join(datasets, file))
      const first = await ingest(sources, options)
      expect(first).toMatchObject({ outcome: 'done', rejected: 0, failures: [], rejectsFile: null })
      const { read, accepted, duplicates } = first
      expect({ read, accepted, duplicates }).toEqual({
        read: expected.read,
        accepted: expected.accepted,
        duplicates: expected.duplicates,
      })
      if (expected.entities > 0) expect(first.entities).toBe(expected.entities)
      const again = await ingest(sources, options)
      expect(again).toMatchObject({ outcome: 'done', accepted: 0 })
      expect(again.entities).toBe(0)
      expect(again.duplicates).toBe(expected.accepted + expected.duplicates)
    })
})
