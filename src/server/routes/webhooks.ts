import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { RingfenceError } from '../../errors.js'
import { dropWebhook, setWebhook } from '../../jobs/recorded.js'
import { checkAddress } from '../../jobs/webhooks/address.js'
import { webhookSecret } from '../../jobs/webhooks/signature.js'
import {
  type Delivery,
  deliveryStates,
  listDeliveries,
  listWebhooks,
  readWebhook,
  replayDelivery,
  waiting,
  webhookEvents,
} from '../../jobs/webhooks/webhooks.js'
import type { DocumentQuery } from '../../store/document-store.js'
import { operators } from '../plugins/auth.js'
import { Nullable, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'
import type { ServerSettings } from '../settings.js'

const HookParams = Type.Object({ id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$' }) })

const Hook = Type.Object({
  id: Type.String(),
  url: Type.String(),
  events: Type.Array(Type.String()),
  paused: Type.Boolean(),
  createdAt: Type.String(),
})

const DeliveryAnswer = Type.Object({
  id: Type.String(),
  webhook: Type.String(),
  message: Type.Object({
    id: Type.String(),
    type: Type.String(),
    at: Type.String(),
    data: Type.Record(Type.String(), Type.Unknown()),
  }),
  attempts: Type.Integer(),
  createdAt: Type.String(),
  last: Nullable(Type.Object({ at: Type.String(), status: Nullable(Type.Integer()), reason: Type.String() })),
})

const answer = ({ message, ...delivery }: Delivery) => ({
  ...delivery,
  message: { ...message, data: { ...message.data } },
})

const PAGE = 1000
const MOST_LISTED = 1000

export const webhookRoutes =
  ({ store }: Services, { webhooks: settings }: Pick<ServerSettings, 'webhooks'>): FastifyPluginAsyncTypebox =>
  async (app) => {
    const config = { roles: operators }
    const tags = ['webhooks']

    app.get(
      '/webhooks',
      {
        config,
        schema: {
          summary: 'Webhooks',
          tags,
          response: { 200: Type.Object({ webhooks: Type.Array(Hook) }), ...problemResponses },
        },
      },
      async () => ({ webhooks: (await listWebhooks(store)).map((hook) => ({ ...hook, events: [...hook.events] })) }),
    )

    app.put(
      '/webhooks/:id',
      {
        config,
        schema: {
          summary: 'Make or change a webhook',
          description:
            'The answer has its secret, with which messages are signed; it follows from the id and is the same each time.',
          tags,
          params: HookParams,
          body: Type.Object(
            {
              url: Type.String({ maxLength: 2000 }),
              events: Type.Array(Type.Enum([...webhookEvents]), { minItems: 1, maxItems: webhookEvents.length }),
              paused: Type.Optional(Type.Boolean({ default: false })),
            },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ ...Hook.properties, secret: Type.String() }), ...problemResponses },
        },
      },
      async ({ params, body, caller }, reply) => {
        if (settings.secret === null) throw new RingfenceError('webhook.secret', 'RINGFENCE_WEBHOOK_SECRET is not set.')
        checkAddress(body.url, settings)
        const { url, events, paused = false } = body
        const hook = await setWebhook(store, caller.who, params.id, { url, events, paused })
        return reply
          .header('cache-control', 'no-store')
          .send({ ...hook, events: [...hook.events], secret: webhookSecret(settings.secret, hook.id) })
      },
    )

    app.delete(
      '/webhooks/:id',
      {
        config,
        schema: {
          summary: 'Remove a webhook; what waits for it is set aside',
          tags,
          params: HookParams,
          response: { 200: Type.Object({ id: Type.String(), removed: Type.Boolean() }), ...problemResponses },
        },
      },
      async ({ params, caller }) => {
        await dropWebhook(store, caller.who, params.id)
        return { id: params.id, removed: true }
      },
    )

    app.post(
      '/webhooks/:id/test',
      {
        config,
        schema: {
          summary: 'Send it a message of type webhook.test',
          tags,
          params: HookParams,
          response: { 202: Type.Object({ delivery: Type.String() }), ...problemResponses },
        },
      },
      async ({ params, id }, reply) => {
        await readWebhook(store, params.id)
        const now = new Date()
        const message = {
          id: `test ${now.toISOString()} ${id}`,
          type: 'webhook.test',
          at: now.toISOString(),
          data: {},
        } as const
        const change = waiting(params.id, message, now)
        await store.changeDocuments([change])
        return reply.code(202).send({ delivery: change.id })
      },
    )

    app.get(
      '/webhooks/:id/deliveries',
      {
        config,
        schema: {
          summary: 'Its deliveries in one state, the latest first',
          tags,
          params: HookParams,
          querystring: Type.Object(
            { state: Type.Optional(Type.Enum([...deliveryStates], { default: 'dead' })) },
            { additionalProperties: false },
          ),
          response: { 200: Type.Object({ deliveries: Type.Array(DeliveryAnswer) }), ...problemResponses },
        },
      },
      async ({ params, query }) => {
        await readWebhook(store, params.id)
        const state = query.state ?? 'dead'
        const own: Delivery[] = []
        for (let after: DocumentQuery['after'] | null = null; after !== undefined; ) {
          const page = await listDeliveries(store, state, { limit: PAGE, ...(after ? { after } : {}) })
          own.push(...page.map(({ delivery }) => delivery).filter(({ webhook }) => webhook === params.id))
          if (own.length > MOST_LISTED) own.splice(0, own.length - MOST_LISTED)
          const last = page.at(-1)
          after = page.length < PAGE || !last ? undefined : { sort: last.sort, id: last.delivery.id }
        }
        return { deliveries: own.reverse().map(answer) }
      },
    )

    app.post(
      '/webhooks/deliveries/:id/replay',
      {
        config,
        schema: {
          summary: 'Send a message again that was delivered or given up, under the same id',
          tags,
          params: Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{32}$' }) }),
          response: { 202: DeliveryAnswer, ...problemResponses },
        },
      },
      async ({ params }, reply) => reply.code(202).send(answer(await replayDelivery(store, params.id))),
    )
  }
