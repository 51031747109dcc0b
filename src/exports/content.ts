/**
 * What is exported, as one reader may see it: rings with members, facts and life, and the graph among their entities, read from the store
 * piece by piece, so that memory holds rings and names of entities but no interaction longer than it takes to write it.
 */
import type { EntityKind } from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import { mapCount } from '../graph/fact-count.js'
import { refKey, refsOf } from '../rings/evidence.js'
import type {
  EntityRecord,
  EntityRef,
  FactRecord,
  GraphStore,
  InteractionRecord,
  InteractionRef,
  MemberRecord,
  RecordedRingEvent,
  RingRecord,
  RunRecord,
} from '../store/store.js'
import type { Names } from './names.js'

export interface Membership {
  readonly ring: string
  readonly role: string
  readonly score: number
}

/** Ids are those that the reader sees. */
export interface ExportNode extends EntityRecord {
  /** `kind:id`. */
  readonly name: string
  /** By falling strength, then ring. */
  readonly memberships: readonly Membership[]
}

export interface ExportEdge extends InteractionRecord {
  /** The facts that it shows, as `ring/number of the fact from 1`. */
  readonly evidence: readonly string[]
}

/** One interaction that shows a fact; without ends where the store has it no more. */
export interface EvidenceRow {
  readonly ring: string
  /** From 1, in the order of the ring's facts. */
  readonly fact: number
  readonly type: string
  readonly id: string
  readonly record: InteractionRecord | null
}

export interface ExportScope {
  /** For the manifest: what was asked for. */
  readonly asked: Readonly<Record<string, unknown>> & { readonly entity?: EntityRef }
  readonly run: RunRecord
  readonly rings: readonly RingRecord[]
  /** Entities beside the rings' own; null: the whole graph of the run. */
  readonly more: readonly EntityRef[] | null
  /** What was left out, in words; empty where nothing was. */
  readonly leftOut: readonly string[]
}

export interface GraphTaker {
  nodes(batch: readonly ExportNode[]): Promise<void>
  edges(batch: readonly ExportEdge[]): Promise<void>
}

export interface RingEvidence {
  /** Masked as the reader sees it. */
  readonly ring: RingRecord
  readonly rows: readonly EvidenceRow[]
}

/** Interactions that are looked up at once: each look-up passes over the store's table once. */
const REFS_AT_ONCE = 50_000

const nameOf = ({ kind, id }: EntityRef): string => `${kind}:${id}`

const refOf = (name: string): EntityRef => {
  const colon = name.indexOf(':')
  return { kind: name.slice(0, colon) as EntityKind, id: name.slice(colon + 1) }
}

const byStrength = (a: Membership, b: Membership): number => b.score - a.score || (a.ring < b.ring ? -1 : 1)

export class ExportContent {
  readonly scope: ExportScope
  readonly names: Names
  readonly #store: GraphStore
  readonly #signal: AbortSignal | undefined
  /** By raw `kind:id`. */
  readonly #memberships = new Map<string, Membership[]>()
  /** By refKey. */
  readonly #shown = new Map<string, string[]>()
  /** Raw names of the entities of the rings: members, ends of evidence, entities that facts name. */
  readonly #known = new Set<string>()
  /** Counted as they are written. */
  readonly counts = { nodes: 0, edges: 0, members: 0, facts: 0, evidence: 0, evidenceLost: 0 }

  private constructor(store: GraphStore, scope: ExportScope, names: Names, signal: AbortSignal | undefined) {
    this.#store = store
    this.scope = scope
    this.names = names
    this.#signal = signal
  }

  /** Throws what the store throws. */
  static async open(store: GraphStore, scope: ExportScope, names: Names, signal?: AbortSignal): Promise<ExportContent> {
    const content = new ExportContent(store, scope, names, signal)
    await content.#learn()
    return content
  }

  #checkCancelled(): void {
    if (this.#signal?.aborted)
      throw new RingfenceError('job.cancelled', 'The export was stopped; no part of it is left.')
  }

  async #learn(): Promise<void> {
    const { rings, more } = this.scope
    for (const entity of more ?? []) this.#known.add(nameOf(entity))
    for (const ring of rings) {
      this.counts.facts += ring.facts.length
      this.counts.members += ring.members.length
      for (const member of ring.members) {
        const name = nameOf(member)
        this.#known.add(name)
        const membership = { ring: ring.id, role: member.role, score: member.score }
        const known = this.#memberships.get(name)
        if (known) known.push(membership)
        else this.#memberships.set(name, [membership])
      }
      ring.facts.forEach((fact, place) => {
        if (fact.count)
          mapCount(fact.count, (name) => {
            this.#known.add(name)
            return name
          })
        for (const ref of fact.interactions) {
          const key = refKey(ref)
          const mark = `${ring.id}/${place + 1}`
          const marks = this.#shown.get(key)
          if (marks) marks.push(mark)
          else this.#shown.set(key, [mark])
        }
      })
    }
    for (const memberships of this.#memberships.values()) memberships.sort(byStrength)
    const refs = refsOf(rings.flatMap(({ facts }) => facts))
    this.counts.evidence = rings.reduce(
      (sum, { facts }) => sum + facts.reduce((all, { interactions }) => all + interactions.length, 0),
      0,
    )
    let found = 0
    for (let from = 0; from < refs.length; from += REFS_AT_ONCE)
      for (const { actor, target } of await this.#store.readInteractions(refs.slice(from, from + REFS_AT_ONCE))) {
        this.#checkCancelled()
        found++
        this.#known.add(nameOf(actor)).add(nameOf(target))
      }
    this.counts.evidenceLost = refs.length - found
  }

