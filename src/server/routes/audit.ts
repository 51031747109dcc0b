import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { listedAudit, verifyAudit } from '../../jobs/audit.js'
import { leads } from '../plugins/auth.js'
import { Nullable, Page, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

const AuditEntryAnswer = Type.Object({
  place: Type.Integer(),
  at: Type.String(),
  who: Type.String(),
  action: Type.String({ description: 'As `label.add`; `personal.read` for identifiers of persons.' }),
  subject: Type.String(),
  before: Type.Unknown(),
  after: Type.Unknown(),
  hash: Type.String({ description: 'SHA-256 over the entry and the hash before it.' }),
})

const Head = Type.Object({ place: Type.Integer(), hash: Type.String() })

const time = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }))

const AuditQuery = Type.Object(
  {
    limit: Page.limit,
    before: Type.Optional(Type.Integer({ minimum: 1, description: 'Only entries before this place: `next`.' })),
    who: Type.Optional(Type.String({ maxLength: 300 })),
    action: Type.Optional(Type.String({ maxLength: 64 })),
    subject: Type.Optional(Type.String({ maxLength: 600 })),
    from: time('Not before.'),
    to: time('Not after.'),
  },
  { additionalProperties: false },
)

const utc = (text: string | undefined): string | undefined => (text === undefined ? text : new Date(text).toISOString())

export const auditRoutes =
  ({ store }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/audit',
      {
        config: { roles: leads, personal: true },
        schema: {
          summary: 'Who did what on what, newest first',
          tags: ['decisions'],
          querystring: AuditQuery,
          response: {
            200: Type.Object({ entries: Type.Array(AuditEntryAnswer), head: Head, next: Nullable(Type.Integer()) }),
            ...problemResponses,
          },
        },
      },
      async ({ query }) => {
        const { limit = 100, before, who, action, subject, from, to } = query
        const head = await store.readAuditHead()
        const found = await listedAudit(store, {
          order: 'newest',
          limit: limit + 1,
          ...(before === undefined ? {} : { after: before }),
          ...Object.fromEntries(
            Object.entries({ who, action, subject, from: utc(from), to: utc(to) }).filter(([, value]) => value),
          ),
        })
        const entries = found.slice(0, limit)
        return { entries, head, next: found.length > limit ? entries.at(-1)!.place : null }
      },
    )

    app.get(
      '/audit/verify',
      {
        config: { roles: leads },
        schema: {
          summary: 'Whether the log is what was written, and where not',
          description:
            'With `place` and `hash` of a head that was kept elsewhere a log that was cut off or written anew is told too.',
          tags: ['decisions'],
          querystring: Type.Object(
            {
              place: Type.Optional(Type.Integer({ minimum: 1 })),
              hash: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              holds: Type.Boolean(),
              entries: Type.Integer(),
              labels: Type.Integer(),
              head: Head,
              faults: Type.Array(Type.Object({ place: Nullable(Type.Integer()), message: Type.String() })),
              faultCount: Type.Integer(),
            }),
            ...problemResponses,
          },
        },
      },
      async ({ query: { place, hash } }) => {
        const proof = await verifyAudit(store, place !== undefined && hash !== undefined ? { place, hash } : null)
        return { ...proof, faults: [...proof.faults] }
      },
    )
  }
