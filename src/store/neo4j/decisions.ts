/**
 * Labels and the audit log: nodes that are never changed. A decision locks the (:RingfenceAuditHead) first, so that of several processes each
 * follows on the other.
 */
import { type AuditHead, type AuditRecord, chain, emptyChain } from '../audit-chain.js'
import type { AuditQuery, Decision, LabelQuery, LabelRecord, LabelRow, Paging } from '../decision-store.js'
import { type Connection, inRead, inWrite, parts, rows, type Transaction } from './connection.js'
import { changeEach, Refused, refusedAsFalse } from './documents.js'

/** Rows of one statement: some megabytes where each is a ring with thousands of accounts. */
const ROWS_A_STATEMENT = 1000

const lastPlace = async (tx: Transaction): Promise<number> => {
  const [found] = await rows<{ place: number }>(
    tx,
    'MATCH (l:RingfenceLabel) WHERE l.place > 0 RETURN l.place AS place ORDER BY l.place DESC LIMIT 1',
  )
  return found?.place ?? 0
}

export const lastLabel = (connection: Connection): Promise<number> => inRead(connection, lastPlace)

export const readAuditHead = (connection: Connection): Promise<AuditHead> =>
  inRead(connection, async (tx) => {
    const [found] = await rows<{ place: number; hash: string }>(
      tx,
      "MATCH (h:RingfenceAuditHead {name: 'audit'}) RETURN h.place AS place, h.hash AS hash",
    )
    return found ?? emptyChain
  })

/** Waits for decisions under way. */
const lockHead = async (tx: Transaction): Promise<AuditHead> => {
  const [found] = await rows<{ place: number; hash: string }>(
    tx,
    `MERGE (h:RingfenceAuditHead {name: 'audit'}) ON CREATE SET h.place = 0, h.hash = $hash
      SET h.name = h.name RETURN h.place AS place, h.hash AS hash`,
    { hash: emptyChain.hash },
  )
  return found!
}

const addLabels = async (tx: Transaction, labels: readonly LabelRow[], last: number): Promise<void> => {
  const nodes = labels.map((label, i) => {
    const { id, subject, owner, batch, decision, at, expiresAt, takesBack } = label
    const columns = { id, subject, owner, batch, decision, at, expiresAt, takesBack, record: JSON.stringify(label) }
    return { place: last + 1 + i, columns }
  })
  for (const part of parts(nodes, ROWS_A_STATEMENT))
    await tx.run('UNWIND $part AS row CREATE (l:RingfenceLabel {place: toInteger(row.place)}) SET l += row.columns', {
      part,
    })
}

const addAudit = async (tx: Transaction, records: readonly AuditRecord[]): Promise<void> => {
  const nodes = records.map(({ place, ...columns }) => ({ place, columns }))
  for (const part of parts(nodes, ROWS_A_STATEMENT))
    await tx.run(
      'UNWIND $part AS row CREATE (e:RingfenceAuditEntry {place: toInteger(row.place)}) SET e += row.columns',
      { part },
    )
  const { place, hash } = records.at(-1)!
  await tx.run("MATCH (h:RingfenceAuditHead {name: 'audit'}) SET h.place = toInteger($place), h.hash = $hash", {
    place,
    hash,
  })
}

export const decide = (
  connection: Connection,
  { audit, labels = [], labelsSeen, documents = [] }: Decision,
): Promise<boolean> =>
  refusedAsFalse(() =>
    inWrite(connection, async (tx) => {
      const head = await lockHead(tx)
      const last = await lastPlace(tx)
      if (labelsSeen !== undefined && last > labelsSeen) throw new Refused()
      await changeEach(tx, documents)
      await addLabels(tx, labels, last)
      await addAudit(tx, chain(head, audit))
    }),
  )

interface Filter {
  readonly condition: string
  readonly name: string
  readonly value: string | undefined
}

const page = async <Row extends Record<string, unknown>>(
  connection: Connection,
  node: 'RingfenceLabel' | 'RingfenceAuditEntry',
  { order, after, limit }: Paging,
  filters: readonly Filter[],
  returned: string,
): Promise<readonly Row[]> => {
  const used = filters.filter(({ value }) => value !== undefined)
  // The index on places gives the order, once there is something to ask it.
  const where = ['n.place > 0', ...used.map(({ condition }) => condition)]
  if (after !== undefined) where.push(`n.place ${order === 'oldest' ? '>' : '<'} $after`)
  const cypher = `MATCH (n:${node}) WHERE ${where.join(' AND ')} RETURN ${returned}
    ORDER BY n.place ${order === 'oldest' ? 'ASC' : 'DESC'} LIMIT toInteger($limit)`
  const values = Object.fromEntries(used.map(({ name, value }) => [name, value]))
  return inRead(connection, (tx) => rows<Row>(tx, cypher, { ...values, after: after ?? null, limit }))
}

const equal = (name: string, value: string | undefined): Filter => ({ condition: `n.${name} = $${name}`, name, value })

interface LabelNode extends Record<string, unknown> {
  readonly place: number
  readonly record: string
}

const labelOf = ({ place, record }: LabelNode): LabelRecord => ({ ...(JSON.parse(record) as LabelRow), place })

export const listLabels = async (
  connection: Connection,
  { subject, batch, owner, ...paging }: LabelQuery,
): Promise<readonly LabelRecord[]> => {
  const filters = [equal('subject', subject), equal('batch', batch), equal('owner', owner)]
  const found = await page<LabelNode>(
    connection,
    'RingfenceLabel',
    paging,
    filters,
    'n.place AS place, n.record AS record',
  )
  return found.map(labelOf)
}

export const readLabel = (connection: Connection, id: string): Promise<LabelRecord | null> =>
  inRead(connection, async (tx) => {
    const [found] = await rows<LabelNode>(
      tx,
      'MATCH (n:RingfenceLabel {id: $id}) RETURN n.place AS place, n.record AS record',
      { id },
    )
    return found === undefined ? null : labelOf(found)
  })

export const listAudit = (
  connection: Connection,
  { who, action, subject, from, to, ...paging }: AuditQuery,
): Promise<readonly AuditRecord[]> =>
  page<AuditRecord & Record<string, unknown>>(
    connection,
    'RingfenceAuditEntry',
    paging,
    [
      equal('who', who),
      equal('action', action),
      equal('subject', subject),
      { condition: 'n.at >= $from', name: 'from', value: from },
      { condition: 'n.at <= $to', name: 'to', value: to },
    ],
    `n.place AS place, n.hash AS hash, n.at AS at, n.who AS who, n.action AS action, n.subject AS subject, n.text AS text`,
  )
