import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { DelimitedReader, type Dialect } from '#src/ingest/delimited-reader.js'
import { JsonLinesReader } from '#src/ingest/json-lines-reader.js'
import type { RecordReader } from '#src/ingest/record-reader.js'

type Make = (events: string[]) => RecordReader

const delimited =
  (dialect: Dialect, columns: number): Make =>
  (events) =>
    new DelimitedReader(dialect, columns, {
      row: (data, starts, ends, _, line) => {
        const cells = Array.from(starts, (start, i) => Buffer.from(data.subarray(start, ends[i])).toString())
        events.push(JSON.stringify([line, cells]))
      },
      fault: ({ code, value }, line) => events.push(JSON.stringify([line, code, value])),
    })

const jsonLines: Make = (events) =>
  new JsonLinesReader({
    object: (value, line) => events.push(JSON.stringify([line, value])),
    fault: ({ code, value }, line) => events.push(JSON.stringify([line, code, value])),
  })

/** Gives a reader the bytes in pieces, what it left over in front of each. */
const feed = (
  make: Make,
  bytes: Uint8Array,
  pieces: readonly number[],
): { readonly events: string[]; readonly line: number } => {
  const events: string[] = []
  const reader = make(events)
  let left: Uint8Array = new Uint8Array(0)
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const piece = bytes.subarray(at, at + pieces[i % pieces.length]!)
    at += piece.length
    // Cells are made single in place, so each call gets bytes of its own.
    const buffer = new Uint8Array([...left, ...piece])
    const next = reader.read(buffer, 0, buffer.length, false)
    left = buffer.slice(next)
  }
  reader.read(left, 0, left.length, true)
  return { events, line: reader.line }
}

const text = (...units: readonly string[]) =>
  fc.array(fc.constantFrom(...units), { maxLength: 60 }).map((parts) => Buffer.from(parts.join('')))
const pieces = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 })

const dialects: Readonly<Record<string, Dialect>> = {
  csv: { delimiter: 44, quote: 34, comment: -1, lineEnd: 10, numberRecords: false },
  'csv with comments, numbered by record': { delimiter: 59, quote: 39, comment: 35, lineEnd: 10, numberRecords: true },
  'csv without quotes': { delimiter: 44, quote: -1, comment: -1, lineEnd: 10, numberRecords: false },
  'CR line ends': { delimiter: 44, quote: 34, comment: -1, lineEnd: 13, numberRecords: false },
  blanks: { delimiter: 'space', quote: -1, comment: 35, lineEnd: 10, numberRecords: false },
}

for (const [name, dialect] of Object.entries(dialects))
  test(`${name}: records and faults are the same wherever the bytes are cut`, () => {
    const units = ['a', 'bc', ',', ';', '"', "'", '""', '\n', '\r\n', '\r', ' ', '\t', '#', 'é', '"x",', 'y,z\n', '\n"']
    fc.assert(
      fc.property(text(...units), pieces, fc.integer({ min: 1, max: 3 }), (bytes, cuts, columns) => {
        expect(feed(delimited(dialect, columns), bytes, cuts)).toEqual(
          feed(delimited(dialect, columns), bytes, [bytes.length || 1]),
        )
      }),
      { numRuns: 1500 },
    )
  })

test('NDJSON: records and faults are the same wherever the bytes are cut', () => {
  fc.assert(
    fc.property(
      text('{', '}', '"a"', ':', '1', '\n', '\r\n', ' ', '{"a":1}', '{"é":"x"}\n', '\\'),
      pieces,
      (bytes, cuts) => {
        expect(feed(jsonLines, bytes, cuts)).toEqual(feed(jsonLines, bytes, [bytes.length || 1]))
      },
    ),
    { numRuns: 1500 },
  )
})
