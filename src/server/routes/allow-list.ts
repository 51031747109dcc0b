import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { RingfenceError } from '../../errors.js'
import { type AllowEntry, allow, disallow, holdsAt, listAllowed } from '../../jobs/allow-list.js'
import { type Caller, leads, readers } from '../plugins/auth.js'
import { sendProblem } from '../plugins/problems.js'
import { ReasonText } from '../schemas/labels.js'
import { IdParams, Nullable, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

const Entry = Type.Object({
  id: Type.String(),
  name: Type.String(),
  reason: Type.String(),
  owner: Type.String(),
  at: Type.String(),
  expiresAt: Nullable(Type.String()),
  holds: Type.Boolean({ description: 'False once it has expired.' }),
})

const EntryBody = Type.Object(
  {
    name: Type.String({
      minLength: 3,
      maxLength: 600,
      description: '`kind:id` of an entity or identifier, or a pattern of ids with `*` for any characters.',
    }),
    reason: ReasonText,
    expiresAt: Nullable(Type.String({ format: 'date-time', description: 'Null: it has no end.' })),
  },
  { additionalProperties: false },
)

/** What detection is not to see. */
export const allowListRoutes =
  ({ store, masking, current }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    const shown = ({ role }: Caller, entry: AllowEntry) => ({
      ...entry,
      name: masking.fullName(role, entry.name),
      reason: masking.sentence(role, entry.reason, current.snapshot),
      holds: holdsAt(entry, Date.now()),
    })

    app.setErrorHandler((error, request, reply) => {
      if (error instanceof RingfenceError && error.code === 'allow.conflict' && error.facts.entry)
        return sendProblem(error, request, reply, { entry: shown(request.caller, error.facts.entry as AllowEntry) })
      throw error
    })

    app.get(
      '/allow-list',
      {
        config: { roles: readers, personal: true },
        schema: {
          summary: 'What detection does not see, oldest first; expired entries too',
          tags: ['decisions'],
          response: { 200: Type.Object({ entries: Type.Array(Entry) }), ...problemResponses },
        },
      },
      async ({ caller }) => ({ entries: (await listAllowed(store)).map((entry) => shown(caller, entry)) }),
    )

    app.post(
      '/allow-list',
      {
        config: { roles: leads },
        schema: {
          summary: 'Hide an entity, an identifier or a pattern of them from detection',
          description:
            'From the next run on, whose notes say how much each entry hid. 409 `allow.conflict` has the `entry` of this name that is in force.',
          tags: ['decisions'],
          body: EntryBody,
          response: { 201: Entry, ...problemResponses },
        },
      },
      async ({ body, caller }, reply) => reply.code(201).send(shown(caller, await allow(store, caller.who, body))),
    )

    app.delete(
      '/allow-list/:id',
      {
        config: { roles: leads },
        schema: {
          summary: 'Take an entry off the allow-list',
          tags: ['decisions'],
          params: IdParams,
          querystring: Type.Object({ reason: Type.Optional(ReasonText) }, { additionalProperties: false }),
          response: { 200: Type.Object({ id: Type.String(), removed: Type.Boolean() }), ...problemResponses },
        },
      },
      async ({ params, query, caller }) => {
        await disallow(store, caller.who, params.id, query.reason ?? '')
        return { id: params.id, removed: true }
      },
    )
  }
