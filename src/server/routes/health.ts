import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { version } from '../../version.js'
import type { Metrics } from '../metrics.js'
import { operators } from '../plugins/auth.js'
import { problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

export const healthRoutes =
  ({ store, current }: Services, metrics: Metrics): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/health/live',
      {
        config: { roles: 'public' },
        schema: {
          summary: 'The process answers',
          tags: ['health'],
          response: { 200: Type.Object({ status: Type.String(), version: Type.String() }) },
        },
      },
      async () => ({ status: 'live', version }),
    )

    app.get(
      '/health/ready',
      {
        config: { roles: 'public' },
        schema: {
          summary: 'The store answers and the latest run is loaded',
          tags: ['health'],
          response: { 200: Type.Object({ status: Type.String(), graph: Type.String() }), ...problemResponses },
        },
      },
      async () => {
        await store.ping()
        return { status: 'ready', graph: current.snapshot ? 'loaded' : 'loading' }
      },
    )

    app.get(
      '/metrics',
      {
        config: { roles: operators },
        schema: { summary: 'Prometheus metrics', tags: ['health'], produces: ['text/plain'] },
      },
      async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
    )
  }
