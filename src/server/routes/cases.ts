import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { RingfenceError } from '../../errors.js'
import {
  caseStatuses,
  changeCase,
  commentCase,
  filteredCases,
  openCaseOn,
  readCase,
  type Versioned,
} from '../../jobs/cases.js'
import { type Caller, deciders, readers } from '../plugins/auth.js'
import { sendProblem } from '../plugins/problems.js'
import { ReasonText } from '../schemas/labels.js'
import { IdParams, Nullable, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'
import { subjectsOf } from './labels.js'

/** In place of a name: whoever asks. */
const ME = 'me'
const named = <T extends { readonly assignee?: string | null }>(given: T, caller: Caller): T =>
  given.assignee === ME ? { ...given, assignee: caller.who } : given

const Title = Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' })
const fields = {
  status: Type.Optional(Type.Enum([...caseStatuses])),
  assignee: Type.Optional(
    Nullable(Type.String({ minLength: 1, maxLength: 300, description: '`me`: who asks; null: nobody.' })),
  ),
  dueAt: Type.Optional(Nullable(Type.String({ format: 'date-time' }))),
}

const Case = Type.Object({
  id: Type.String(),
  version: Type.Integer({ description: 'To be sent with a change.' }),
  subject: Type.String(),
  title: Type.String(),
  status: Type.Enum([...caseStatuses]),
  assignee: Nullable(Type.String()),
  dueAt: Nullable(Type.String()),
  openedBy: Type.String(),
  at: Type.String(),
  changedAt: Type.String(),
  comments: Type.Array(
    Type.Object({ at: Type.String(), who: Type.String(), text: Type.String(), appeal: Type.Boolean() }),
  ),
})

const OpenBody = Type.Object(
  { subject: Type.String({ minLength: 3, maxLength: 600 }), title: Title, ...fields },
  { additionalProperties: false },
)
const ChangeBody = Type.Object(
  { version: Type.Integer({ minimum: 1 }), title: Type.Optional(Title), ...fields },
  { additionalProperties: false },
)
const CommentBody = Type.Object({ text: ReasonText }, { additionalProperties: false })

const CaseQuery = Type.Object(
  {
    status: Type.Optional(Type.Enum([...caseStatuses])),
    assignee: Type.Optional(Type.String({ maxLength: 300, description: '`me`: who asks.' })),
    subject: Type.Optional(Type.String({ maxLength: 600 })),
  },
  { additionalProperties: false },
)

export const caseRoutes =
  (services: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { store, masking, current } = services
    const subjects = subjectsOf(services)

    const shown = ({ role }: Caller, found: Versioned) => {
      const sentence = (text: string): string => masking.sentence(role, text, current.snapshot)
      return {
        ...found,
        subject: found.subject.startsWith('ring:') ? found.subject : masking.fullName(role, found.subject),
        title: sentence(found.title),
        comments: found.comments.map((comment) => ({ ...comment, text: sentence(comment.text) })),
      }
    }

    app.setErrorHandler((error, request, reply) => {
      if (error instanceof RingfenceError && error.code === 'case.conflict' && error.facts.case)
        return sendProblem(error, request, reply, { case: shown(request.caller, error.facts.case as Versioned) })
      throw error
    })

    app.get(
      '/cases',
      {
        config: { roles: readers, personal: true },
        schema: {
          summary: 'Cases, oldest first',
          tags: ['decisions'],
          querystring: CaseQuery,
          response: { 200: Type.Object({ cases: Type.Array(Case) }), ...problemResponses },
        },
      },
      async ({ query, caller }) => {
        const wanted = await filteredCases(store, named(query, caller))
        return { cases: wanted.map((each) => shown(caller, each)) }
      },
    )

    app.post(
      '/cases',
      {
        config: { roles: deciders },
        schema: {
          summary: 'Open a case on an entity or a ring',
          tags: ['decisions'],
          body: OpenBody,
          response: { 201: Case, ...problemResponses },
        },
      },
      async ({ body, caller }, reply) =>
        reply.code(201).send(shown(caller, await openCaseOn(store, subjects, caller.who, named(body, caller)))),
    )

    app.get(
      '/cases/:id',
      {
        config: { roles: readers, personal: true },
        schema: {
          summary: 'One case',
          tags: ['decisions'],
          params: IdParams,
          response: { 200: Case, ...problemResponses },
        },
      },
      async ({ params, caller }) => shown(caller, await readCase(store, params.id)),
    )

    app.put(
      '/cases/:id',
      {
        config: { roles: deciders },
        schema: {
          summary: 'Assign a case, or change its status, title or due date',
          description: 'What is not given stays. 409 `case.conflict` has the `case` as another has left it.',
          tags: ['decisions'],
          params: IdParams,
          body: ChangeBody,
          response: { 200: Case, ...problemResponses },
        },
      },
      async ({ params, body: { version, ...given }, caller }) =>
        shown(caller, await changeCase(store, caller.who, params.id, version, named(given, caller))),
    )

    for (const [path, appeal, summary] of [
      ['comments', false, 'Comment on a case'],
      ['appeal', true, 'Record an appeal: the case is open again'],
    ] as const)
      app.post(
        `/cases/:id/${path}`,
        {
          config: { roles: deciders },
          schema: {
            summary,
            tags: ['decisions'],
            params: IdParams,
            body: CommentBody,
            response: { 201: Case, ...problemResponses },
          },
        },
        async ({ params, body, caller }, reply) =>
          reply.code(201).send(shown(caller, await commentCase(store, caller.who, params.id, body.text, appeal))),
      )
  }
