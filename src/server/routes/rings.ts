import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { speaksAgainst } from '../../exports/against.js'
import { mapCount } from '../../graph/fact-count.js'
import { allowedAt, allowedOf } from '../../jobs/allow-list.js'
import { asOfText, isoTime } from '../../jobs/read-view.js'
import { hangsOn, hangsOnEntities, limitOf } from '../../rings/counterfactual.js'
import { refsOf } from '../../rings/evidence.js'
import type { RunRecord } from '../../store/store.js'
import { page } from '../cursor.js'
import { detailedInteractions } from '../interaction-details.js'
import { readers } from '../plugins/auth.js'
import { leadToHeirs, ringLookup } from '../ring-lookup.js'
import { decisionsOn, ringSummary } from '../ring-summary.js'
import {
  Fact,
  HangsOn,
  IdParams,
  Member,
  Nullable,
  Page,
  problemResponses,
  RingDetail,
  RingQuery,
  RingSummary,
  Run,
  RunQuery,
} from '../schemas/shapes.js'
import type { Services } from '../services.js'

const runAnswer = ({ reused, focused, searched, ...run }: RunRecord) => ({
  ...run,
  ...(reused ? { reused: [...reused] } : {}),
  ...(focused ? { focused: [...focused] } : {}),
  ...(searched ? { searched: [...searched] } : {}),
  asOf: isoTime(run.asOf),
  parameters: { ...run.parameters },
  counts: { ...run.counts },
  notes: [...run.notes],
  stages: [...run.stages],
})

const EvidenceQuery = Type.Object(
  {
    ...RunQuery.properties,
    details: Type.Optional(Type.Boolean({ default: false })),
    entities: Type.Optional(
      Type.Boolean({ default: false, description: 'Also which few entities the ring hangs on.' }),
    ),
  },
  { additionalProperties: false },
)

