/** Tables as CSV (RFC 4180), UTF-8, one file each. Nothing at all between commas is null; an empty text is `""`. */
import type { ExportContent } from './content.js'
import type { Destination, ExportFormat, FinishedPart, Part } from './part.js'
import {
  type Cell,
  edgesTable,
  evidenceTable,
  factsTable,
  membersTable,
  nodesTable,
  ringsTable,
  type Table,
  tables,
} from './tables.js'

const needsQuotes = /[",\r\n]|^$|^\s|\s$/

const cell = (value: Cell): string => {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  return needsQuotes.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}

/**
 * Programs for tables run a cell that begins so as a formula (CWE-1236). Text of records gets an apostrophe before it where a
 * person may open the file.
 */
const formula = /^[=+\-@\t\r]/

const guarded = (value: Cell): Cell => (typeof value === 'string' && formula.test(value) ? `'${value}` : value)

const line = (cells: readonly Cell[], guard: boolean): string => {
  let text = ''
  for (let i = 0; i < cells.length; i++) {
    const value = cells[i]!
    text += `${i === 0 ? '' : ','}${cell(guard ? guarded(value) : value)}`
  }
  return `${text}\r\n`
}

/** Writes all six tables, each to the part that `open` gives for its name. */
export const writeTables = async (
  content: ExportContent,
  open: (table: string) => Promise<Part>,
  { guard }: { readonly guard: boolean },
): Promise<readonly FinishedPart[]> => {
  const parts = new Map<string, Part>()
  for (const { name, columns } of tables) {
    const part = await open(name)
    parts.set(name, part)
    await part.write(
      line(
        columns.map(([column]) => column),
        false,
      ),
    )
  }
  const add = <T>(table: Table<T>, items: readonly T[]): Promise<void> => {
    let text = ''
    for (const item of items) text += line(table.row(item), guard)
    return parts.get(table.name)!.write(text)
  }
  await content.graph({
    nodes: (batch) => add(nodesTable, batch),
    edges: (batch) => add(edgesTable, batch),
  })
  await content.eachRing(async ({ ring, rows }) => {
    await add(ringsTable, [ring])
    await add(
      membersTable,
      ring.members.map((member) => ({ ...member, ring: ring.id })),
    )
    await add(
      factsTable,
      ring.facts.map((fact, i) => ({ ring: ring.id, place: i + 1, fact })),
    )
    await add(evidenceTable, rows)
  })
  const finished: FinishedPart[] = []
  for (const part of parts.values()) finished.push(await part.finish())
  return finished
}

export const csv: ExportFormat<ExportContent> = {
  name: 'csv',
  title: 'CSV',
  mediaType: 'text/csv; charset=utf-8',
  parts: tables.map(({ name }) => `${name}.csv`),
  write: (content, destination: Destination) =>
    writeTables(content, (table) => destination.part(`${table}.csv`), { guard: true }),
}
