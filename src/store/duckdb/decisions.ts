/** Labels and the audit log: appended, never changed. There is one writer, so that each decision sees the one before. */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { type AuditHead, type AuditRecord, chain, emptyChain } from '../audit-chain.js'
import type { AuditQuery, Decision, LabelQuery, LabelRecord, LabelRow, Paging } from '../decision-store.js'
import { inTransaction } from './connection.js'
import { changeEach, Refused, refusedAsFalse } from './documents.js'
import { number, numberOf, rows, text } from './sql.js'

export const lastLabel = (connection: DuckDBConnection): Promise<number> =>
  numberOf(connection, 'SELECT coalesce(max(place), 0) FROM labels')

export const readAuditHead = async (connection: DuckDBConnection): Promise<AuditHead> => {
  const [found] = await rows(connection, 'SELECT place, hash FROM audit_head')
  return found === undefined ? emptyChain : { place: number(found[0]), hash: text(found[1]) }
}

const appendLabels = async (connection: DuckDBConnection, labels: readonly LabelRow[], last: number): Promise<void> => {
  const appender = await connection.createAppender('labels')
  try {
    labels.forEach((label, i) => {
      appender.appendInteger(last + 1 + i)
      appender.appendVarchar(label.id)
      appender.appendVarchar(label.subject)
      appender.appendVarchar(label.owner)
      if (label.batch === null) appender.appendNull()
      else appender.appendVarchar(label.batch)
      appender.appendVarchar(JSON.stringify(label))
      appender.endRow()
    })
    appender.flushSync()
  } finally {
    appender.closeSync()
  }
}

const appendAudit = async (connection: DuckDBConnection, records: readonly AuditRecord[]): Promise<void> => {
  const appender = await connection.createAppender('audit_log')
  try {
    for (const { place, hash, at, who, action, subject, text: entry } of records) {
      appender.appendInteger(place)
      for (const cell of [hash, at, who, action, subject, entry]) appender.appendVarchar(cell)
      appender.endRow()
    }
    appender.flushSync()
  } finally {
    appender.closeSync()
  }
  const { place, hash } = records.at(-1)!
  await connection.run('DELETE FROM audit_head')
  await connection.run('INSERT INTO audit_head VALUES ($1, $2)', [place, hash])
}

export const decide = (
  connection: DuckDBConnection,
  { audit, labels = [], labelsSeen, documents = [] }: Decision,
): Promise<boolean> =>
  refusedAsFalse(() =>
    inTransaction(connection, async () => {
      const last = await lastLabel(connection)
      if (labelsSeen !== undefined && last > labelsSeen) throw new Refused()
      await changeEach(connection, documents)
      await appendLabels(connection, labels, last)
      await appendAudit(connection, chain(await readAuditHead(connection), audit))
    }),
  )

/** `filters`: a condition with `?` for its value, and that value or undefined. */
const pageOf = (
  connection: DuckDBConnection,
  from: string,
  { order, after, limit }: Paging,
  filters: readonly (readonly [string, string | undefined])[],
): Promise<DuckDBValue[][]> => {
  const values: DuckDBValue[] = []
  const bind = (value: DuckDBValue): string => `$${values.push(value)}`
  const where = filters.flatMap(([condition, value]) =>
    value === undefined ? [] : [condition.replace('?', () => bind(value))],
  )
  if (after !== undefined) where.push(`place ${order === 'oldest' ? '>' : '<'} ${bind(after)}`)
  const direction = order === 'oldest' ? 'ASC' : 'DESC'
  return rows(
    connection,
    `${from} WHERE ${['true', ...where].join(' AND ')} ORDER BY place ${direction} LIMIT ${bind(limit)}`,
    values,
  )
}

const labelOf = ([place, record]: readonly DuckDBValue[]): LabelRecord => ({
  ...(JSON.parse(text(record)) as LabelRow),
  place: number(place),
})

export const listLabels = async (
  connection: DuckDBConnection,
  { subject, batch, owner, ...paging }: LabelQuery,
): Promise<readonly LabelRecord[]> =>
  (
    await pageOf(connection, 'SELECT place, record FROM labels', paging, [
      ['subject = ?', subject],
      ['batch = ?', batch],
      ['owner = ?', owner],
    ])
  ).map(labelOf)

export const readLabel = async (connection: DuckDBConnection, id: string): Promise<LabelRecord | null> => {
  const [found] = await rows(connection, 'SELECT place, record FROM labels WHERE id = $1', [id])
  return found === undefined ? null : labelOf(found)
}

export const listAudit = async (
  connection: DuckDBConnection,
  { who, action, subject, from, to, ...paging }: AuditQuery,
): Promise<readonly AuditRecord[]> =>
  (
    await pageOf(connection, 'SELECT place, hash, made_at, who, action, subject, entry FROM audit_log', paging, [
      ['who = ?', who],
      ['action = ?', action],
      ['subject = ?', subject],
      ['made_at >= ?', from],
      ['made_at <= ?', to],
    ])
  ).map(([place, hash, at, by, done, on, entry]) => ({
    place: number(place),
    hash: text(hash),
    at: text(at),
    who: text(by),
    action: text(done),
    subject: text(on),
    text: text(entry),
  }))
