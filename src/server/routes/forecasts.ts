/** `/forecasts`: which ring comes to which domain next, with how far that is known. Leads, never verdicts. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { chosenPairs, forecastHead } from '../../jobs/forecast-desk.js'
import { page } from '../cursor.js'
import { readers } from '../plugins/auth.js'
import { ForecastQuery, ForecastsAnswer } from '../schemas/forecasts.js'
import { problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

export const forecastRoutes =
  ({ forecasts }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/forecasts',
      {
        config: { roles: readers },
        schema: {
          summary: 'Where rings come next',
          description:
            'Of the latest forecast, with how it did looking back and how earlier ones came true. 409 `forecast.none` without one.',
          tags: ['risk'],
          querystring: ForecastQuery,
          response: { 200: ForecastsAnswer, ...problemResponses },
        },
      },
      async ({ query }) => {
        const shown = await forecasts.latest()
        const { limit = 100, cursor, ...filter } = query
        const fitting = chosenPairs(shown, filter)
        const { items, next } = page(fitting, ({ ring, domain }) => `${ring} ${domain}`, shown.record.id, limit, cursor)
        const { map, flows, notes, ...head } = forecastHead(shown)
        return {
          ...head,
          past: head.past && { ...head.past, latest: [...head.past.latest] },
          map: [...map],
          flows: [...flows],
          notes: [...notes],
          forecasts: items.map((pair) => ({ ...pair, reasons: [...pair.reasons] })),
          total: fitting.length,
          next,
        }
      },
    )
  }