  readonly #isKnown = (kind: EntityKind, id: string): boolean => this.#known.has(`${kind}:${id}`)

  /** A ring as the reader sees it. */
  ring(ring: RingRecord): RingRecord {
    if (!this.names.masked) return ring
    return {
      ...ring,
      members: ring.members.map((member): MemberRecord => ({ ...member, id: this.names.id(member) })),
      facts: ring.facts.map(
        (fact): FactRecord => ({
          ...fact,
          sentence: this.names.sentence(fact.sentence, this.#isKnown),
          count: fact.count && mapCount(fact.count, (name) => this.names.name(refOf(name))),
          // They have no key: whoever knows the rest of a record could find an identifier by trying.
          digests: [],
        }),
      ),
    }
  }

  history(ring: string): Promise<readonly RecordedRingEvent[]> {
    return this.#store.readHistory(ring)
  }

  /** The interactions that show the facts of each ring, in order: some rings at once are looked up together. */
  async eachRing(take: (found: RingEvidence) => Promise<void>): Promise<void> {
    let group: RingRecord[] = []
    let refs = 0
    const flush = async (): Promise<void> => {
      const records = new Map(
        (await this.#store.readInteractions(refsOf(group.flatMap(({ facts }) => facts)))).map((each) => [
          refKey(each),
          each,
        ]),
      )
      for (const ring of group) {
        this.#checkCancelled()
        const rows = ring.facts.flatMap((fact, place) =>
          fact.interactions.map((ref) => this.#evidenceRow(ring.id, place + 1, ref, records.get(refKey(ref)))),
        )
        await take({ ring: this.ring(ring), rows })
      }
      group = []
      refs = 0
    }
    for (const ring of this.scope.rings) {
      group.push(ring)
      for (const fact of ring.facts) refs += fact.interactions.length
      if (refs >= REFS_AT_ONCE) await flush()
    }
    await flush()
  }

  #evidenceRow(ring: string, fact: number, ref: InteractionRef, record: InteractionRecord | undefined): EvidenceRow {
    const { names } = this
    if (!record) return { ring, fact, type: ref.type, id: names.lostInteractionId(ref), record: null }
    const seen = this.#seen(record)
    return { ring, fact, type: ref.type, id: seen.id, record: seen }
  }

  #seen(record: InteractionRecord): InteractionRecord {
    const { names } = this
    if (!names.masked) return record
    return {
      ...record,
      id: names.interactionId(record),
      actor: { kind: record.actor.kind, id: names.id(record.actor) },
      target: { kind: record.target.kind, id: names.id(record.target) },
      attributes: names.attributes(record.attributes),
    }
  }

  /** Field by field: a million spreads are a second of garbage. */
  #edge(record: InteractionRecord): ExportEdge {
    const { type, id, actor, target, at, market, scenario, weight, attributes } = this.#seen(record)
    const evidence = this.#shown.get(refKey(record)) ?? NONE
    return { type, id, actor, target, at, market, scenario, weight, attributes, evidence }
  }

  #node(entity: EntityRecord): ExportNode {
    const { names } = this
    const memberships = this.#memberships.get(nameOf(entity)) ?? []
    const id = names.id(entity)
    const attributes = names.masked ? names.attributes(entity.attributes) : entity.attributes
    return { ...entity, id, attributes, name: `${entity.kind}:${id}`, memberships }
  }

  /** Entities first, then the interactions among them, both in the store's order. May be called again: it is the same graph again. */
  async graph(taker: GraphTaker): Promise<void> {
    const { run, more } = this.scope
    const among = more === null ? null : [...this.#known].map(refOf)
    // Rings of other software may have members, and what is lost may have had ends, that the store does not know.
    const missing = new Set(this.#memberships.keys())
    const flushMissing = async (): Promise<void> => {
      if (missing.size === 0) return
      const nodes = [...missing]
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .map((name) => this.#node({ ...refOf(name), at: null, market: null, attributes: null }))
      missing.clear()
      this.counts.nodes += nodes.length
      await taker.nodes(nodes)
    }
    this.counts.nodes = 0
    this.counts.edges = 0
    await this.#store.readPart(
      { asOf: run.asOf, among },
      {
        entities: async (batch) => {
          this.#checkCancelled()
          for (const entity of batch) missing.delete(nameOf(entity))
          this.counts.nodes += batch.length
          await taker.nodes(batch.map((entity) => this.#node(entity)))
        },
        interactions: async (batch) => {
          this.#checkCancelled()
          await flushMissing()
          this.counts.edges += batch.length
          await taker.edges(batch.map((record) => this.#edge(record)))
        },
      },
    )
    await flushMissing()
  }
}

const NONE: readonly string[] = []
