import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { ingest, type Mapping } from '#src/ingest/ingest.js'
import type { RecordBatch } from '#src/store/record-batch.js'

/** All that a cell can hold: delimiters, quotes, every line end, control characters, text of any script. */
const cell = fc.oneof(
  fc.string({
    unit: fc.constantFrom('a', '"', ',', ';', '\t', '\n', '\r', '\r\n', ' ', '\0', 'é', '😀', '\u0085', '#'),
  }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
)

const table = (delimiter: string): Mapping => ({
  tables: [
    {
      delimiter: delimiter === '\t' ? 'tab' : delimiter,
      interactions: [
        {
          type: 'comment',
          id: '{n}',
          actor: 'user:u',
          target: 'video:v',
          attributes: { one: '{one}', two: '{two}' },
        },
      ],
    },
  ],
})

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`

interface Read {
  readonly n: string
  readonly one: string
  readonly two: string
}

const readBack = async (bytes: Uint8Array, pieces: readonly number[], mapping: Mapping): Promise<readonly Read[]> => {
  const rows: Read[] = []
  const cut: Buffer[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = pieces[i % pieces.length]!
    cut.push(Buffer.from(bytes.subarray(at, at + size)))
    at += size
  }
  const sink = {
    writeBatch: async (batch: RecordBatch) => {
      for (const line of Buffer.from(batch.interactions).toString('utf8').split('\n').slice(0, -1)) {
        const fields = line.split('\t')
        expect(fields).toHaveLength(12)
        const attributes = fields[11] === '' ? {} : (JSON.parse(fields[11]!) as Partial<Read>)
        // The bytes are canonical: parsing and writing them again changes nothing but the escapes of DEL and C1 characters.
        expect(JSON.parse(JSON.stringify(attributes))).toEqual(attributes)
        rows.push({ n: fields[2]!, one: attributes.one ?? '', two: attributes.two ?? '' })
      }
      return { accepted: batch.interactionCount, duplicates: 0, conflicts: [], entities: 0 }
    },
    checkpoint: async () => {},
  }
  const result = await ingest([{ name: 'cells.csv', stream: Readable.from(cut) }], { mapping, sink })
  expect(result.failures).toEqual([])
  expect(result.rejected).toBe(0)
  return rows
}

test('any cells written as CSV with quotes are read back the same, wherever the input is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(cell, cell), { maxLength: 20 }),
      fc.constantFrom(',', ';', '\t', '|'),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      fc.boolean(),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      async (cells, delimiter, lineEnd, lastEnd, zipped, pieces) => {
        const lines = [
          ['n', 'one', 'two'].join(delimiter),
          ...cells.map(([one, two], i) => [String(i), quoted(one), quoted(two)].join(delimiter)),
        ]
        const bytes = Buffer.from(lines.join(lineEnd) + (lastEnd ? lineEnd : ''))
        const rows = await readBack(zipped ? gzipSync(bytes) : bytes, pieces, table(delimiter))
        expect(rows).toEqual(cells.map(([one, two], i) => ({ n: String(i), one, two })))
      },
    ),
    { numRuns: 400 },
  )
})

test('any cells without special characters are read back the same without quotes', async () => {
  const plain = fc.string({ unit: 'grapheme' }).filter((text) => !/[,"\r\n]/.test(text))
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(plain, plain), { maxLength: 20 }),
      fc.integer({ min: 1, max: 40 }),
      async (cells, piece) => {
        const text = ['n,one,two', ...cells.map(([one, two], i) => `${i},${one},${two}`)].join('\n')
        const rows = await readBack(Buffer.from(text), [piece], table(','))
        expect(rows).toEqual(cells.map(([one, two], i) => ({ n: String(i), one, two })))
      },
    ),
    { numRuns: 200 },
  )
})

test('whatever the bytes, a load ends, and every record is taken or rejected once', async () => {
  const mapping: Mapping = {
    tables: [{ columns: ['a', 'b'], interactions: [{ type: 'like', actor: 'user:{a}', target: 'video:{b}' }] }],
  }
  const piece = fc.oneof(
    fc.constantFrom('a,b\n', '"a","b"\n', '"', '\n', '\r\n', ',', '""', 'x', 'é', '"a\nb",c\n'),
    fc.string(),
  )
  const bytes = fc.oneof(
    fc.array(piece, { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''))),
    fc.uint8Array({ maxLength: 200 }).map((list) => Buffer.from(list)),
  )
  await fc.assert(
    fc.asyncProperty(bytes, fc.integer({ min: 1, max: 40 }), async (content, size) => {
      const load = async (cut: number) => {
        const lines: string[] = []
        const pieces = Array.from({ length: Math.ceil(content.length / cut) }, (_, i) =>
          content.subarray(i * cut, (i + 1) * cut),
        )
        const sink = {
          writeBatch: async (batch: RecordBatch) => {
            lines.push(Buffer.from(batch.interactions).toString('utf8'))
            return { accepted: batch.interactionCount, duplicates: 0, conflicts: [], entities: 0 }
          },
          checkpoint: async () => {},
        }
        const options = { mapping, sink, maxRejects: { percent: 100 } }
        const { seconds, failures, ...rest } = await ingest([{ name: 'x', stream: Readable.from(pieces) }], options)
        expect(seconds).toBeGreaterThanOrEqual(0)
        return { ...rest, lines, failures: failures.map(({ error }) => error.code) }
      }
      const whole = await load(1000)
      expect(whole.read).toBe(whole.accepted + whole.rejected)
      expect(await load(size)).toEqual(whole)
    }),
    { numRuns: 300 },
  )
})
