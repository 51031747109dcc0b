import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { howLeadsAreRanked, rankedLeads } from '../../jobs/leads.js'
import { asOfText } from '../../jobs/read-view.js'
import { page } from '../cursor.js'
import { readers } from '../plugins/auth.js'
import { ringLookup } from '../ring-lookup.js'
import { decisionsOn, ringSummary } from '../ring-summary.js'
import { Nullable, Page, problemResponses, RingSummary } from '../schemas/shapes.js'
import type { Services } from '../services.js'

const Lead = Type.Object({
  ...RingSummary.properties,
  expectedHarm: Type.Number({ description: '`chance` times `touches`: entities.' }),
  chance: Type.Number({ description: 'That the lead is right, 0 to 1.' }),
  touches: Type.Integer({ description: 'Its accounts and what these acted on.' }),
  judged: Type.Object(
    { confirmed: Type.Integer(), cleared: Type.Integer() },
    { description: 'Rings that share a detector with it, as people judged them.' },
  ),
})

export const leadRoutes =
  ({ current, store, labels }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { viewOf } = ringLookup({ current, store })

    app.get(
      '/leads',
      {
        config: { roles: readers },
        schema: {
          summary: 'Rings that nobody confirmed or cleared yet, by falling expected harm',
          description: howLeadsAreRanked,
          tags: ['rings'],
          querystring: Type.Object(Page, { additionalProperties: false }),
          response: {
            200: Type.Object({
              run: Type.String(),
              asOf: Nullable(Type.String()),
              how: Type.String({ description: 'How the order comes about, in words.' }),
              total: Type.Integer(),
              leftOut: Type.Object(
                { confirmed: Type.Integer(), cleared: Type.Integer() },
                { description: 'Rings of the run that are decided on.' },
              ),
              leads: Type.Array(Lead),
              next: Nullable(Type.String()),
            }),
            ...problemResponses,
          },
        },
      },
      async ({ query }) => {
        const view = await viewOf(undefined)
        const decisionOf = await decisionsOn(labels)
        const { leads, leftOut } = rankedLeads(view.rings, labels, Date.now())
        const { items, next } = page(leads, ({ ring }) => ring.id, view.run.id, query.limit ?? 100, query.cursor)
        return {
          run: view.run.id,
          asOf: asOfText(view.run),
          how: howLeadsAreRanked,
          total: leads.length,
          leftOut,
          leads: items.map(({ ring, confirmed, cleared, chance, touches, expectedHarm }) => ({
            ...ringSummary(ring, view.run.id, decisionOf(ring.id)),
            expectedHarm,
            chance,
            touches,
            judged: { confirmed, cleared },
          })),
          next,
        }
      },
    )
  }
