import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { version } from '../../version.js'
import type { Metrics } from '../metrics.js'
import { operators } from '../plugins/auth.js'
import { sendProblem } from '../plugins/problems.js'
import { Problem, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

const ReadyProblem = Type.Object({
  ...Problem.properties,
  graph: Type.Optional(Type.String({ description: '`failed`; absent when the store itself does not answer.' })),
})

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
          description: 'While the latest run or its graph cannot be read, 503 with `graph: failed`; it is tried again.',
          response: {
            200: Type.Object({ status: Type.String(), graph: Type.String() }),
            503: {
              description: 'docs/errors.md lists the codes.',
              content: { 'application/problem+json': { schema: ReadyProblem } },
            },
            ...problemResponses,
          },
        },
      },
      async (request, reply) => {
        await store.ping()
        const { failure } = current
        if (failure) return sendProblem(failure, request, reply, { graph: 'failed' })
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
