/** The tables of an export: what CSV and Parquet hold, one row a node, an edge, a ring, a member, a fact, an interaction that shows a fact. */

import type { RingRecord } from '../store/store.js'
import type { EvidenceRow, ExportEdge, ExportNode } from './content.js'

export type Cell = string | number | null

/** DuckDB's name of the type; times are text in ISO 8601 on the way, numbers are JavaScript's shortest text. */
export type ColumnType = 'VARCHAR' | 'DOUBLE' | 'BIGINT' | 'TIMESTAMP'

export interface Table<T> {
  readonly name: string
  readonly columns: readonly (readonly [name: string, type: ColumnType])[]
  readonly row: (item: T) => readonly Cell[]
}

const time = (at: number | null | undefined): string | null =>
  at === null || at === undefined ? null : new Date(at).toISOString()
const json = (value: unknown): string | null => (value === null || value === undefined ? null : JSON.stringify(value))
const nameOf = ({ kind, id }: { readonly kind: string; readonly id: string }): string => `${kind}:${id}`

export const nodesTable: Table<ExportNode> = {
  name: 'nodes',
  columns: [
    ['entity', 'VARCHAR'],
    ['kind', 'VARCHAR'],
    ['id', 'VARCHAR'],
    ['at', 'TIMESTAMP'],
    ['market', 'VARCHAR'],
    ['rings', 'VARCHAR'],
    ['role', 'VARCHAR'],
    ['score', 'DOUBLE'],
    ['attributes', 'VARCHAR'],
  ],
  row: ({ name, kind, id, at, market, memberships, attributes }) => [
    name,
    kind,
    id,
    time(at),
    market,
    memberships.length === 0 ? null : memberships.map(({ ring }) => ring).join(' '),
    memberships[0]?.role ?? null,
    memberships[0]?.score ?? null,
    json(attributes),
  ],
}

export const edgesTable: Table<ExportEdge> = {
  name: 'edges',
  columns: [
    ['type', 'VARCHAR'],
    ['id', 'VARCHAR'],
    ['actor', 'VARCHAR'],
    ['target', 'VARCHAR'],
    ['at', 'TIMESTAMP'],
    ['market', 'VARCHAR'],
    ['scenario', 'VARCHAR'],
    ['weight', 'DOUBLE'],
    ['evidence', 'VARCHAR'],
    ['attributes', 'VARCHAR'],
  ],
  row: ({ type, id, actor, target, at, market, scenario, weight, evidence, attributes }) => [
    type,
    id,
    nameOf(actor),
    nameOf(target),
    time(at),
    market,
    scenario,
    weight,
    evidence.length === 0 ? null : evidence.join(' '),
    json(attributes),
  ],
}

export const ringsTable: Table<RingRecord> = {
  name: 'rings',
  columns: [
    ['ring', 'VARCHAR'],
    ['score', 'DOUBLE'],
    ['fdr', 'DOUBLE'],
    ['behaviours', 'VARCHAR'],
    ['detectors', 'VARCHAR'],
    ['from', 'TIMESTAMP'],
    ['to', 'TIMESTAMP'],
    ['markets', 'VARCHAR'],
    ['scenarios', 'VARCHAR'],
    ['types', 'VARCHAR'],
    ['members', 'BIGINT'],
    ['facts', 'BIGINT'],
  ],
  row: (ring) => [
    ring.id,
    ring.score,
    ring.fdr,
    ring.behaviours.join(' '),
    ring.detectors.join(' '),
    time(ring.window?.from),
    time(ring.window?.to),
    ring.markets.join(' '),
    ring.scenarios.join(' '),
    ring.types.join(' '),
    ring.members.length,
    ring.facts.length,
  ],
}

type Row<T> = T & { readonly ring: string }

export const membersTable: Table<Row<RingRecord['members'][number]>> = {
  name: 'members',
  // The same as `ringfence rings --members --format csv`.
  columns: [
    ['ring', 'VARCHAR'],
    ['entity', 'VARCHAR'],
    ['kind', 'VARCHAR'],
    ['role', 'VARCHAR'],
    ['score', 'DOUBLE'],
  ],
  row: (member) => [member.ring, nameOf(member), member.kind, member.role, member.score],
}

export const factsTable: Table<Row<{ readonly place: number; readonly fact: RingRecord['facts'][number] }>> = {
  name: 'facts',
  columns: [
    ['ring', 'VARCHAR'],
    ['fact', 'BIGINT'],
    ['code', 'VARCHAR'],
    ['sentence', 'VARCHAR'],
    ['observed', 'DOUBLE'],
    ['expected', 'DOUBLE'],
    ['unit', 'VARCHAR'],
    ['interactions', 'BIGINT'],
    ['kept', 'BIGINT'],
  ],
  row: ({ ring, place, fact }) => [
    ring,
    place,
    fact.code,
    fact.sentence,
    fact.observed,
    fact.expected,
    fact.unit,
    fact.interactionCount,
    fact.interactions.length,
  ],
}

export const evidenceTable: Table<EvidenceRow> = {
  name: 'evidence',
  columns: [
    ['ring', 'VARCHAR'],
    ['fact', 'BIGINT'],
    ['type', 'VARCHAR'],
    ['id', 'VARCHAR'],
    ['actor', 'VARCHAR'],
    ['target', 'VARCHAR'],
    ['at', 'TIMESTAMP'],
  ],
  row: ({ ring, fact, type, id, record }) => [
    ring,
    fact,
    type,
    id,
    record && nameOf(record.actor),
    record && nameOf(record.target),
    time(record?.at),
  ],
}

export const tables = [nodesTable, edgesTable, ringsTable, membersTable, factsTable, evidenceTable] as const
