import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { entityKind, isEntityKind } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import { entityName, findEntity, kindOf, type Snapshot } from '../../graph/snapshot.js'
import { interactionsOf, linesAmong, meetingPlaces, neighboursWithin } from '../../graph/subgraph.js'
import { isoTime } from '../../jobs/read-view.js'
import { refKey, refsOf } from '../../rings/evidence.js'
import type { EntityRef, GraphStore, RingRecord } from '../../store/store.js'
import { readers } from '../plugins/auth.js'
import { leadToHeirs, ringLookup } from '../ring-lookup.js'
import { MOST_NODES, RingGraph, RingGraphQuery } from '../schemas/ring-graph.js'
import { IdParams, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

/** Interactions looked at for one answer, each time they are looked through: some tens of milliseconds, for which nothing else is answered. */
const MOST_VISITS = 1_000_000
/** An entity with more interactions is not asked for the number of its neighbours. */
const COUNTED_NEIGHBOURS = 5_000

/** Of the room, at first: members without any place where they meet would be a cloud without a line. */
const MEMBER_SHARE = 0.7

const lineKey = (type: string, source: number, target: number): string => `${type} ${source} ${target}`

/** By the key of a line, the facts that its interactions show; and the ends of all of these, most often met first. */
const evidenceOf = async (store: GraphStore, snapshot: Snapshot, { facts }: RingRecord) => {
  const records = await store.readInteractions(refsOf(facts))
  const byRef = new Map(records.map((record) => [refKey(record), record]))
  const indexOf = ({ kind, id }: EntityRef): number => findEntity(snapshot, kind, id)
  const shows = new Map<string, Set<number>>()
  const ends = new Map<number, number>()
  facts.forEach((fact, place) => {
    for (const ref of fact.interactions) {
      const record = byRef.get(refKey(ref))
      if (!record) continue
      const source = indexOf(record.actor)
      const target = indexOf(record.target)
      // A record that came after the graph of the run was read.
      if (source < 0 || target < 0) continue
      const key = lineKey(record.type, source, target)
      const known = shows.get(key)
      if (known) known.add(place)
      else shows.set(key, new Set([place]))
      for (const end of [source, target]) ends.set(end, (ends.get(end) ?? 0) + 1)
    }
  })
  return { shows, ends: [...ends].sort(([a, x], [b, y]) => y - x || a - b).map(([end]) => end) }
}

/** Takes entities until the picture is full, and counts those that found no room. */
class Chosen {
  readonly positions = new Map<number, number>()
  /** Each is counted once, by what it was left out as first. */
  readonly #left = new Set<number>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** How many were left out. */
  take(entities: Iterable<number>): number {
    const before = this.#left.size
    for (const entity of entities)
      if (this.positions.has(entity)) continue
      else if (this.positions.size < this.#limit) this.positions.set(entity, this.positions.size)
      else this.#left.add(entity)
    return this.#left.size - before
  }
}

/** The picture of a ring: who is in it, where they meet, and what happened between these. */
export const ringGraphRoutes =
  ({ current, store, masking }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { ringOf } = ringLookup({ current, store })
    leadToHeirs(app)

    app.get(
      '/rings/:id/graph',
      {
        config: { roles: readers, personal: true },
        schema: {
          summary: 'The picture of a ring of the latest run: members, where they meet, and what happened between these',
          description: `At most ${MOST_NODES} nodes; \`leftOut\` and \`folded\` count the rest.`,
          tags: ['rings'],
          params: IdParams,
          querystring: RingGraphQuery,
          response: { 200: RingGraph, ...problemResponses },
        },
      },
      async ({ params, query, caller }) => {
        const { ring, run } = await ringOf(params.id, undefined)
        const snapshot = current.graph()
        const maxShared = query.maxShared ?? 200
        const { shows, ends } = await evidenceOf(store, snapshot, ring)

        const memberOf = new Map<number, RingRecord['members'][number]>()
        for (const member of [...ring.members].sort((a, b) => b.score - a.score)) {
          const index = findEntity(snapshot, member.kind, member.id)
          if (index >= 0) memberOf.set(index, member)
        }
        const expanded = [query.expand ?? []].flat().map((full) => {
          const colon = full.indexOf(':')
          const kind = full.slice(0, colon)
          if (!isEntityKind(kind)) throw new RingfenceError('request.invalid', `expand: ${full} is not kind:id.`)
          // Whoever may not see an identifier may not find out by trying whether it is there.
          if (entityKind(kind).personal && masking.masks(caller.role))
            throw new RingfenceError('auth.role', `Your role may not ask for a ${kind} by its id.`)
          const index = findEntity(snapshot, kind, full.slice(colon + 1))
          if (index < 0)
            throw new RingfenceError('entity.unknown', `The graph of the latest run does not have ${full}.`)
          return index
        })

        const limit = query.limit ?? MOST_NODES
        const chosen = new Chosen(limit)
        const leftOut = { members: 0, evidence: 0, places: 0, neighbours: 0, unread: 0 }
        leftOut.neighbours += chosen.take(expanded)
        chosen.take([...memberOf.keys()].slice(0, Math.ceil(MEMBER_SHARE * limit)))
        leftOut.evidence = chosen.take(ends.filter((end) => !memberOf.has(end)))
        for (const entity of expanded) {
          const around = neighboursWithin(snapshot, entity, MOST_VISITS)
          if (around) leftOut.neighbours += chosen.take(around)
          else leftOut.unread++
        }
        const { places, unread } = meetingPlaces(snapshot, Int32Array.from(memberOf.keys()), MOST_VISITS)
        leftOut.places = chosen.take(
          places.filter((place) => place.interactions <= maxShared).map(({ entity }) => entity),
        )
        leftOut.members = chosen.take(memberOf.keys())
        const crowded = new Set(
          places
            .filter(({ entity, interactions }) => interactions > maxShared && !chosen.positions.has(entity))
            .map(({ entity }) => entity),
        )

        const shown = Int32Array.from(chosen.positions.keys())
        const among = linesAmong(snapshot, shown, MOST_VISITS)
        leftOut.unread = Math.max(leftOut.unread + unread, among.unread)
        const folds = new Map<string, { places: number; links: Map<number, number> }>()
        for (const place of crowded) {
          const kind = kindOf(snapshot, place)
          const fold = folds.get(kind)
          if (fold) fold.places++
          else folds.set(kind, { places: 1, links: new Map() })
        }
        const isExpanded = new Set(expanded)
        const nodes = Array.from(shown, (entity, position) => {
          const around = neighboursWithin(snapshot, entity, COUNTED_NEIGHBOURS)
          if (around && crowded.size > 0 && memberOf.has(entity))
            for (const place of around)
              if (crowded.has(place)) {
                const { links } = folds.get(kindOf(snapshot, place))!
                links.set(position, (links.get(position) ?? 0) + 1)
              }
          const member = memberOf.get(entity)
          return {
            entity: masking.fullName(caller.role, entityName(snapshot, entity)),
            kind: kindOf(snapshot, entity),
            role: member?.role ?? null,
            score: member?.score ?? null,
            interactions: interactionsOf(snapshot, entity),
            neighbours: around?.length ?? null,
            hidden:
              around === null ? null : around.reduce((sum, each) => sum + (chosen.positions.has(each) ? 0 : 1), 0),
            expanded: isExpanded.has(entity),
          }
        })
        const edges = among.lines.map(({ type, source, target, count, first, last }) => ({
          source: chosen.positions.get(source)!,
          target: chosen.positions.get(target)!,
          type,
          count,
          first: isoTime(first),
          last: isoTime(last),
          facts: [...(shows.get(lineKey(type, source, target)) ?? [])].sort((a, b) => a - b),
        }))
        return {
          ring: ring.id,
          run: run.id,
          nodes,
          edges,
          folded: [...folds].sort().map(([kind, fold]) => ({
            kind,
            places: fold.places,
            links: [...fold.links].map(([node, count]) => ({ node, places: count })),
          })),
          leftOut,
          untimed: edges.reduce((sum, { first }) => sum + (first === null ? 1 : 0), 0),
        }
      },
    )
  }
