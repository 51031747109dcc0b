/**
 * Merged rings of one snapshot into the records that a store keeps: names instead of indices, a stable id, and for each fact the
 * keys of the interactions that show it.
 */
import { createHash } from 'node:crypto'
import { type InteractionType, interactionTypeNames, type Scenario, scenarioByCode } from '../../graph-schema/schema.js'
import type { Fact } from '../detectors/detector.js'
import { mapCount } from '../graph/fact-count.js'
import { actorOf } from '../graph/interactions-at.js'
import { entityId, entityName, kindOf, relationOf, type Snapshot } from '../graph/snapshot.js'
import type { FactRecord, InteractionKey, Lineage, MemberRecord, RingRecord } from '../store/store.js'
import { continueRings, type LineageOptions } from './history.js'
import type { MergedRing } from './merge.js'

/** A fact lists its first interactions by time up to this many and says how many there are: a person checks some, not a million. */
export const INTERACTIONS_PER_FACT = 1000

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

interface DraftFact extends Omit<FactRecord, 'interactions' | 'digests'> {
  /** Tags of the keys that this fact asked for. */
  readonly tags: readonly number[]
}

export interface RingDraft extends Omit<RingRecord, 'facts'> {
  readonly facts: readonly DraftFact[]
}

export interface RingDrafts {
  readonly rings: readonly RingDraft[]
  /** Each tag once; facts refer to them. */
  readonly keys: readonly InteractionKey[]
  readonly lineage: Lineage
}

/**
 * The id under which a ring is born follows from who is in it, so that the same data gives the same id. Accounts alone count: a ring that buys for one
 * more video is the same ring.
 */
const ringId = (members: readonly MemberRecord[], detectors: readonly string[]): string => {
  const hash = createHash('sha256')
  for (const member of members) if (member.role !== 'beneficiary') hash.update(`${member.kind}:${member.id}\n`)
  return `r-${hash.update(detectors.join()).digest('hex').slice(0, 16)}`
}

class KeyCollector {
  readonly keys: InteractionKey[] = []
  readonly #tags = new Map<string, number>()
  readonly #snapshot: Snapshot

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot
  }

  /** The tag of the interactions like the one at `edge`: those equal in type, ends and time cannot be told apart here. */
  tag(type: InteractionType, actor: number, target: number, at: number): number {
    const text = `${type} ${actor} ${target} ${at}`
    const known = this.#tags.get(text)
    if (known !== undefined) return known
    const tag = this.keys.length
    const end = (entity: number) => ({ kind: kindOf(this.#snapshot, entity), id: entityId(this.#snapshot, entity) })
    this.keys.push({ tag, type, actor: end(actor), target: end(target), at: Number.isNaN(at) ? null : at })
    this.#tags.set(text, tag)
    return tag
  }
}

interface EdgeSummary {
  readonly types: Set<InteractionType>
  readonly markets: Set<string>
  readonly scenarios: Set<Scenario>
}

const draftFact = (snapshot: Snapshot, fact: Fact, collector: KeyCollector, summary: EdgeSummary): DraftFact => {
  const shown: { type: InteractionType; actor: number; target: number; at: number }[] = []
  let count = 0
  for (const { type, edges } of fact.shows) {
    const relation = relationOf(snapshot, type)
    if (!relation) continue
    summary.types.add(type)
    count += edges.length
    for (const edge of edges) {
      const market = snapshot.markets[relation.market[edge]!]
      if (market) summary.markets.add(market)
      summary.scenarios.add(scenarioByCode[relation.scenario[edge]!]!)
      shown.push({
        type,
        actor: actorOf(relation, edge),
        target: relation.target[edge]!,
        at: relation.at[edge]!,
      })
    }
  }
  const time = (at: number): number => (Number.isNaN(at) ? Number.POSITIVE_INFINITY : at)
  shown.sort(
    (a, b) => (time(a.at) === time(b.at) ? 0 : time(a.at) - time(b.at)) || a.actor - b.actor || a.target - b.target,
  )
  const tags = new Set(shown.slice(0, INTERACTIONS_PER_FACT).map((s) => collector.tag(s.type, s.actor, s.target, s.at)))
  const { code, sentence, observed, expected, unit } = fact
  const rule = mapCount(fact.count, (entity) => entityName(snapshot, entity))
  return { code, sentence, observed, expected, unit, interactionCount: count, count: rule, tags: [...tags] }
}

/** Rings go on under the ids that they have in the memory of the base run. */
export const draftRings = (
  snapshot: Snapshot,
  rings: readonly MergedRing[],
  lineageOptions: LineageOptions,
): RingDrafts => {
  const collector = new KeyCollector(snapshot)
  const drafts = rings.map((ring): RingDraft => {
    const members = ring.members
      .map(
        (member): MemberRecord => ({
          kind: kindOf(snapshot, member.entity),
          id: entityId(snapshot, member.entity),
          role: member.role,
          score: member.membership,
        }),
      )
      .sort((a, b) => byBytes(`${a.kind}:${a.id}`, `${b.kind}:${b.id}`))
    const summary: EdgeSummary = { types: new Set(), markets: new Set(), scenarios: new Set() }
    const facts = ring.facts.map((fact) => draftFact(snapshot, fact, collector, summary))
    return {
      id: ringId(members, ring.detectors),
      score: ring.nats,
      fdr: ring.fdr,
      behaviours: ring.behaviours,
      detectors: ring.detectors,
      window: ring.window,
      types: interactionTypeNames.filter((type) => summary.types.has(type)),
      markets: [...summary.markets].sort(byBytes),
      scenarios: [...summary.scenarios].sort(),
      members,
      facts,
    }
  })
  const { ids, lineage } = continueRings(drafts, lineageOptions)
  const named = drafts
    .map((draft, index) => ({ ...draft, id: ids[index]! }))
    .sort((a, b) => b.score - a.score || byBytes(a.id, b.id))
  return { rings: named, keys: collector.keys, lineage }
}
