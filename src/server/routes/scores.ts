/** `/{kind}/{id}/score`: how likely an entity is part of organized behaviour, and why. A lead, never a verdict. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { type EntityKind, entityKind } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import { findEntity } from '../../graph/snapshot.js'
import { asOfText, type EntityRing } from '../../jobs/read-view.js'
import { answerOf } from '../../model/explain/answer.js'
import { ringLead } from '../../model/explain/ring-lead.js'
import { scoredKinds } from '../../model/features/product/sides.js'
import { readers } from '../plugins/auth.js'
import { IdParams, Nullable, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

const ScoreQuery = Type.Object(
  {
    explain: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 50,
        default: 8,
        description: 'Reasons of each part to tell at most; 0: the score and its parts alone.',
      }),
    ),
    basis: Type.Optional(
      Type.Enum(['model', 'rings'], {
        default: 'model',
        description: 'rings: without a model, the strongest ring alone. A ranking, no probability.',
      }),
    ),
  },
  { additionalProperties: false },
)

const Removals = Type.Object({ counterfactuals: Type.Integer(), graphsage: Type.Integer() })

export const EntityScoreAnswer = Type.Object({
  run: Nullable(Type.String()),
  model: Nullable(Type.String()),
  asOf: Nullable(Type.String()),
  entity: Type.String(),
  score: Type.Number({ description: 'A probability, 0 to 1; with `supervised: false` a ranking by rings.' }),
  interval: Nullable(Type.Object({ low: Type.Number(), high: Type.Number() })),
  labels: Type.Integer({ description: 'Labelled entities with such scores that stand behind it.' }),
  supervised: Type.Boolean(),
  logOdds: Nullable(Type.Number({ description: 'Before calibration: `intercept` and the contributions of `parts`.' })),
  intercept: Type.Number(),
  parts: Type.Array(
    Type.Object({
      name: Type.String(),
      value: Type.Number({ description: 'What the part says alone.' }),
      weight: Type.Number(),
      contribution: Type.Number(),
    }),
  ),
  explanation: Type.Array(
    Type.Object({
      sentence: Type.String(),
      part: Type.String(),
      feature: Type.String(),
      unit: Type.String(),
      value: Nullable(Type.Number()),
      typical: Nullable(Type.Number({ description: 'Median of a sample of the kind.' })),
      contribution: Type.Number({
        description:
          'Log-odds. Of features of the trees exact shares that add up with `rest`; of what GraphSAGE reads what it loses without it alone.',
      }),
      ids: Type.Array(Type.String()),
      more: Type.Integer({ description: 'How many more stand behind it than `ids` has.' }),
    }),
  ),
  rest: Type.Object(
    { expected: Type.Number(), features: Type.Integer(), contribution: Type.Number() },
    {
      description:
        'What adds up to the contribution of the trees beside `explanation`: where they begin, and the other features.',
    },
  ),
  counterfactuals: Type.Array(Type.Object({ sentence: Type.String(), without: Type.String(), score: Type.Number() }), {
    description: 'The score as if the two had never met, or without the ring; core, rank and walks stay as they are.',
  }),
  tried: Removals,
  leftOut: Removals,
})

const none = { counterfactuals: 0, graphsage: 0 }

export const scoreRoutes =
  ({ current, store, masking, scores }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    const byRings = async (kind: EntityKind, id: string) => {
      const view = current.latest()
      const rings: readonly EntityRing[] = view.ringsOf(kind, id)
      if (rings.length === 0 && findEntity(current.graph(), kind, id) < 0)
        throw new RingfenceError('entity.unknown', `The graph of the latest run does not have ${kind}:${id}.`)
      if (view.run === null) throw new RingfenceError('run.none', 'Without a run there is nothing to rank by.')
      return {
        run: view.run.id,
        model: null,
        asOf: asOfText(view.run),
        entity: `${kind}:${id}`,
        ...ringLead(rings),
        interval: null,
        labels: 0,
        supervised: false,
        logOdds: null,
        intercept: 0,
        parts: [],
        rest: { expected: 0, features: 0, contribution: 0 },
        counterfactuals: [],
        tried: none,
        leftOut: none,
      }
    }

    /** Who is not in the graph of the run may have been recorded since. */
    const unknownOrLater =
      (kind: EntityKind, id: string) =>
      async (error: unknown): Promise<never> => {
        const isUnknown = error instanceof RingfenceError && error.code === 'entity.unknown'
        if (!isUnknown || (await store.readEntity(kind, id)) === null) throw error
        throw new RingfenceError(
          'entity.later',
          `${kind}:${id} was recorded after the latest run, which knows no ties of it.`,
        )
      }

    for (const kind of scoredKinds)
      app.get(
        `/${entityKind(kind).path}/:id/score`,
        {
          config: { roles: readers, personal: true },
          schema: {
            summary: `Score of a ${kind}, with its reasons`,
            description:
              'Of the champion model over the graph of the latest run. 409 `model.none` without one: `basis=rings` still ranks. A score is a lead, never a verdict.',
            tags: ['entities'],
            params: IdParams,
            querystring: ScoreQuery,
            response: { 200: EntityScoreAnswer, ...problemResponses },
          },
        },
        async ({ params, query, caller }) => {
          const orLater = unknownOrLater(kind, params.id)
          if (query.basis === 'rings') return byRings(kind, params.id).catch(orLater)
          const asked = scores.explain(kind, params.id, query.explain ?? 8)
          const { run, model, explanation } = await asked.catch(orLater)
          const answer = answerOf(explanation, (name) => masking.fullName(caller.role, name))
          return { run: run?.id ?? null, model, asOf: run && asOfText(run), ...answer }
        },
      )
  }
