/**
 * The columns of a snapshot. Neo4j reads what is committed at each moment, so the view is made here: interactions and records
 * of entities carry the number of their batch, and only those up to the last number at the start are taken. That makes a view
 * that several transactions share, so pages are read side by side.
 *
 * Records are slow to send one by one (43 k/s measured), lists are fast: a record has a page of actors' interactions of one type,
 * scenario and market. Most weights are 1, and those are not sent. The server holds no more than the pages that are being read.
 */
import { interactionTypeNames, interactionTypes, scenarios } from '../../../graph-schema/schema.js'
import { type Carriers, sharedCarriers } from '../../graph/carriers.js'
import { fingerprintOf, type RawFingerprints } from '../../graph/fingerprints.js'
import { type RawRatings, ratingOf } from '../../graph/ratings.js'
import type { RawGraph } from '../../graph/raw-graph.js'
import {
  sharedFloat32,
  sharedFloat64,
  sharedInt32,
  sharedUint8,
  sharedUint16,
  sharedUint32,
} from '../../graph/shared-arrays.js'
import { type Connection, inRead, rows, type Transaction } from './connection.js'
import { relationshipOf } from './names.js'
import type { NodeIndex } from './node-index.js'
import { type ActorPages, Entities, type View } from './read-entities.js'

/** Pages of one transaction: enough to hide the trips, few enough to be read again where a batch came between. */
const PAGES_A_TASK = 8
/** Transactions side by side; the server spends one core on each. */
const READERS = 4
const MAX_MARKETS = 65_536
/** In a list of times. */
const UNKNOWN = -1
const PUBLISH = relationshipOf('publish')
const REVIEW = relationshipOf('review')

/** `filters`: reading a property to compare it costs a third of the whole, so what need not be compared is left out. */
export const interactionPageCypher = (
  { label, types }: Pick<ActorPages, 'label' | 'types'>,
  filters: { readonly batch: boolean; readonly asOf: boolean },
): string => {
  const conditions = [
    ...(filters.batch ? ['coalesce(r.batch, 0) <= $batch'] : []),
    ...(filters.asOf ? ['(r.at IS NULL OR r.at <= $asOf)'] : []),
  ]
  const carrying = types.split('|').filter((type) => type === PUBLISH || type === REVIEW)
  return `UNWIND $ranges AS range
  CALL (range) {
    MATCH (a:${label}) USING INDEX SEEK a:${label}(id) WHERE a.id > range[0] AND a.id <= range[1]
    MATCH (a)-[r:${types}]->(b)${conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''}
    RETURN type(r) AS type, coalesce(r.scenario, '') AS scenario, coalesce(r.market, '') AS market,
      collect(id(a)) AS actors, collect(id(b)) AS targets, collect(toFloat(coalesce(r.at, ${UNKNOWN}))) AS times,
      coalesce(r.weight, 1) = 1 AS unweighted,
      collect(CASE r.weight WHEN 1 THEN null ELSE toFloat(coalesce(r.weight, 1)) END) AS weights,
      ${carrying.length > 0 ? `collect(CASE WHEN type(r) IN ${JSON.stringify(carrying)} THEN coalesce(r.attributes, '') END)` : '[]'} AS attributes
  }
  RETURN type, scenario, market, unweighted, actors, targets, times, weights, attributes`
}

interface InteractionPage extends Record<string, unknown> {
  readonly type: string
  readonly scenario: string
  readonly market: string
  readonly actors: readonly number[]
  readonly targets: readonly number[]
  readonly times: readonly number[]
  /** All of weight 1, which most are: then `weights` does not matter. */
  readonly unweighted: boolean
  readonly weights: readonly number[]
  /** JSON text of each `publish` and `review`, '' where there is none; empty for other types. */
  readonly attributes: readonly string[]
}

