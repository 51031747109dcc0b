import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { type RecordedRingEvent, ringEventKinds } from '../../store/store.js'
import { readers } from '../plugins/auth.js'
import { ringLookup } from '../ring-lookup.js'
import { Nullable, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

/** Lives that are read for one answer; each is a trip to the store. */
const MOST_LIVES = 200

const Change = Type.Object({
  ring: Type.String(),
  event: Type.Enum([...ringEventKinds]),
  run: Type.String(),
  at: Type.String(),
  accounts: Type.Integer({ description: 'As in /history: those that joined or left; else of the ring.' }),
  other: Nullable(Type.String()),
})

/** What became of the rings since a run that somebody has seen. */
export const ringChangeRoutes =
  ({ current, store }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { viewOf } = ringLookup({ current, store })

    app.get(
      '/ring-changes',
      {
        config: { roles: readers },
        schema: {
          summary: 'What became of the rings since a run, the latest first',
          description:
            'Compares the rings of the run `since` (unless told, the one that the latest was matched with) with the latest, and tells the events of those that differ.',
          tags: ['rings'],
          querystring: Type.Object(
            { since: Type.Optional(Type.String({ maxLength: 64 })) },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              since: Nullable(Type.String()),
              run: Type.String(),
              changes: Type.Array(Change),
              same: Type.Integer({ description: 'Rings of both runs with the same members.' }),
              unread: Type.Integer({
                description: `Rings that differ beyond the first ${MOST_LIVES}, of which nothing is told.`,
              }),
            }),
            ...problemResponses,
          },
        },
      },
      async ({ query }) => {
        const latest = await viewOf(undefined)
        const since = query.since ?? latest.run.baseRun
        const before = since === null ? null : await viewOf(since)
        const membersOf = (ring: {
          readonly members: readonly { readonly kind: string; readonly id: string }[]
        }): string => ring.members.map(({ kind, id }) => `${kind}:${id}`).join('\n')
        const differing: string[] = []
        let same = 0
        for (const ring of latest.rings) {
          const old = before?.ring(ring.id)
          if (old && membersOf(old) === membersOf(ring)) same++
          else differing.push(ring.id)
        }
        for (const ring of before?.rings ?? []) if (!latest.ring(ring.id)) differing.push(ring.id)
        const changes: RecordedRingEvent[] = []
        for (const ring of differing.slice(0, MOST_LIVES))
          for (const event of await store.readHistory(ring))
            if (before === null || event.at > before.run.finishedAt) changes.push(event)
        // The sort is stable: rings of one run stay by falling score.
        changes.sort((a, b) => (a.at > b.at ? -1 : a.at < b.at ? 1 : 0))
        return {
          since,
          run: latest.run.id,
          changes: changes.map(({ ring, event, run, at, accounts, other }) => ({
            ring,
            event,
            run,
            at,
            accounts,
            other,
          })),
          same,
          unread: Math.max(0, differing.length - MOST_LIVES),
        }
      },
    )
  }
