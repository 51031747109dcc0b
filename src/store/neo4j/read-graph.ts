/**
 * The columns of a snapshot. Neo4j reads what is committed at each moment, so the view is made here: interactions and records
 * of entities carry the number of their batch, and only those up to the last number at the start are taken.
 *
 * Records are slow to send one by one (43 k/s measured), lists are fast, so entities come in pages by their id, which the index
 * gives in order, and interactions in lists for as many actors as make a page. Neither side holds more than a page and the columns.
 */
import {
  entityKind,
  entityKindNames,
  interactionTypeNames,
  interactionTypes,
  scenarios,
} from '../../../graph-schema/schema.js'
import type { RawGraph } from '../../graph/raw-graph.js'
import { sharedFloat32, sharedFloat64, sharedInt32, sharedUint8, sharedUint16 } from '../../graph/shared-arrays.js'
import { type Connection, inRead, rows, type Transaction } from './connection.js'
import { anyInteraction, labelOf, relationshipOf } from './names.js'
import { NodeIndex } from './node-index.js'

const ENTITIES_A_PAGE = 5000
/** Interactions of one page of actors, about; one actor with more is a page of its own. */
const INTERACTIONS_A_PAGE = 20_000
const MAX_MARKETS = 65_536

/** Times as in a list of numbers: -1 is unknown, -2 says that the entity was not recorded by itself. */
const UNKNOWN = -1
const NOT_RECORDED = -2

const entityPageCypher = (label: string): string => `MATCH (n:${label}) USING INDEX n:${label}(id) WHERE n.id > $after
  WITH n ORDER BY n.id LIMIT ${ENTITIES_A_PAGE}
  RETURN collect(id(n)) AS nodes, collect(n.id) AS ids,
    collect(COUNT { (n)-[:${anyInteraction}]->() }) AS degrees,
    collect(CASE
      WHEN NOT coalesce(n.declared, false) THEN ${NOT_RECORDED}.0
      WHEN coalesce(n.batch, 0) <= $batch THEN toFloat(coalesce(n.at, ${UNKNOWN}))
      ELSE toFloat(coalesce(last([i IN range(0, size(coalesce(n.earlier, [])) - 2, 2) WHERE n.earlier[i] <= $batch
        | n.earlier[i + 1]]), ${NOT_RECORDED})) END) AS recorded`

const interactionPageCypher = (label: string): string => `UNWIND $pages AS page
  CALL (page) {
    MATCH (a:${label}) USING INDEX a:${label}(id) WHERE a.id > page[0] AND a.id <= page[1]
    MATCH (a)-[r:${anyInteraction}]->(b)
      WHERE coalesce(r.batch, 0) <= $batch AND ($asOf IS NULL OR r.at IS NULL OR r.at <= $asOf)
    RETURN type(r) AS type, coalesce(r.scenario, '') AS scenario, coalesce(r.market, '') AS market,
      collect(id(a)) AS actors, collect(id(b)) AS targets, collect(toFloat(coalesce(r.at, ${UNKNOWN}))) AS times,
      collect(toFloat(coalesce(r.weight, 1))) AS weights
  }
  RETURN type, scenario, market, actors, targets, times, weights`

interface EntityPage extends Record<string, unknown> {
  readonly nodes: readonly number[]
  readonly ids: readonly string[]
  readonly degrees: readonly number[]
  readonly recorded: readonly number[]
}

interface InteractionPage extends Record<string, unknown> {
  readonly type: string
  readonly scenario: string
  readonly market: string
  readonly actors: readonly number[]
  readonly targets: readonly number[]
  readonly times: readonly number[]
  readonly weights: readonly number[]
}

const typeCodes = new Map(interactionTypeNames.map((type) => [relationshipOf(type), interactionTypes[type].code]))
const typeScenarios = new Map(
  interactionTypeNames.map((type) => [relationshipOf(type), scenarios[interactionTypes[type].scenario].code]),
)
const scenarioCodes = new Map<string, number>(Object.entries(scenarios).map(([name, { code }]) => [name, code]))

/** A range of ids, from after the first to the second, whose actors have about a page of interactions. */
type ActorPage = readonly [after: string, last: string]

class Entities {
  readonly kinds: number[] = []
  readonly ids: string[] = []
  readonly declared: number[] = []
  readonly index = new NodeIndex()
  readonly pages = new Map<string, ActorPage[]>()
  interactions = 0

