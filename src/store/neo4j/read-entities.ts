/**
 * The entities of a snapshot, in pages by their id, which the index gives in order: a record a page, not a record an entity.
 */
import { type EntityKind, entityKind, entityKindNames, interactionTypeNames } from '../../../graph-schema/schema.js'
import { sharedFloat64, sharedUint8 } from '../../graph/shared-arrays.js'
import { rows, type Transaction } from './connection.js'
import { labelOf, relationshipOf } from './names.js'
import { NodeIndex } from './node-index.js'

const ENTITIES_A_PAGE = 5000
/** Interactions of one page of actors, about; one actor with more is a page of its own. */
const INTERACTIONS_A_PAGE = 20_000

/** Times as in a list of numbers: -1 is unknown, -2 says that the entity was not recorded by itself. */
const UNKNOWN = -1
const NOT_RECORDED = -2

/** Counts that the database keeps for each label and type; a constant beside `count` would make it scan. */
export const typeCountCypher = (label: string): string =>
  interactionTypeNames
    .map((type) => {
      const name = relationshipOf(type)
      return `MATCH (:${label})-[r:${name}]->() WITH count(r) AS number RETURN '${name}' AS type, number`
    })
    .join(' UNION ALL ')

/** `types`: relationship types that the label's nodes have, as in a pattern; a degree costs a walk for each type that is named. */
export const entityPageCypher = (label: string, types: string): string => `MATCH (n:${label})
    USING INDEX SEEK n:${label}(id) WHERE n.id > $after
  WITH n ORDER BY n.id LIMIT ${ENTITIES_A_PAGE}
  RETURN collect(id(n)) AS nodes, collect(n.id) AS ids,
    ${types === '' ? 'collect(0)' : `collect(COUNT { (n)-[:${types}]->() })`} AS degrees,
    collect(CASE
      WHEN NOT coalesce(n.declared, false) THEN ${NOT_RECORDED}.0
      WHEN coalesce(n.batch, 0) <= $batch THEN toFloat(coalesce(n.at, ${UNKNOWN}))
      ELSE toFloat(coalesce(last([i IN range(0, size(coalesce(n.earlier, [])) - 2, 2) WHERE n.earlier[i] <= $batch
        | n.earlier[i + 1]]), ${NOT_RECORDED})) END) AS recorded`

interface EntityPage extends Record<string, unknown> {
  readonly nodes: readonly number[]
  readonly ids: readonly string[]
  readonly degrees: readonly number[]
  readonly recorded: readonly number[]
}

/** Actors of one label with about a page of interactions: those with ids from after the first to the second. */
export interface ActorPages {
  readonly label: string
  readonly types: string
  readonly ranges: (readonly [after: string, last: string])[]
}

export interface View {
  /** Batches up to this number are seen. */
  readonly batch: bigint
  readonly asOf: number | null
}

export class Entities {
  readonly index = new NodeIndex()
  readonly pages: ActorPages[] = []
  /** At least as many as the view has. */
  interactions = 0
  readonly #kinds: number[] = []
  readonly #ids: string[] = []
  readonly #declared: number[] = []

  async read(tx: Transaction, view: View): Promise<void> {
    for (const kind of entityKindNames) {
      const counts = await rows<{ type: string; number: number }>(tx, typeCountCypher(labelOf(kind)))
      const types = counts.filter(({ number }) => number > 0).map(({ type }) => type)
      await this.#readKind(tx, view, { kind, types: types.join('|') })
    }
  }

  async #readKind(
    tx: Transaction,
    view: View,
    { kind, types }: { readonly kind: EntityKind; readonly types: string },
  ): Promise<void> {
    const pages: ActorPages = { label: labelOf(kind), types, ranges: [] }
    const cypher = entityPageCypher(pages.label, types)
    let after = ''
    let pageAfter = ''
    let inPage = 0
    for (let isLast = false; !isLast; ) {
      const [page] = await rows<EntityPage>(tx, cypher, { after, batch: view.batch })
      const { nodes, ids, degrees, recorded } = page!
      for (let i = 0; i < ids.length; i++) {
        const degree = degrees[i] ?? 0
        if (inPage > 0 && inPage + degree > INTERACTIONS_A_PAGE) {
          pages.ranges.push([pageAfter, after])
          pageAfter = after
          inPage = 0
        }
        inPage += degree
        this.interactions += degree
        after = ids[i]!
        const at = recorded[i]!
        const isKnown = at !== NOT_RECORDED && (at === UNKNOWN || view.asOf === null || at <= view.asOf)
        this.index.set(nodes[i]!, this.#ids.length)
        this.#kinds.push(entityKind(kind).code)
        this.#ids.push(after)
        this.#declared.push(isKnown ? 1 : 0)
      }
      isLast = ids.length < ENTITIES_A_PAGE
    }
    if (inPage > 0) pages.ranges.push([pageAfter, after])
    if (pages.ranges.length > 0) this.pages.push(pages)
  }

  columns() {
    const entityCount = this.#ids.length
    let bytes = 0
    for (const id of this.#ids) bytes += Buffer.byteLength(id)
    const names = sharedUint8(bytes)
    const nameOffsets = sharedFloat64(entityCount + 1)
    const text = Buffer.from(names.buffer as unknown as ArrayBuffer)
    let at = 0
    for (let e = 0; e < entityCount; e++) {
      at += text.write(this.#ids[e]!, at)
      nameOffsets[e + 1] = at
    }
    const kinds = sharedUint8(entityCount)
    kinds.set(this.#kinds)
    const declared = sharedUint8(entityCount)
    declared.set(this.#declared)
    return { entityCount, entityKind: kinds, names, nameOffsets, declared }
  }
}
