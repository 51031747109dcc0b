import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { keyRoles } from '../../jobs/api-keys.js'
import { dropKey, makeKey } from '../../jobs/recorded.js'
import type { ApiKeyRecord } from '../../store/store.js'
import { IdParams, Key, KeyBody, MadeKey, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

/** Without the hash, which is nobody's business. */
const shown = ({ id, role, name, createdAt, revokedAt }: ApiKeyRecord) => ({ id, role, name, createdAt, revokedAt })

/** Keys of a service that runs: a DuckDB file has one owner, so that nobody else can reach them meanwhile. */
export const keyRoutes =
  ({ store }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    const config = { roles: ['admin'] } as const

    app.post(
      '/keys',
      {
        config,
        schema: {
          summary: 'Make an API key',
          description: `The key is answered this once and kept nowhere. Roles: ${keyRoles.join(', ')}.`,
          tags: ['keys'],
          body: KeyBody,
          response: { 201: MadeKey, ...problemResponses },
        },
      },
      async ({ body, caller }, reply) => {
        const { key, record } = await makeKey(store, caller.who, body.role, body.name)
        await app.reloadKeys()
        return reply
          .code(201)
          .header('cache-control', 'no-store')
          .send({ ...shown(record), key })
      },
    )

    app.get(
      '/keys',
      {
        config,
        schema: {
          summary: 'API keys, revoked ones too; never the keys themselves',
          tags: ['keys'],
          response: { 200: Type.Object({ keys: Type.Array(Key) }), ...problemResponses },
        },
      },
      async () => ({ keys: (await store.listKeys()).map(shown) }),
    )

    app.delete(
      '/keys/:id',
      {
        config,
        schema: {
          summary: 'Revoke an API key; from the answer on it opens nothing here',
          tags: ['keys'],
          params: IdParams,
          response: { 200: Type.Object({ id: Type.String(), revokedAt: Type.String() }), ...problemResponses },
        },
      },
      async ({ params: { id }, caller }) => {
        const revokedAt = await dropKey(store, caller.who, id)
        await app.reloadKeys()
        return { id, revokedAt }
      },
    )
  }