const typeCodes = new Map(interactionTypeNames.map((type) => [relationshipOf(type), interactionTypes[type].code]))
const typeScenarios = new Map(
  interactionTypeNames.map((type) => [relationshipOf(type), scenarios[interactionTypes[type].scenario].code]),
)
const scenarioCodes = new Map<string, number>(Object.entries(scenarios).map(([name, { code }]) => [name, code]))

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
  readonly #fingerprints: { interaction: number; high: number; low: number }[] = []
  readonly #ratings: { interaction: number; value: number }[] = []
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

  add({ type, scenario, market, unweighted, actors, targets, times, weights, attributes }: InteractionPage): void {
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
      this.weight[from + i] = unweighted ? 1 : weights[i]!
    }
    for (let i = 0; i < attributes.length; i++) {
      const text = attributes[i]!
      if (type === PUBLISH && text.includes('"fingerprint":')) {
        const found = fingerprintOf(JSON.parse(text).fingerprint)
        if (found) this.#fingerprints.push({ interaction: from + i, ...found })
      } else if (type === REVIEW && text.includes('"rating":')) {
        const value = ratingOf(JSON.parse(text).rating)
        if (value !== null) this.#ratings.push({ interaction: from + i, value })
      }
    }
    this.count = to
  }

  #carriers(found: readonly { readonly interaction: number }[]): Carriers {
    const carriers = sharedCarriers(found.length)
    found.forEach(({ interaction }, i) => {
      carriers.actor[i] = this.actor[interaction]!
      carriers.target[i] = this.target[interaction]!
      carriers.at[i] = this.at[interaction]!
    })
    return carriers
  }

  fingerprints(): RawFingerprints {
    const found = this.#fingerprints
    const high = sharedUint32(found.length)
    const low = sharedUint32(found.length)
    found.forEach((each, i) => {
      high[i] = each.high
      low[i] = each.low
    })
    return { ...this.#carriers(found), high, low }
  }

  ratings(): RawRatings {
    const value = sharedUint8(this.#ratings.length)
    value.set(this.#ratings.map((each) => each.value))
    return { ...this.#carriers(this.#ratings), value }
  }

  columns() {
    const { count, type, actor, target, at, weight, market, scenario } = this
    return {
      fingerprints: this.fingerprints(),
      ratings: this.ratings(),
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

/** The number of the last write; what carries a later one came after. */
export const lastBatch = async (tx: Transaction): Promise<bigint> => {
  const [sequence] = await rows<{ value: number }>(
    tx,
    "MATCH (s:RingfenceSequence {name: 'batch'}) RETURN s.value AS value",
  )
  return BigInt(sequence?.value ?? 0)
}

/** While no batch was added since the view was taken, all that is there belongs to it; else it is read again with a filter. */
const readTask = (connection: Connection, view: View, task: ActorPages): Promise<readonly InteractionPage[]> =>
  inRead(connection, async (tx) => {
    const asOf = view.asOf === null ? null : BigInt(Math.floor(view.asOf))
    const read = (batch: boolean): Promise<readonly InteractionPage[]> =>
      rows<InteractionPage>(tx, interactionPageCypher(task, { batch, asOf: asOf !== null }), {
        ranges: task.ranges,
        batch: view.batch,
        asOf,
      })
    if ((await lastBatch(tx)) === view.batch) {
      const pages = await read(false)
      if ((await lastBatch(tx)) === view.batch) return pages
    }
    return read(true)
  })

const tasksOf = (pages: readonly ActorPages[]): ActorPages[] =>
  pages.flatMap(({ label, types, ranges }) =>
    Array.from({ length: Math.ceil(ranges.length / PAGES_A_TASK) }, (_, i) => ({
      label,
      types,
      ranges: ranges.slice(i * PAGES_A_TASK, (i + 1) * PAGES_A_TASK),
    })),
  )

export const readGraph = async (
  connection: Connection,
  asOf: number | null,
  progress: (done: number) => void = () => {},
): Promise<RawGraph> => {
  const { entities, view } = await inRead(connection, async (tx) => {
    const seen: View = { batch: await lastBatch(tx), asOf }
    const found = new Entities()
    await found.read(tx, seen)
    return { entities: found, view: seen }
  })
  const interactions = new Interactions(entities.interactions, entities.index)
  const tasks = tasksOf(entities.pages).reverse()
  const reader = async (): Promise<void> => {
    for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
      try {
        for (const page of await readTask(connection, view, task)) interactions.add(page)
        progress(interactions.count / entities.interactions)
      } catch (error) {
        tasks.length = 0
        throw error
      }
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: READERS }, reader))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  progress(1)
  return { asOf, ...entities.columns(), ...interactions.columns() }
}
