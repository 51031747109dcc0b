/** The worker's side of risk that is repaired: lines of a record batch become ties of what the thread holds. */
import {
  type EntityKind,
  entityKindByCode,
  type InteractionType,
  interactionTypeByCode,
  scenarioByCode,
} from '../../graph-schema/schema.js'
import { findEntity, type Snapshot } from '../graph/snapshot.js'
import { domainName } from '../risk/propagation/domains.js'
import type { LiveRisk } from '../risk/propagation/live-risk.js'
import type { RiskField } from '../risk/propagation/propagate.js'

export interface Repair {
  readonly taken: number
  /** Of a market or domain that the propagation did not know: they wait for the graph to be read again. */
  readonly left: number
}

export class Arrivals {
  readonly #snapshot: Snapshot
  readonly #field: RiskField
  readonly #live: LiveRisk
  readonly #markets: ReadonlyMap<string, number>
  /** Entities that the graph did not have when it was read, by `kind:id`. */
  readonly #entered = new Map<string, number>()

  #taken = 0

  constructor(snapshot: Snapshot, field: RiskField, live: LiveRisk) {
    this.#snapshot = snapshot
    this.#field = field
    this.#live = live
    this.#markets = new Map(snapshot.markets.map((market, at) => [market, at]))
  }

  get isEmpty(): boolean {
    return this.#taken === 0
  }

  /** Lines of INTERACTION_COLUMNS, all of them new to the store. */
  take(lines: Uint8Array): Repair {
    const { domainAt, markets } = this.#field.layers
    let left = 0
    const known = []
    for (const line of new TextDecoder().decode(lines).split('\n')) {
      if (line === '') continue
      const [, type, , actorKind, actor, targetKind, target, at, market, scenario, weight] = line.split('\t')
      const place = this.#markets.get(market!)
      if (place === undefined || !(domainAt[Number(scenario) * markets + place]! >= 0)) {
        left++
        continue
      }
      known.push({
        type: interactionTypeByCode[Number(type)] as InteractionType,
        actor: this.#indexOf(entityKindByCode[Number(actorKind)] as EntityKind, actor!),
        target: this.#indexOf(entityKindByCode[Number(targetKind)] as EntityKind, target!),
        scenario: scenarioByCode[Number(scenario)]!,
        market: place,
        at: at === '' ? Number.NaN : Number(at),
        weight: Number(weight),
      })
    }
    this.#live.add(known)
    this.#taken += known.length
    return { taken: known.length, left }
  }

  /** By domain; none for an entity that nothing is known of. */
  riskOf(kind: EntityKind, id: string): readonly { readonly domain: string; readonly risk: number }[] {
    const found = findEntity(this.#snapshot, kind, id)
    const entity = found >= 0 ? found : this.#entered.get(`${kind}:${id}`)
    if (entity === undefined) return []
    const { domains } = this.#field.layers
    return this.#live
      .copiesOf(entity)
      .map(({ node, domain }) => ({ domain: domainName(domains[domain]!), risk: this.#live.riskOf(node) }))
      .sort((a, b) => b.risk - a.risk || (a.domain < b.domain ? -1 : 1))
  }

  #indexOf(kind: EntityKind, id: string): number {
    const found = findEntity(this.#snapshot, kind, id)
    if (found >= 0) return found
    const name = `${kind}:${id}`
    const before = this.#entered.get(name)
    if (before !== undefined) return before
    const index = this.#live.enter(kind)
    this.#entered.set(name, index)
    return index
  }
}
