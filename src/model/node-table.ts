/**
 * A node table and an edge table, read through a mapping, as a classification task: features, labels, splits and, for each
 * interaction type and direction, who sees whom.
 *
 * The mapping's `features`, `label` and `splits` reach a store as attributes of entities (docs/mapping.md); here the same batches
 * are gathered in memory instead. Nodes are numbered by kind and id, so that the order of the files does not matter.
 */
import { type EntityKind, entityKindNames, entityKinds, interactionTypeByCode } from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import { type Csr, directedCsr, undirectedCsr } from '../kernels/csr.js'
import { type BatchResult, ENTITY_COLUMNS, INTERACTION_COLUMNS, type RecordBatch } from '../store/record-batch.js'
import type { FeatureMatrix } from './feature-matrix.js'

/** What the mapping's entities name as features, label and splits. */
export interface NodeTableColumns {
  readonly features: readonly string[]
  readonly splits: readonly string[]
}

export interface NodeSplit {
  readonly name: string
  /** Rows, ascending. Train and validation have labels; test may have none. */
  readonly train: Int32Array
  readonly validation: Int32Array
  readonly test: Int32Array
}

export interface NodeTable {
  /** `kind:id` of each node. */
  readonly names: readonly string[]
  readonly features: FeatureMatrix
  /** 1, 0, or -1 where unknown. */
  readonly labels: Int8Array
  readonly splits: readonly NodeSplit[]
  readonly relations: readonly { readonly name: string; readonly csr: Csr }[]
}

const labelAttribute = 'label'

type Role = 'train' | 'validation' | 'test'

const roleWords: ReadonlyMap<string, Role> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['val', 'validation'],
  ['valid', 'validation'],
  ['validation', 'validation'],
  ['dev', 'validation'],
  ['test', 'test'],
  ['testing', 'test'],
])
const labelWords: ReadonlyMap<string, 0 | 1> = new Map([
  ['1', 1],
  ['true', 1],
  ['0', 0],
  ['-1', 0],
  ['false', 0],
])

const entityColumn = (name: (typeof ENTITY_COLUMNS)[number]): number => ENTITY_COLUMNS.indexOf(name)
const interactionColumn = (name: (typeof INTERACTION_COLUMNS)[number]): number => INTERACTION_COLUMNS.indexOf(name)

/** What a table needs of an entity: a wide one's attributes as an object would take ten times as much memory. */
interface NodeRow {
  /** One a feature, NaN where absent or no number. */
  readonly features: Float32Array
  readonly label: unknown
  /** One a split. */
  readonly splits: readonly unknown[]
}

interface EdgeLists {
  readonly source: number[]
  readonly target: number[]
}

const decoder = new TextDecoder()

/** A sink for `ingest`: gathers what a store would get. */
export class NodeTableSink {
  readonly #columns: NodeTableColumns
  readonly #index = new Map<string, number>()
  readonly #kinds: number[] = []
  readonly #ids: string[] = []
  readonly #rows = new Map<number, NodeRow>()
  /** Cells of splits and labels are few words, kept once each. */
  readonly #words = new Map<unknown, unknown>()
  readonly #edges = new Map<number, EdgeLists>()

  constructor(columns: NodeTableColumns) {
    this.#columns = columns
  }

  async writeBatch(batch: RecordBatch): Promise<BatchResult> {
    const before = this.#ids.length
    for (const cells of lines(batch.entities)) {
      const node = this.#node(Number(cells[entityColumn('kind')]), cells[entityColumn('id')]!)
      const attributes = cells[entityColumn('attributes')]!
      this.#rows.set(node, this.#row(attributes === '' ? {} : JSON.parse(attributes)))
    }
    for (const cells of lines(batch.interactions)) {
      const type = Number(cells[interactionColumn('type')])
      const target = cells[interactionColumn('target')]!
      const source = this.#node(Number(cells[interactionColumn('actor_kind')]), cells[interactionColumn('actor')]!)
      if (target === '') continue
      let edges = this.#edges.get(type)
      if (!edges) {
        edges = { source: [], target: [] }
        this.#edges.set(type, edges)
      }
      edges.source.push(source)
      edges.target.push(this.#node(Number(cells[interactionColumn('target_kind')]), target))
    }
    return {
      accepted: batch.interactionCount,
      duplicates: 0,
      conflicts: [],
      entities: this.#ids.length - before,
    }
  }

  async checkpoint(): Promise<void> {}

  #row(attributes: Readonly<Record<string, unknown>>): NodeRow {
    const { features, splits } = this.#columns
    const word = (name: string): unknown => {
      const value = attributes[name]
      if (!this.#words.has(value)) this.#words.set(value, value)
      return this.#words.get(value)
    }
    const values = new Float32Array(features.length)
    features.forEach((name, j) => {
      const value = attributes[name]
      values[j] = typeof value === 'number' ? value : Number.NaN
    })
    return { features: values, label: word(labelAttribute), splits: splits.map(word) }
  }

  #node(kind: number, id: string): number {
    const key = `${kind}:${id}`
    let node = this.#index.get(key)
    if (node === undefined) {
      node = this.#ids.length
      this.#index.set(key, node)
      this.#kinds.push(kind)
      this.#ids.push(id)
    }
    return node
  }

