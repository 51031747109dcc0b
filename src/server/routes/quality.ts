import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { labelQuality } from '../../jobs/quality.js'
import { readers } from '../plugins/auth.js'
import { Nullable, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

const Quality = Type.Object({
  decided: Type.Integer({ description: 'Entities and rings that were judged: confirmed, cleared or unsure.' }),
  agreement: Type.Object({
    together: Type.Integer({ description: 'Judged by two people or more.' }),
    alpha: Nullable(
      Type.Number({ description: "Krippendorff's alpha: 1 they agree, 0 as chance would. Null: too little to say." }),
    ),
    pairs: Type.Array(
      Type.Object({
        owners: Type.Array(Type.String()),
        together: Type.Integer(),
        agreed: Type.Integer(),
        kappa: Nullable(Type.Number({ description: "Cohen's kappa." })),
      }),
      { description: 'Two people who judged two things together or more.' },
    ),
  }),
  detectors: Type.Array(
    Type.Object({
      detector: Type.String(),
      confirmed: Type.Integer(),
      cleared: Type.Integer(),
      unsure: Type.Integer(),
      escalated: Type.Integer(),
      precision: Nullable(Type.Number({ description: 'Confirmed among confirmed and cleared rings.' })),
      low: Type.Number({ description: 'Ends of its 95 % interval (Wilson).' }),
      high: Type.Number(),
    }),
    { description: 'Rings that people looked at: not a sample of all, as they look at the top ones first.' },
  ),
})

export const qualityRoutes =
  ({ labels }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/quality',
      {
        config: { roles: readers },
        schema: {
          summary: 'How far deciders agree, and how often rings of each detector are confirmed',
          tags: ['decisions'],
          querystring: Type.Object(
            { asOf: Type.Optional(Type.String({ format: 'date-time' })) },
            { additionalProperties: false },
          ),
          response: { 200: Quality, ...problemResponses },
        },
      },
      async ({ query: { asOf } }) => {
        await labels.refresh()
        return labelQuality(labels, asOf === undefined ? Date.now() : Date.parse(asOf))
      },
    )
  }
