import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { type EntityKind, entityKind, entityKindNames, isEntityKind } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import { compareEntities, type PairView } from '../../graph/comparison.js'
import { commonWith, connectionsOf, type SharedPlace } from '../../graph/connections.js'
import { findEntity } from '../../graph/snapshot.js'
import { asOfText } from '../../jobs/read-view.js'
import { page } from '../cursor.js'
import { readers } from '../plugins/auth.js'
import { EntityRings, IdParams, Nullable, Page, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

const Shared = Type.Object({
  type: Type.String(),
  through: Type.String(),
  /** How many entities meet there: a campus network says little, a phone of two says much. */
  sharedBy: Type.Integer(),
  times: Nullable(
    Type.Object({
      first: Nullable(Type.String()),
      second: Nullable(Type.String()),
      gapSeconds: Nullable(Type.Number()),
    }),
  ),
})

const Pair = Type.Object({
  first: Type.String(),
  second: Type.String(),
  direct: Type.Array(
    Type.Object({
      type: Type.String(),
      actor: Type.String(),
      target: Type.String(),
      at: Nullable(Type.String()),
      market: Nullable(Type.String()),
      weight: Type.Number(),
    }),
    { description: 'Interactions between the two, by type and time: the first hundred of `directCount`.' },
  ),
  directCount: Type.Integer(),
  shared: Type.Array(Shared, { description: 'Places of both, rarest first: the first hundred of `sharedCount`.' }),
  sharedCount: Type.Integer(),
  identifiers: Type.Integer({ description: 'How many of the places are identifiers.' }),
  leastGapSeconds: Nullable(Type.Number()),
  paths: Type.Object(
    {
      paths: Type.Array(
        Type.Array(
          Type.Object({
            type: Type.String(),
            direction: Type.Enum(['forward', 'backward'], {
              description: 'forward: the entity before acts on this one.',
            }),
            entity: Type.String(),
          }),
        ),
      ),
      cut: Type.Boolean({ description: 'Whether a bound on length, number or work was met: there may be more.' }),
    },
    { description: 'Shortest ones, past entities with at most `maxShared` interactions.' },
  ),
})

const Connections = Type.Object({
  entity: Type.String(),
  run: Nullable(Type.String()),
  connections: Type.Array(Type.Object({ entity: Type.String(), shared: Type.Array(Shared), more: Type.Integer() })),
  /** Places with more visitors than `maxShared` or beyond a bound on the work, the most crowded last; entities beyond `limit`. */
  leftOut: Type.Object({ crowdedPlaces: Type.Integer(), entities: Type.Integer() }),
  pair: Nullable(Pair),
  apart: Nullable(
    Type.Object(
      {
        third: Type.String(),
        firstWithThird: Pair,
        secondWithThird: Pair,
        withoutThird: Type.Array(Shared, { description: 'Places of the two at which the third never was.' }),
        withoutThirdCount: Type.Integer(),
      },
      { description: 'With `not`: why not with that third one.' },
    ),
  ),
})

const ConnectionQuery = Type.Object(
  {
    with: Type.Optional(
      Type.String({ maxLength: 600, description: 'Another entity, kind:id: what these two have in common.' }),
    ),
    not: Type.Optional(
      Type.String({
        maxLength: 600,
        description: 'Beside `with`: a third entity, kind:id, that is not with these two.',
      }),
    ),
    limit: Page.limit,
    maxShared: Type.Optional(
      Type.Integer({
        minimum: 2,
        maximum: 100_000,
        default: 200,
        description: 'Places where more entities meet are not followed.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** Longer ties say nothing, and more of the same length are counted by nobody. */
const LONGEST_PATH = 6
const PATHS = 5

/** `/creators/{id}/…`, `/users/…`, `/videos/…`, `/products/…`. */
export const entityRoutes =
  ({ current, store, masking }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    const config = { roles: readers }

    const mustBeKnown = async (kind: EntityKind, id: string): Promise<void> => {
      const { snapshot } = current
      if (snapshot && findEntity(snapshot, kind, id) >= 0) return
      // Not in the graph of the latest run, but perhaps recorded since.
      if ((await store.readEntity(kind, id)) === null)
        throw new RingfenceError('entity.unknown', `Nothing names ${kind}:${id}.`)
    }

    const indexOf = (kind: EntityKind, id: string): number => {
      const index = findEntity(current.graph(), kind, id)
      if (index < 0)
        throw new RingfenceError('entity.unknown', `The graph of the latest run does not have ${kind}:${id}.`)
      return index
    }

    for (const kind of entityKindNames) {
      const { path } = entityKind(kind)
      if (path === null) continue

      app.get(
        `/${path}/:id/rings`,
        {
          config,
          schema: {
            summary: `Rings that a ${kind} is in`,
            tags: ['entities'],
            params: IdParams,
            querystring: Type.Object(Page, { additionalProperties: false }),
            response: { 200: EntityRings, ...problemResponses },
          },
        },
        async ({ params, query }) => {
          const view = current.latest()
          const rings = view.ringsOf(kind, params.id)
          if (rings.length === 0) await mustBeKnown(kind, params.id)
          const entity = `${kind}:${params.id}`
          if (view.run === null) return { run: null, asOf: null, entity, rings: [], next: null }
          const { items, next } = page(rings, (ring) => ring.id, view.run.id, query.limit ?? 100, query.cursor)
          const answer = items.map((ring) => ({ ...ring, behaviours: [...ring.behaviours] }))
          return { run: view.run.id, asOf: asOfText(view.run), entity, rings: answer, next }
        },
      )

      app.get(
        `/${path}/:id/connections`,
        {
          config: { ...config, personal: true },
          schema: {
            summary: `Who a ${kind} is connected to, and through what`,
            tags: ['entities'],
            params: IdParams,
            querystring: ConnectionQuery,
            response: { 200: Connections, ...problemResponses },
          },
        },
        async ({ params, query, caller }) => {
          const snapshot = current.graph()
          const index = indexOf(kind, params.id)
          const name = (full: string): string => masking.fullName(caller.role, full)
          const masked = (shared: readonly SharedPlace[]) =>
            shared.map((each) => ({ ...each, through: name(each.through) }))
          const entity = `${kind}:${params.id}`
          const run = current.view.run?.id ?? null
          const asked = (field: string, full: string): number => {
            const colon = full.indexOf(':')
            const otherKind = full.slice(0, colon)
            if (!isEntityKind(otherKind))
              throw new RingfenceError('request.invalid', `${field}: ${full} is not kind:id.`)
            // Whoever may not see an identifier may not find out by trying whether it is there, and with whom.
            if (entityKind(otherKind).personal && masking.masks(caller.role))
              throw new RingfenceError('auth.role', `Your role may not ask for a ${otherKind} by its id.`)
            return indexOf(otherKind, full.slice(colon + 1))
          }
          const maxShared = query.maxShared ?? 200
          if (query.not !== undefined && query.with === undefined)
            throw new RingfenceError('request.invalid', 'not: it names a third entity beside the one in with.')
          if (query.with !== undefined) {
            const other = asked('with', query.with)
            const third = query.not === undefined ? null : asked('not', query.not)
            const { pair, apart } = compareEntities(snapshot, index, other, third, {
              maxDegree: maxShared,
              maxLength: LONGEST_PATH,
              limit: PATHS,
            })
            const view = (each: PairView) => ({
              ...each,
              first: name(each.first),
              second: name(each.second),
              direct: each.direct.map((one) => ({ ...one, actor: name(one.actor), target: name(one.target) })),
              shared: masked(each.shared),
              paths: {
                cut: each.paths.cut,
                paths: each.paths.paths.map((path) => path.map((step) => ({ ...step, entity: name(step.entity) }))),
              },
            })
            const shared = masked(commonWith(snapshot, index, other))
            return {
              entity,
              run,
              connections: [{ entity: name(query.with), shared, more: 0 }],
              leftOut: { crowdedPlaces: 0, entities: 0 },
              pair: view(pair),
              apart: apart && {
                third: name(apart.third),
                firstWithThird: view(apart.firstWithThird),
                secondWithThird: view(apart.secondWithThird),
                withoutThird: masked(apart.withoutThird),
                withoutThirdCount: apart.withoutThirdCount,
              },
            }
          }
          const { connections, leftOut } = connectionsOf(snapshot, index, {
            limit: query.limit ?? 100,
            maxShared,
          })
          return {
            entity,
            run,
            connections: connections.map((each) => ({
              entity: name(each.entity),
              shared: masked(each.shared),
              more: each.more,
            })),
            leftOut,
            pair: null,
            apart: null,
          }
        },
      )
    }
  }
