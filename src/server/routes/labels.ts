import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { isEntityKind } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import { findEntity } from '../../graph/snapshot.js'
import {
  addLabel,
  addLabels,
  type Deciding,
  estimateLabels,
  listedLabels,
  type ShownLabel,
  type Subjects,
  undoLabels,
} from '../../jobs/labels.js'
import type { Caller } from '../plugins/auth.js'
import { deciders, leads, readers } from '../plugins/auth.js'
import { sendProblem } from '../plugins/problems.js'
import { BulkBody, BulkEstimate, Label, LabelBody, LabelQuery, ReasonBody } from '../schemas/labels.js'
import { IdParams, Nullable, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

export const subjectsOf = ({ current, store }: Pick<Services, 'current' | 'store'>): Subjects => ({
  ring(id) {
    const { view } = current
    const ring = view.ring(id)
    return ring && view.run ? { run: view.run.id, ring } : null
  },
  async hasEntity(kind, id) {
    if (!isEntityKind(kind)) return false
    const { snapshot } = current
    if (snapshot !== null && findEntity(snapshot, kind, id) >= 0) return true
    return (await store.readEntity(kind, id)) !== null
  },
})

/** Decisions on entities and rings. */
export const labelRoutes =
  (services: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { store, labels: book, masking, current } = services
    const subjects = subjectsOf(services)
    const deciding = (caller: Caller): Deciding => ({ store, book, subjects, who: caller.who })

    const shown = ({ role }: Caller, label: ShownLabel): ShownLabel => ({
      ...label,
      subject: label.subject.startsWith('ring:') ? label.subject : masking.fullName(role, label.subject),
      reason: masking.sentence(role, label.reason, current.snapshot),
      evidence: label.evidence.map((each) => masking.sentence(role, each, current.snapshot)),
    })

    // Whoever comes second sees what was decided meanwhile.
    app.setErrorHandler((error, request, reply) => {
      if (error instanceof RingfenceError && error.code === 'label.conflict')
        return sendProblem(error, request, reply, { decisions: error.facts.decisions ?? [] })
      throw error
    })

    app.post(
      '/labels',
      {
        config: { roles: deciders },
        schema: {
          summary: 'Decide on an entity or a ring',
          description:
            'Where somebody else has decided, 409 `label.conflict` has `decisions`: to decide all the same, send the id of the last of them as `after`.',
          tags: ['decisions'],
          body: LabelBody,
          response: { 201: Label, ...problemResponses },
        },
      },
      async ({ body, caller }, reply) => {
        const { after, ...given } = body
        const label = await addLabel(deciding(caller), given, after)
        return reply.code(201).send(shown(caller, label))
      },
    )

    app.get(
      '/labels',
      {
        config: { roles: readers, personal: true },
        schema: {
          summary: 'Decisions, newest first, also those that do not count any more',
          tags: ['decisions'],
          querystring: LabelQuery,
          response: {
            200: Type.Object({ total: Type.Integer(), labels: Type.Array(Label), next: Nullable(Type.Integer()) }),
            ...problemResponses,
          },
        },
      },
      async ({ query, caller }) => {
        await book.refresh()
        const { asOf, limit = 100, before = null, ...filter } = query
        const found = listedLabels(book, filter, asOf === undefined ? Date.now() : Date.parse(asOf), limit, before)
        return { ...found, labels: found.labels.map((label) => shown(caller, label)) }
      },
    )

    app.post(
      '/labels/:id/undo',
      {
        config: { roles: deciders },
        schema: {
          summary: 'Take a label back: one of your own, or any for a lead',
          tags: ['decisions'],
          params: IdParams,
          body: ReasonBody,
          response: {
            200: Type.Object({ count: Type.Integer(), undone: Type.Array(Type.String()) }),
            ...problemResponses,
          },
        },
      },
      async ({ params, body, caller }) => {
        const done = await undoLabels(deciding(caller), params, body.reason, leads.includes(caller.role))
        return { count: done.count, undone: [...done.undone] }
      },
    )

    app.post(
      '/labels/bulk',
      {
        config: { roles: leads },
        schema: {
          summary: 'Decide on many at once: first an estimate, then the same with what it gave as `seen`',
          tags: ['decisions'],
          body: BulkBody,
          response: {
            200: BulkEstimate,
            201: Type.Object({ batch: Type.String(), count: Type.Integer() }),
            ...problemResponses,
          },
        },
      },
      async ({ body, caller }, reply) => {
        const { mode = 'estimate', labels, seen } = body
        if (mode === 'estimate') {
          const estimate = await estimateLabels(deciding(caller), labels)
          return reply.code(200).send({
            ...estimate,
            byLabel: { ...estimate.byLabel },
            sample: [...estimate.sample],
            decidedSample: [...estimate.decidedSample],
          })
        }
        if (seen === undefined)
          throw new RingfenceError(
            'label.changed',
            'A bulk is written after its estimate was looked at: seen is missing.',
          )
        return reply.code(201).send(await addLabels(deciding(caller), labels, seen))
      },
    )

    app.post(
      '/labels/bulk/:id/undo',
      {
        config: { roles: leads },
        schema: {
          summary: 'Take all labels of a bulk back',
          tags: ['decisions'],
          params: IdParams,
          body: ReasonBody,
          response: {
            200: Type.Object({ batch: Nullable(Type.String()), count: Type.Integer() }),
            ...problemResponses,
          },
        },
      },
      async ({ params, body, caller }) => {
        const { batch, count } = await undoLabels(deciding(caller), { batch: params.id }, body.reason, true)
        return { batch, count }
      },
    )
  }
