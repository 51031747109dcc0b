import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { keyRoles } from '../../jobs/api-keys.js'
import type { Caller } from '../plugins/auth.js'
import { Nullable, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

const Signed = Type.Object({
  role: Type.Enum([...keyRoles]),
  name: Type.String(),
  masks: Type.Boolean({ description: 'Whether identifiers of persons are masked to this role.' }),
  session: Nullable(
    Type.Object({
      id: Type.String(),
      openedAt: Type.String(),
      expiresAt: Type.String({ description: 'However much it is used.' }),
      idleUntil: Type.String({ description: 'When it ends where it is not used any more.' }),
    }),
  ),
  csrf: Nullable(
    Type.String({
      description:
        'With the cookie alone, every request but GET and HEAD needs it as `x-csrf-token`. The cookie `ringfence-csrf` (over TLS `__Host-ringfence-csrf`) has it too.',
    }),
  ),
})

const SignInBody = Type.Object(
  { key: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'An API key.' })) },
  { additionalProperties: false },
)

/** Who is signed in, for browsers: a key is exchanged for a cookie that scripts cannot read. */
export const sessionRoutes =
  ({ masking }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    const tags = ['session']
    const shown = ({ role, name, session }: Caller) => ({
      role,
      name,
      masks: masking.masks(role),
      session: session && {
        id: session.id,
        openedAt: session.openedAt,
        expiresAt: session.expiresAt,
        idleUntil: app.idleUntil(session),
      },
      csrf: session?.csrf ?? null,
    })

    app.post(
      '/session',
      {
        config: { roles: 'public' },
        schema: {
          summary: 'Sign in: a key is exchanged for a session cookie',
          description:
            'Without `key`, whatever else the request shows of who sends it. Guesses are limited by address and by key: 429 `auth.rate`.',
          tags,
          security: [],
          body: SignInBody,
          response: { 201: Signed, ...problemResponses },
        },
        // What the request shows beside its body may be enough.
        preValidation: async (request) => {
          request.body ??= {}
        },
      },
      async (request, reply) => {
        const caller = await app.signIn(request, reply, request.body.key ?? null)
        return reply.code(201).header('cache-control', 'no-store').send(shown(caller))
      },
    )

    app.get(
      '/session',
      {
        config: { roles: keyRoles },
        schema: { summary: 'Who is signed in', tags, response: { 200: Signed, ...problemResponses } },
      },
      async ({ caller }, reply) => reply.header('cache-control', 'no-store').send(shown(caller)),
    )

    app.delete(
      '/session',
      {
        config: { roles: keyRoles },
        schema: {
          summary: 'Sign out',
          description: 'A key without a session has nothing to end, and stays as it is.',
          tags,
          response: { 200: Type.Object({ ended: Type.Boolean() }), ...problemResponses },
        },
      },
      async (request, reply) => ({ ended: await app.signOut(request, reply) }),
    )
  }
