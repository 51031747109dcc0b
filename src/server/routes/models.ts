import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { describedModel, listedModels, modelStatus, promote, rollBack } from '../../jobs/model-desk.js'
import { operators, readers } from '../plugins/auth.js'
import { ChangeBody, Model, ModelStatus, ModelWithCard } from '../schemas/models.js'
import { IdParams, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

export const modelRoutes =
  ({ store }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/models',
      {
        config: { roles: readers },
        schema: {
          summary: 'Trained models, newest first, with what was done to each',
          tags: ['models'],
          response: { 200: Type.Object({ home: Type.String(), models: Type.Array(Model) }), ...problemResponses },
        },
      },
      () => listedModels(store),
    )

    app.get(
      '/models/status',
      {
        config: { roles: readers },
        schema: {
          summary: 'The champion, its drift since training, and who challenges it',
          tags: ['models'],
          response: { 200: ModelStatus, ...problemResponses },
        },
      },
      () => modelStatus(store),
    )

    app.get(
      '/models/:id',
      {
        config: { roles: readers },
        schema: {
          summary: 'One model with its card',
          tags: ['models'],
          params: IdParams,
          response: { 200: ModelWithCard, ...problemResponses },
        },
      },
      ({ params }) => describedModel(store, params.id),
    )

    app.post(
      '/models/:id/promote',
      {
        config: { roles: operators },
        schema: {
          summary: 'Make a model champion; the one before is retired',
          tags: ['models'],
          params: IdParams,
          body: ChangeBody,
          response: { 200: Model, ...problemResponses },
        },
      },
      ({ params, body, caller }) => promote(store, params.id, { who: caller.who, why: body.why }),
    )

    app.post(
      '/models/rollback',
      {
        config: { roles: operators },
        schema: {
          summary: 'Make the champion before this one champion again',
          tags: ['models'],
          body: ChangeBody,
          response: { 200: Model, ...problemResponses },
        },
      },
      ({ body, caller }) => rollBack(store, { who: caller.who, why: body.why }),
    )
  }
