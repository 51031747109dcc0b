/**
 * The entities of a snapshot, in pages by their id, which the index gives in order: a record a page, not a record an entity.
 */
import { type EntityKind, entityKind, entityKindNames, interactionTypeNames } from '../../../graph-schema/schema.js'
import { sharedFloat64, sharedUint8 } from '../../graph/shared-arrays.js'
import { rows, type Transaction } from './connection.js'
import { labelOf, relationshipOf } from './names.js'
import { NodeIndex } from './node-index.js'

const ENTITIES_A_PAGE = 2000
/**
 * Interactions of one page of actors, about; one actor with more is a page of its own. Records of more than 64 KiB come in pieces,
 * which the driver reads at half the speed.
 */
const INTERACTIONS_A_PAGE = 5000

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

/** Arrays that grow as entities come. */
class EntityColumns {
  #kind = new Uint8Array(ENTITIES_A_PAGE)
  #declared = new Uint8Array(ENTITIES_A_PAGE)
  /** Position in the names after each entity. */
  #end = new Float64Array(ENTITIES_A_PAGE)
  #names = Buffer.alloc(ENTITIES_A_PAGE)
  #bytes = 0
  count = 0

  #grow(): void {
    const longer = <T extends Uint8Array | Float64Array>(old: T, array: T): T => {
      array.set(old)
      return array
    }
    const size = this.count * 2
    this.#kind = longer(this.#kind, new Uint8Array(size))
    this.#declared = longer(this.#declared, new Uint8Array(size))
    this.#end = longer(this.#end, new Float64Array(size))
  }

  add(kind: number, id: string, declared: boolean): void {
    if (this.count === this.#kind.length) this.#grow()
    // A character of a string takes three bytes at most.
    const most = this.#bytes + 3 * id.length
    if (most > this.#names.length) this.#names = Buffer.concat([this.#names], 2 * most)
    this.#bytes += this.#names.write(id, this.#bytes)
    this.#kind[this.count] = kind
    this.#declared[this.count] = declared ? 1 : 0
    this.#end[this.count++] = this.#bytes
  }

  columns() {
    const { count } = this
    const names = sharedUint8(this.#bytes)
    names.set(this.#names.subarray(0, this.#bytes))
    const nameOffsets = sharedFloat64(count + 1)
    nameOffsets.set(this.#end.subarray(0, count), 1)
    const entityKind = sharedUint8(count)
    entityKind.set(this.#kind.subarray(0, count))
    const declared = sharedUint8(count)
    declared.set(this.#declared.subarray(0, count))
    return { entityCount: count, entityKind, names, nameOffsets, declared }
  }
}

export class Entities {
  readonly index = new NodeIndex()
  readonly pages: ActorPages[] = []
  /** At least as many as the view has. */
  interactions = 0
  readonly #columns = new EntityColumns()

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
    const { code } = entityKind(kind)
    const cypher = entityPageCypher(pages.label, types)
    const pageAfter = (id: string): Promise<readonly EntityPage[]> =>
      rows<EntityPage>(tx, cypher, { after: id, batch: view.batch })
    let after = ''
    let rangeAfter = ''
    let inRange = 0
    for (let next: Promise<readonly EntityPage[]> | null = pageAfter(''); next !== null; ) {
      const page: EntityPage = (await next)[0]!
      const { nodes, ids, degrees, recorded } = page
      // The server reads the next page while this one is taken.
      next = ids.length < ENTITIES_A_PAGE ? null : pageAfter(ids.at(-1)!)
      for (let i = 0; i < ids.length; i++) {
        const degree = degrees[i] ?? 0
        if (inRange > 0 && inRange + degree > INTERACTIONS_A_PAGE) {
          pages.ranges.push([rangeAfter, after])
          rangeAfter = after
          inRange = 0
        }
        inRange += degree
        this.interactions += degree
        after = ids[i]!
        const at = recorded[i]!
        const isKnown = at !== NOT_RECORDED && (at === UNKNOWN || view.asOf === null || at <= view.asOf)
        this.index.set(nodes[i]!, this.#columns.count)
        this.#columns.add(code, after, isKnown)
      }
    }
    if (inRange > 0) pages.ranges.push([rangeAfter, after])
    if (pages.ranges.length > 0) this.pages.push(pages)
  }

  columns() {
    return this.#columns.columns()
  }
}
