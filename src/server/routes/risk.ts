/** `/{kind}/{id}/risk` and `/risk/flows`: how much risk has reached whom, over which paths, and from domain to domain. Leads, never verdicts. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type EntityKind, entityKind, entityKindNames, isEntityKind } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import { isoTime } from '../../jobs/read-view.js'
import { WHAT_IF_TOLERANCE } from '../../jobs/risk-desk.js'
import type { DomainRisk } from '../../risk/propagation/explain.js'
import type { FlowRecord } from '../../store/risk-store.js'
import { page } from '../cursor.js'
import { refusePersonal } from '../job-answer.js'
import { readers } from '../plugins/auth.js'
import { EntityRiskAnswer, FlowQuery, FlowsAnswer, RiskQuery } from '../schemas/risk.js'
import { IdParams, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

const splitName = (name: string): { readonly kind: EntityKind; readonly id: string } => {
  const colon = name.indexOf(':')
  const kind = name.slice(0, colon)
  if (!isEntityKind(kind) || colon + 1 === name.length)
    throw new RingfenceError('request.invalid', `of: ${name} is not kind:id.`)
  return { kind, id: name.slice(colon + 1) }
}

const shown = ({ paths, ...domain }: DomainRisk, name: (full: string) => string) => ({
  ...domain,
  paths: paths.map(({ steps, ...path }) => ({
    ...path,
    source: name(path.source),
    steps: steps.map(({ interactions, ...step }) => ({
      ...step,
      from: name(step.from),
      to: name(step.to),
      interactions: interactions.map((each) => ({
        ...each,
        actor: name(each.actor),
        target: name(each.target),
        first: isoTime(each.first),
        last: isoTime(each.last),
      })),
    })),
  })),
})

const flowKey = ({ from, to, kind, month }: FlowRecord): string => `${from}\t${to}\t${kind}\t${month ?? ''}`

export const riskRoutes =
  ({ masking, risk }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    for (const kind of entityKindNames) {
      const { path } = entityKind(kind)
      if (path === null) continue
      app.get(
        `/${path}/:id/risk`,
        {
          config: { roles: readers, personal: true },
          schema: {
            summary: `Risk of a ${kind} in each domain, with the paths that carry it`,
            description:
              'Of the latest propagation, over the graph as the service read it; `live` is with what has come since. With `whatIf` also what it would be if `of` were cleared, banned or unlinked. 409 `risk.none` without a propagation. Risk orders who to look at; it is a lead, never a verdict.',
            tags: ['risk'],
            params: IdParams,
            querystring: RiskQuery,
            response: { 200: EntityRiskAnswer, ...problemResponses },
          },
        },
        async ({ params, query, caller }) => {
          const entity = `${kind}:${params.id}`
          if (query.of !== undefined && query.whatIf === undefined)
            throw new RingfenceError('request.invalid', 'of: it names whom whatIf is about.')
          const supposed = query.of ?? entity
          if (query.of !== undefined && masking.masks(caller.role)) refusePersonal(query.of)
          const whatIf =
            query.whatIf === undefined
              ? null
              : { decision: query.whatIf, ...splitName(supposed), tolerance: WHAT_IF_TOLERANCE }
          const { propagation, answer, following } = await risk.ask({
            kind,
            id: params.id,
            domain: query.domain ?? null,
            paths: query.paths ?? 10,
            whatIf,
          })
          const { acts, domains, after, afterBound, live } = answer
          if (query.domain !== undefined && domains.length === 0 && !live?.length)
            throw new RingfenceError(
              'risk.domain',
              `${entity} does not act in ${query.domain}, but in ${acts.join(', ') || 'none'}.`,
            )
          const name = (full: string): string => masking.fullName(caller.role, full)
          return {
            propagation: propagation.id,
            run: propagation.run,
            scoring: propagation.scoring,
            asOf: isoTime(propagation.asOf),
            finishedAt: propagation.finishedAt,
            entity,
            domains: domains.map((each) => shown(each, name)),
            bound: propagation.bound,
            live: following && {
              graphAt: following.graphAt.toISOString(),
              repaired: following.repaired,
              repairedAt: following.repairedAt?.toISOString() ?? null,
              waiting: following.waiting,
              domains: [...(live ?? [])],
              bound: WHAT_IF_TOLERANCE,
            },
            whatIf: whatIf && {
              decision: whatIf.decision,
              of: query.of === undefined ? entity : name(supposed),
              domains: [...(after ?? [])],
              bound: afterBound,
            },
            notes: [...propagation.notes],
          }
        },
      )
    }

    app.get(
      '/risk/flows',
      {
        config: { roles: readers },
        schema: {
          summary: 'How much risk went from domain to domain',
          description: 'Of the latest propagation: over time, through entities of which kinds.',
          tags: ['risk'],
          querystring: FlowQuery,
          response: { 200: FlowsAnswer, ...problemResponses },
        },
      },
      async ({ query }) => {
        const propagation = await risk.latest()
        const wanted = propagation.flows.filter(
          ({ from, to, kind, month }) =>
            (query.from === undefined || from === query.from) &&
            (query.to === undefined || to === query.to) &&
            (query.kind === undefined || kind === query.kind) &&
            (query.since === undefined || (month !== null && month >= query.since)),
        )
        const { items, next } = page(wanted, flowKey, propagation.id, query.limit ?? 100, query.cursor)
        return {
          propagation: propagation.id,
          run: propagation.run,
          asOf: isoTime(propagation.asOf),
          domains: propagation.domains.map(({ scenario, market }) => `${scenario}/${market}`),
          flows: items.map((flow) => ({ ...flow })),
          next,
        }
      },
    )
  }