/** Rings of the latest run, or of the one that is named. */
export const ringRoutes =
  ({ current, store, masking, labels }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    const config = { roles: readers }

    const { viewOf, ringOf } = ringLookup({ current, store })
    leadToHeirs(app)

    app.get(
      '/rings',
      {
        config,
        schema: {
          summary: 'Rings by falling surprise',
          tags: ['rings'],
          querystring: RingQuery,
          response: {
            200: Type.Object({
              run: Type.String(),
              asOf: Nullable(Type.String()),
              total: Type.Integer(),
              rings: Type.Array(RingSummary),
              next: Nullable(Type.String()),
            }),
            ...problemResponses,
          },
        },
      },
      async ({ query }) => {
        const view = await viewOf(query.run)
        const decisionOf = await decisionsOn(labels)
        const rings = view.rings.filter(
          (ring) =>
            (query.decision === undefined || (decisionOf(ring.id) ?? 'none') === query.decision) &&
            (query.behaviour === undefined || ring.behaviours.includes(query.behaviour)) &&
            (query.market === undefined || ring.markets.includes(query.market)) &&
            (query.scenario === undefined || ring.scenarios.includes(query.scenario)) &&
            (query.type === undefined || ring.types.includes(query.type)) &&
            (query.minScore === undefined || ring.score >= query.minScore) &&
            (query.maxFdr === undefined || ring.fdr <= query.maxFdr),
        )
        const { items, next } = page(rings, (ring) => ring.id, view.run.id, query.limit ?? 100, query.cursor)
        return {
          run: view.run.id,
          asOf: asOfText(view.run),
          total: rings.length,
          rings: items.map((ring) => ringSummary(ring, view.run.id, decisionOf(ring.id))),
          next,
        }
      },
    )

    app.get(
      '/rings/:id',
      {
        config: { ...config, personal: true },
        schema: {
          summary: 'One ring',
          tags: ['rings'],
          params: IdParams,
          querystring: RunQuery,
          response: { 200: RingDetail, ...problemResponses },
        },
      },
      async ({ params, query, caller }) => {
        const { ring, run } = await ringOf(params.id, query.run)
        return {
          ...ringSummary(ring, run.id, (await decisionsOn(labels))(ring.id)),
          asOf: asOfText(run),
          facts: ring.facts.map((fact) => masking.sentence(caller.role, fact.sentence, current.snapshot)),
          allowed: allowedOf(ring, await allowedAt(store, null)).map(({ id, name, reason, expiresAt, members }) => ({
            id,
            name: masking.fullName(caller.role, name),
            reason: masking.sentence(caller.role, reason, current.snapshot),
            expiresAt,
            members,
          })),
        }
      },
    )

    app.get(
      '/rings/:id/members',
      {
        config,
        schema: {
          summary: 'Members of a ring, sorted by entity',
          tags: ['rings'],
          params: IdParams,
          querystring: Type.Object({ ...Page, ...RunQuery.properties }, { additionalProperties: false }),
          response: {
            200: Type.Object({
              ring: Type.String(),
              run: Type.String(),
              total: Type.Integer(),
              members: Type.Array(Member),
              next: Nullable(Type.String()),
            }),
            ...problemResponses,
          },
        },
      },
      async ({ params, query }) => {
        const { ring, run } = await ringOf(params.id, query.run)
        const name = (member: { kind: string; id: string }): string => `${member.kind}:${member.id}`
        const { items, next } = page(ring.members, name, run.id, query.limit ?? 100, query.cursor)
        const members = items.map((member) => ({
          entity: name(member),
          kind: member.kind,
          role: member.role,
          score: member.score,
        }))
        return { ring: ring.id, run: run.id, total: ring.members.length, members, next }
      },
    )

    app.get(
      '/rings/:id/evidence',
      {
        config: { ...config, personal: true },
        schema: {
          summary: 'Facts with the interactions that show them',
          description: 'With `details=true` each interaction comes with its ends, time and the rest of its record.',
          tags: ['rings'],
          params: IdParams,
          querystring: EvidenceQuery,
          response: {
            200: Type.Object({
              ring: Type.String(),
              run: Type.String(),
              facts: Type.Array(Fact),
              against: Type.Array(Type.String(), { description: 'What speaks against it, in words.' }),
              hangsOn: Nullable(HangsOn),
            }),
            ...problemResponses,
          },
        },
      },
      async ({ params, query, caller }) => {
        const { ring, run } = await ringOf(params.id, query.run)
        const details = query.details && (await detailedInteractions(store, ring.facts, caller.role, masking))
        const facts = ring.facts.map((fact, index) => ({
          ...fact,
          count: fact.count && { ...mapCount(fact.count, (name) => masking.fullName(caller.role, name)) },
          sentence: masking.sentence(caller.role, fact.sentence, current.snapshot),
          interactions: details ? details[index]! : [...fact.interactions],
        }))
        const limit = limitOf(run)
        const carried = hangsOn(ring, limit)
        const entities = query.entities
          ? hangsOnEntities(ring, limit, await store.readInteractions(refsOf(ring.facts)))
          : null
        const names = entities?.map((name) => masking.fullName(caller.role, name)) ?? null
        return {
          ring: ring.id,
          run: run.id,
          facts,
          against: speaksAgainst(ring, run, await store.readHistory(ring.id)),
          hangsOn: carried && { ...carried, facts: [...carried.facts], entities: names },
        }
      },
    )

    app.get(
      '/runs',
      {
        config,
        schema: {
          summary: 'Runs, newest first',
          tags: ['runs'],
          querystring: Type.Object({ limit: Page.limit }, { additionalProperties: false }),
          response: { 200: Type.Object({ runs: Type.Array(Run) }), ...problemResponses },
        },
      },
      async ({ query }) => ({ runs: (await store.listRuns(query.limit ?? 100)).map(runAnswer) }),
    )

    app.get(
      '/runs/:id',
      {
        config,
        schema: { summary: 'One run', tags: ['runs'], params: IdParams, response: { 200: Run, ...problemResponses } },
      },
      async ({ params }) => runAnswer((await viewOf(params.id)).run),
    )
  }
