import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { RingfenceError } from '../../errors.js'
import { readLife } from '../../rings/life.js'
import { verifyRing } from '../../rings/verify.js'
import { readers } from '../plugins/auth.js'
import { leadToHeirs, ringLookup } from '../ring-lookup.js'
import { IdParams, problemResponses, RingCheck, RingHistory, RunQuery } from '../schemas/shapes.js'
import type { Services } from '../services.js'

/** What happened to a ring from run to run, and whether its evidence still stands. */
export const ringLifeRoutes =
  ({ current, store, masking }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    const config = { roles: readers }
    const { ringOf } = ringLookup({ current, store })
    leadToHeirs(app)

    app.get(
      '/rings/:id/history',
      {
        config,
        schema: {
          summary: 'The life of a ring, oldest first',
          description: 'Also of a ring that the latest run does not have.',
          tags: ['rings'],
          params: IdParams,
          response: { 200: RingHistory, ...problemResponses },
        },
      },
      async ({ params }) => {
        const view = current.latest()
        const life = await readLife(store, params.id, (id) => view.ring(id) !== undefined)
        if (!life) throw new RingfenceError('ring.unknown', `No run tells of a ring ${params.id}.`)
        return { ...life, events: life.events.map(({ ring, ...event }) => event) }
      },
    )

    app.get(
      '/rings/:id/verify',
      {
        config: { ...config, personal: true },
        schema: {
          summary: 'Counts every fact of a ring again from what the store holds now',
          tags: ['rings'],
          params: IdParams,
          querystring: RunQuery,
          response: { 200: RingCheck, ...problemResponses },
        },
      },
      async ({ params, query, caller }) => {
        const { ring, run } = await ringOf(params.id, query.run)
        const { facts, ...check } = await verifyRing(store, run.id, ring)
        return {
          ...check,
          facts: facts.map((fact) => ({
            ...fact,
            sentence: masking.sentence(caller.role, fact.sentence, current.snapshot),
            missing: [...fact.missing],
            changed: [...fact.changed],
          })),
        }
      },
    )
  }