  /** Throws `model.table` where labels or splits cannot be read, or nothing can be learned. */
  table(): NodeTable {
    const count = this.#ids.length
    const order = Array.from({ length: count }, (_, i) => i).sort(
      (a, b) => this.#kinds[a]! - this.#kinds[b]! || (this.#ids[a]! < this.#ids[b]! ? -1 : 1),
    )
    const rank = new Int32Array(count)
    order.forEach((node, at) => {
      rank[node] = at
    })
    const kindName = new Map(entityKindNames.map((kind: EntityKind) => [entityKinds[kind].code as number, kind]))
    const names = order.map((node) => `${kindName.get(this.#kinds[node]!)}:${this.#ids[node]}`)
    const rows = order.map((node) => this.#rows.get(node))
    const labels = Int8Array.from(rows, (row, at) => labelOf(row?.label, names[at]!))
    return {
      names,
      features: featureMatrix(rows, this.#columns.features),
      labels,
      splits: this.#columns.splits.map((name, s) =>
        splitOf(
          name,
          rows.map((row) => row?.splits[s]),
          labels,
          names,
        ),
      ),
      relations: this.#relations(rank),
    }
  }

  #relations(rank: Int32Array): NodeTable['relations'] {
    const nodes = rank.length
    return [...this.#edges.entries()]
      .sort(([a], [b]) => a - b)
      .flatMap(([code, edges]) => {
        const type = interactionTypeByCode[code]!
        const source = Int32Array.from(edges.source, (node) => rank[node]!)
        const target = Int32Array.from(edges.target, (node) => rank[node]!)
        if (type === 'associate') return [{ name: type, csr: undirectedCsr(nodes, { source, target }, 'one') }]
        return [
          { name: `${type} out`, csr: distinctPairs(nodes, source, target) },
          { name: `${type} in`, csr: distinctPairs(nodes, target, source) },
        ]
      })
  }
}

function* lines(bytes: Uint8Array): Generator<readonly string[]> {
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(10, from)
    const to = end < 0 ? bytes.length : end
    yield decoder.decode(bytes.subarray(from, to)).split('\t')
    from = to + 1
  }
}

/** Each pair once, without loops: who is seen, not how often. */
const distinctPairs = (nodes: number, source: Int32Array, target: Int32Array): Csr => {
  const { offsets, columns } = directedCsr(nodes, nodes, { source, target })
  const kept = new Int32Array(columns.length)
  const keptOffsets = new Int32Array(nodes + 1)
  let count = 0
  for (let r = 0; r < nodes; r++) {
    let last = -1
    for (let k = offsets[r]!; k < offsets[r + 1]!; k++) {
      const column = columns[k]!
      if (column !== last && column !== r) kept[count++] = column
      last = column
    }
    keptOffsets[r + 1] = count
  }
  return { rowCount: nodes, columnCount: nodes, offsets: keptOffsets, columns: kept.slice(0, count), weights: null }
}

const featureMatrix = (rows: readonly (NodeRow | undefined)[], names: readonly string[]): FeatureMatrix => ({
  rows: rows.length,
  names,
  columns: names.map((_, j) => Float32Array.from(rows, (row) => row?.features[j] ?? Number.NaN)),
})

const labelOf = (value: unknown, name: string): -1 | 0 | 1 => {
  if (value === undefined || value === null || value === '') return -1
  // A float column of pandas writes 1.0 and 0.0.
  const label = labelWords.get(String(value).toLowerCase().replace(/\.0+$/, ''))
  if (label === undefined)
    throw new RingfenceError('model.table', `The label of ${name} is "${value}"; it must be 1, 0 or empty.`)
  return label
}

const splitOf = (name: string, cells: readonly unknown[], labels: Int8Array, names: readonly string[]): NodeSplit => {
  const parts: Record<Role, number[]> = { train: [], validation: [], test: [] }
  cells.forEach((cell, at) => {
    if (cell === undefined || cell === null || cell === '') return
    const role = roleWords.get(String(cell).toLowerCase())
    if (role === undefined)
      throw new RingfenceError(
        'model.table',
        `The split "${name}" of ${names[at]} is "${cell}"; it must be train, val, test or empty.`,
      )
    // A training row without a label has nothing to say; a test row is scored with or without one.
    if (role === 'test' || labels[at]! >= 0) parts[role].push(at)
  })
  const { train, validation, test } = parts
  return {
    name,
    train: Int32Array.from(train),
    validation: Int32Array.from(validation),
    test: Int32Array.from(test),
  }
}