  async read(tx: Transaction, batch: bigint, asOf: number | null): Promise<void> {
    for (const kind of entityKindNames) {
      const label = labelOf(kind)
      const pages: ActorPage[] = []
      const cypher = entityPageCypher(label)
      const { code } = entityKind(kind)
      let after = ''
      let pageAfter = ''
      let inPage = 0
      for (;;) {
        const [page] = await rows<EntityPage>(tx, cypher, { after, batch })
        const { nodes, ids, degrees, recorded } = page!
        for (let i = 0; i < ids.length; i++) {
          this.index.set(nodes[i]!, this.ids.length)
          this.kinds.push(code)
          this.ids.push(ids[i]!)
          const at = recorded[i]!
          this.declared.push(at !== NOT_RECORDED && (at === UNKNOWN || asOf === null || at <= asOf) ? 1 : 0)
          if (inPage > 0 && inPage + degrees[i]! > INTERACTIONS_A_PAGE) {
            pages.push([pageAfter, after])
            pageAfter = after
            inPage = 0
          }
          inPage += degrees[i]!
          this.interactions += degrees[i]!
          after = ids[i]!
        }
        if (ids.length < ENTITIES_A_PAGE) break
      }
      if (inPage > 0) pages.push([pageAfter, after])
      if (pages.length > 0) this.pages.set(label, pages)
    }
  }

  columns() {
    const entityCount = this.ids.length
    let bytes = 0
    for (const id of this.ids) bytes += Buffer.byteLength(id)
    const names = sharedUint8(bytes)
    const nameOffsets = sharedFloat64(entityCount + 1)
    const text = Buffer.from(names.buffer as unknown as ArrayBuffer)
    let at = 0
    for (let e = 0; e < entityCount; e++) {
      at += text.write(this.ids[e]!, at)
      nameOffsets[e + 1] = at
    }
    const entityKinds = sharedUint8(entityCount)
    entityKinds.set(this.kinds)
    const declared = sharedUint8(entityCount)
    declared.set(this.declared)
    return { entityCount, entityKind: entityKinds, names, nameOffsets, declared }
  }
}

/** Columns for at most `capacity` interactions. */
class Interactions {
  readonly type: Uint8Array
  readonly actor: Int32Array
  readonly target: Int32Array
  readonly at: Float64Array
  readonly weight: Float32Array
  readonly market: Uint16Array
  readonly scenario: Uint8Array
  readonly markets = new Map<string, number>([['', 0]])
  readonly #index: NodeIndex
  count = 0

  constructor(capacity: number, index: NodeIndex) {
    this.#index = index
    this.type = sharedUint8(capacity)
    this.actor = sharedInt32(capacity)
    this.target = sharedInt32(capacity)
    this.at = sharedFloat64(capacity)
    this.weight = sharedFloat32(capacity)
    this.market = sharedUint16(capacity)
    this.scenario = sharedUint8(capacity)
  }

  #marketCode(name: string): number {
    const known = this.markets.get(name)
    if (known !== undefined) return known
    const code = this.markets.size
    if (code >= MAX_MARKETS) throw new RangeError(`the store has more than ${MAX_MARKETS - 1} markets`)
    this.markets.set(name, code)
    return code
  }

  add({ type, scenario, market, actors, targets, times, weights }: InteractionPage): void {
    const from = this.count
    const to = from + actors.length
    if (to > this.type.length) throw new Error(`more interactions came than the ${this.type.length} that were counted`)
    this.type.fill(typeCodes.get(type)!, from, to)
    this.scenario.fill(scenarioCodes.get(scenario) ?? typeScenarios.get(type)!, from, to)
    this.market.fill(this.#marketCode(market), from, to)
    for (let i = 0; i < actors.length; i++) {
      this.actor[from + i] = this.#index.get(actors[i]!)
      this.target[from + i] = this.#index.get(targets[i]!)
      const time = times[i]!
      this.at[from + i] = time === UNKNOWN ? Number.NaN : time
      this.weight[from + i] = weights[i]!
    }
    this.count = to
  }

  columns() {
    const { count, type, actor, target, at, weight, market, scenario } = this
    return {
      markets: [...this.markets.keys()],
      count,
      type: type.subarray(0, count),
      actor: actor.subarray(0, count),
      target: target.subarray(0, count),
      at: at.subarray(0, count),
      weight: weight.subarray(0, count),
      market: market.subarray(0, count),
      scenario: scenario.subarray(0, count),
    }
  }
}

/** Runs again from the start when the server loses the connection: `progress` may then go back. */
export const readGraph = (
  connection: Connection,
  asOf: number | null,
  progress: (done: number) => void = () => {},
): Promise<RawGraph> =>
  inRead(connection, async (tx) => {
    const [sequence] = await rows<{ value: number }>(
      tx,
      "MATCH (s:RingfenceSequence {name: 'batch'}) RETURN s.value AS value",
    )
    const batch = BigInt(sequence?.value ?? 0)
    const entities = new Entities()
    await entities.read(tx, batch, asOf)
    const interactions = new Interactions(entities.interactions, entities.index)
    const parameters = { batch, asOf: asOf === null ? null : BigInt(Math.floor(asOf)) }
    let told = 0
    for (const [label, pages] of entities.pages) {
      const result = tx.run<InteractionPage>(interactionPageCypher(label), { ...parameters, pages })
      for await (const record of result) {
        interactions.add(record.toObject())
        if (interactions.count - told >= INTERACTIONS_A_PAGE) {
          told = interactions.count
          progress(interactions.count / entities.interactions)
        }
      }
    }
    progress(1)
    return { asOf, ...entities.columns(), ...interactions.columns() }
  })
