/** Domains (a scenario in a market) and the copies of entities in them: one node for each domain that an entity acts in. */
import { interactionType, scenarioByCode, scenarioNames } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import { sharedInt32, sharedUint16 } from '../../graph/shared-arrays.js'
import type { Relation, Snapshot } from '../../graph/snapshot.js'
import type { Check } from '../../kernels/check.js'
import type { RiskDomain } from '../../store/risk-store.js'

export type Domain = RiskDomain

export const domainName = ({ scenario, market }: Domain): string => `${scenario}/${market}`

export interface Layers {
  /** By scenario code, then market. */
  readonly domains: readonly Domain[]
  /** Nodes of entity e are nodeOffsets[e] .. nodeOffsets[e + 1] - 1, by domain. */
  readonly nodeOffsets: Int32Array
  readonly nodeEntity: Int32Array
  readonly nodeDomain: Uint16Array
  /** domainAt[scenario code * markets + market] is the domain, -1 where nothing happened. */
  readonly domainAt: Int32Array
  readonly markets: number
}

/** Types that make an entity act somewhere: decisions of the platform do not. */
export const actingRelations = ({ relations }: Snapshot): readonly Relation[] =>
  relations.filter(({ type }) => !interactionType(type).enforcement)

const BITS = 32
const BLOCK = 1 << 16

const ones = (given: number): number => {
  let bits = given - ((given >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return (((bits + (bits >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24
}

/** Calls `check` now and then while it goes over the interactions of a relation, actor by actor. */
export const eachInteraction = (
  { actorFrom, outOffsets }: Relation,
  check: Check,
  visit: (actor: number, edge: number) => void,
): void => {
  let due = BLOCK
  for (let row = 0; row + 1 < outOffsets.length; row++) {
    for (let edge = outOffsets[row]!, end = outOffsets[row + 1]!; edge < end; edge++) visit(actorFrom + row, edge)
    if (outOffsets[row + 1]! >= due) {
      due = outOffsets[row + 1]! + BLOCK
      check()
    }
  }
}

/** The node of an entity in a domain, -1 where it does not act there. */
export const nodeOf = ({ nodeOffsets, nodeDomain }: Layers, entity: number, domain: number): number => {
  for (let node = nodeOffsets[entity]!; node < nodeOffsets[entity + 1]!; node++)
    if (nodeDomain[node] === domain) return node
  return -1
}

export const domainOfEdge = ({ domainAt, markets }: Layers, relation: Relation, edge: number): number =>
  domainAt[relation.scenario[edge]! * markets + relation.market[edge]!]!

/** Memory: 4 bytes an entity for every 32 domains while it runs, and 4 an entity and 6 a node that stay. Throws `risk.domains`. */
export const layersOf = (snapshot: Snapshot, check: Check): Layers => {
  const markets = snapshot.markets.length
  const domainAt = sharedInt32(scenarioNames.length * markets).fill(-1)
  const relations = actingRelations(snapshot)
  for (const { scenario, market, count } of relations)
    for (let edge = 0; edge < count; edge++) domainAt[scenario[edge]! * markets + market[edge]!] = 0
  const domains: Domain[] = []
  for (let at = 0; at < domainAt.length; at++)
    if (domainAt[at] === 0) {
      domainAt[at] = domains.length
      domains.push({
        scenario: scenarioByCode[Math.floor(at / markets)]!,
        market: snapshot.markets[at % markets]!,
      })
    }
  if (domains.length > 2 ** 16)
    throw new RingfenceError('risk.domains', `There are ${domains.length} domains; is another column mapped to market?`)
  const words = Math.max(1, Math.ceil(domains.length / BITS))
  const n = snapshot.entities.count
  const masks = new Int32Array(n * words)
  for (const relation of relations) {
    const { scenario, market, target } = relation
    eachInteraction(relation, check, (actor, edge) => {
      const domain = domainAt[scenario[edge]! * markets + market[edge]!]!
      const word = domain >>> 5
      const bit = 1 << (domain & 31)
      masks[actor * words + word]! |= bit
      masks[target[edge]! * words + word]! |= bit
    })
  }
  const nodeOffsets = sharedInt32(n + 1)
  for (let entity = 0; entity < n; entity++) {
    let copies = 0
    for (let word = 0; word < words; word++) copies += ones(masks[entity * words + word]!)
    nodeOffsets[entity + 1] = nodeOffsets[entity]! + copies
  }
  const nodeEntity = sharedInt32(nodeOffsets[n]!)
  const nodeDomain = sharedUint16(nodeOffsets[n]!)
  let node = 0
  for (let entity = 0; entity < n; entity++)
    for (let word = 0; word < words; word++)
      for (let bits = masks[entity * words + word]!; bits !== 0; bits &= bits - 1) {
        nodeEntity[node] = entity
        nodeDomain[node++] = word * BITS + (31 - Math.clz32(bits & -bits))
      }
  return { domains, nodeOffsets, nodeEntity, nodeDomain, domainAt, markets }
}
