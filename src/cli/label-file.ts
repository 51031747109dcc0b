/** Labels from a CSV file: `entity,label` with `at` and `group` where known. */
import { readFile } from 'node:fs/promises'
import { isEntityKind } from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import { DelimitedReader, type Dialect } from '../ingest/delimited-reader.js'
import type { LabelRecord } from '../model/product/labels.js'

const dialect: Dialect = { delimiter: 44, quote: 34, comment: -1, lineEnd: 10, numberRecords: false }
const mostColumns = 64

const words: Readonly<Record<string, 0 | 1>> = { '0': 0, good: 0, '1': 1, bad: 1 }

/** Every cell of every record as text. Throws an error of `code` with the line. */
export const rowsOf = (
  file: string,
  data: Uint8Array,
  code: 'model.labels' | 'label.file' = 'model.labels',
): { readonly cells: readonly string[]; readonly line: number }[] => {
  const rows: { cells: readonly string[]; line: number }[] = []
  const fail = (line: number, what: string): never => {
    throw new RingfenceError(code, `${file}, line ${line}: ${what}`)
  }
  const handler = {
    row: (from: Uint8Array, starts: Int32Array, ends: Int32Array, _bytes: number, line: number) => {
      rows.push({
        cells: Array.from(starts, (start, c) => Buffer.from(from.subarray(start, ends[c]!)).toString()),
        line,
      })
    },
    fault: ({ detail }: { readonly detail: string }, line: number) => fail(line, detail),
  }
  const first = new DelimitedReader(dialect, mostColumns, handler).header(data, 0, data.length, true)
  if (first === null || first.next < 0) return fail(1, 'there is no header')
  const reader = new DelimitedReader(dialect, first.cells.length, handler, 2)
  reader.read(data, first.next, data.length, true)
  return [{ cells: first.cells, line: 1 }, ...rows]
}

/** Throws `model.labels` with file, line and what was wrong. */
export const readLabels = async (file: string): Promise<readonly LabelRecord[]> => {
  const data = await readFile(file).catch((cause: unknown) => {
    throw new RingfenceError('model.labels', `${file} cannot be read.`, {}, { cause })
  })
  const [header, ...rows] = rowsOf(file, data)
  const column = (name: string) => header!.cells.findIndex((cell) => cell.trim().toLowerCase() === name)
  const places = { entity: column('entity'), label: column('label'), at: column('at'), group: column('group') }
  if (places.entity < 0 || places.label < 0)
    throw new RingfenceError(
      'model.labels',
      `${file} has no columns entity and label, but ${header!.cells.join(', ')}.`,
    )
  return rows.flatMap(({ cells, line }): readonly LabelRecord[] => {
    const fail = (what: string) => new RingfenceError('model.labels', `${file}, line ${line}: ${what}`)
    const entity = cells[places.entity]!
    const colon = entity.indexOf(':')
    const kind = entity.slice(0, colon)
    if (colon < 0 || !isEntityKind(kind) || colon + 1 === entity.length) throw fail(`"${entity}" is not kind:id`)
    const said = cells[places.label]!.trim().toLowerCase()
    if (said === '') return []
    const label = words[said]
    if (label === undefined) throw fail(`"${said}" is none of 1, bad, 0, good`)
    const time = places.at < 0 ? '' : cells[places.at]!
    const at = time === '' ? null : Date.parse(time)
    if (at !== null && Number.isNaN(at)) throw fail(`"${time}" is no time in ISO 8601`)
    return [{ kind, id: entity.slice(colon + 1), label, at, group: places.group < 0 ? '' : cells[places.group]! }]
  })
}
