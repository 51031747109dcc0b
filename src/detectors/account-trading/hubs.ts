/**
 * What handed-over accounts have in common: identifiers of before and after, partners of transfers within days of the handover, and
 * the people who act for them; public places (public-places.ts) are none. Each is a hub; how many of all eligible accounts touch it is counted once.
 *
 * Hubs are numbered: identifiers first (entity minus targetFrom of `uses`), then users.
 */
import { entityKinds } from '../../../graph-schema/schema.js'
import { type Relation, relationOf, type Snapshot } from '../../graph/snapshot.js'
import type { Population } from './population.js'

const CHECK_EVERY = 65_536

/** The rows of one entity in a relation, by its outgoing or incoming side; empty where it is outside. */
export const outgoing = (relation: Relation, entity: number): readonly [number, number] => {
  const row = entity - relation.actorFrom
  return row < 0 || row + 1 >= relation.outOffsets.length
    ? [0, 0]
    : [relation.outOffsets[row]!, relation.outOffsets[row + 1]!]
}

export const incoming = (relation: Relation, entity: number): readonly [number, number] => {
  const row = entity - relation.targetFrom
  return row < 0 || row + 1 >= relation.inOffsets.length
    ? [0, 0]
    : [relation.inOffsets[row]!, relation.inOffsets[row + 1]!]
}

/** Calls back for every transfer of a user: the other user, the edge, and whether the user gives. */
export const eachTransfer = (
  transfers: Relation,
  user: number,
  each: (other: number, edge: number, gives: boolean) => void,
): void => {
  const [from, to] = outgoing(transfers, user)
  for (let e = from; e < to; e++) if (transfers.target[e] !== user) each(transfers.target[e]!, e, true)
  const [start, end] = incoming(transfers, user)
  for (let i = start; i < end; i++)
    if (transfers.source[i] !== user) each(transfers.source[i]!, transfers.inEdge[i]!, false)
}

export class Hubs {
  readonly #snapshot: Snapshot
  readonly #relation: Relation
  readonly #transfers: Relation | undefined
  readonly #operates: Relation | undefined
  readonly #near: number
  readonly #userFrom: number
  /** Identifiers. */
  readonly #identifiers: number
  /** Eligible accounts of each hub. */
  readonly degree: Int32Array
  /** Hubs with two eligible accounts or more: those that could tie. */
  readonly shareable: number
  readonly #isPublic: Uint8Array
  /** Room to count in, one place a hub: all 0 between uses. */
  readonly tally: Int32Array
  readonly #found: number[] = []

  /** `near`: milliseconds between a handover and a transfer that goes with it. */
  constructor(snapshot: Snapshot, population: Population, near: number, checkCancelled: () => void) {
    const { relation, eligible } = population
    const { kindOffsets } = snapshot.entities
    this.#snapshot = snapshot
    this.#relation = relation
    this.#transfers = relationOf(snapshot, 'transfer')
    this.#operates = relationOf(snapshot, 'operates')
    this.#near = near
    this.#isPublic = population.isPublic
    this.#userFrom = kindOffsets[entityKinds.user.code]!
    this.#identifiers = relation.inOffsets.length - 1
    const users = kindOffsets[entityKinds.user.code + 1]! - this.#userFrom
    const degree = new Int32Array(this.#identifiers + users)
    for (let row = 0; row < eligible.length; row++) {
      if (row % CHECK_EVERY === 0) checkCancelled()
      if (eligible[row] === 0) continue
      const [from, to] = [relation.outOffsets[row]!, relation.outOffsets[row + 1]!]
      for (let e = from; e < to; e++)
        if (e === from || relation.target[e] !== relation.target[e - 1])
          degree[relation.target[e]! - relation.targetFrom]!++
    }
    const isEligible = (entity: number): boolean => eligible[entity - relation.actorFrom] === 1
    const countEnds = (other: Relation | undefined, actorsAre: boolean, targetsAre: boolean): void => {
      if (!other) return
      for (let row = 0; row + 1 < other.outOffsets.length; row++) {
        if (row % CHECK_EVERY === 0) checkCancelled()
        const actor = other.actorFrom + row
        for (let e = other.outOffsets[row]!; e < other.outOffsets[row + 1]!; e++) {
          const target = other.target[e]!
          if (target === actor || (e > other.outOffsets[row]! && target === other.target[e - 1])) continue
          if (actorsAre && isEligible(target)) degree[this.ofUser(actor)]!++
          if (targetsAre && isEligible(actor)) degree[this.ofUser(target)]!++
        }
      }
    }
    countEnds(this.#transfers, true, true)
    countEnds(this.#operates, true, false)
    for (let place = 0; place < this.#identifiers; place++) if (this.#isPublic[place] === 1) degree[place] = 0
    this.degree = degree
    this.tally = new Int32Array(degree.length)
    let shareable = 0
    for (const accounts of degree) if (accounts > 1) shareable++
    this.shareable = shareable
  }

  ofUser(entity: number): number {
    return this.#identifiers + entity - this.#userFrom
  }

  /** Whether the hub is a person, not an identifier. */
  isUser(hub: number): boolean {
    return hub >= this.#identifiers
  }

  entity(hub: number): number {
    return this.isUser(hub) ? this.#userFrom + hub - this.#identifiers : this.#relation.targetFrom + hub
  }

  /** Distinct hubs of an account that changes hands at `at`, ascending; the array is used again by the next call. */
  of(row: number, at: number): readonly number[] {
    const relation = this.#relation
    const found = this.#found
    found.length = 0
    for (let e = relation.outOffsets[row]!; e < relation.outOffsets[row + 1]!; e++)
      if (e === relation.outOffsets[row] || relation.target[e] !== relation.target[e - 1]) {
        const hub = relation.target[e]! - relation.targetFrom
        if (this.#isPublic[hub] === 0) found.push(hub)
      }
    const entity = relation.actorFrom + row
    const people: number[] = []
    if (this.#transfers) {
      const { at: times } = this.#transfers
      eachTransfer(this.#transfers, entity, (other, edge) => {
        if (Math.abs(times[edge]! - at) <= this.#near) people.push(this.ofUser(other))
      })
    }
    if (this.#operates) {
      const [from, to] = incoming(this.#operates, entity)
      for (let i = from; i < to; i++)
        if (this.#operates.source[i] !== entity) people.push(this.ofUser(this.#operates.source[i]!))
    }
    people.sort((a, b) => a - b)
    people.forEach((hub, i) => {
      if (i === 0 || hub !== people[i - 1]) found.push(hub)
    })
    return found
  }

  get snapshot(): Snapshot {
    return this.#snapshot
  }
}
