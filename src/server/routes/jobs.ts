import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { detectors } from '../../detectors/registry.js'
import { RingfenceError } from '../../errors.js'
import { hasEnded } from '../../store/job-record.js'
import type { JobRecord } from '../../store/store.js'
import { jobAnswer, namesPersons, refusePersonal } from '../job-answer.js'
import { type Caller, jobStarters, operators, readers } from '../plugins/auth.js'
import { IdParams, Job, JobBody, Page, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

/** Proxies close a connection that is silent for long. */
const HEARTBEAT_MS = 15_000

/** Throws `auth.role`. */
const refuseOtherThanExports = ({ role }: Caller, type: string): void => {
  if (!operators.includes(role) && type !== 'export')
    throw new RingfenceError(
      'auth.role',
      `A key of the role ${role} starts and stops exports, not jobs of type ${type}.`,
    )
}

const IdempotencyHeader = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
})

export const jobRoutes =
  ({ jobs, masking }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    const streams = new Set<() => void>()
    // Jobs have ended by then; what is still watched belongs to another process.
    app.addHook('preClose', async () => {
      for (const end of streams) end()
    })

    app.post(
      '/jobs',
      {
        config: { roles: jobStarters },
        schema: {
          summary: 'Start a job',
          description:
            'An investigator starts exports alone. `estimate` answers at once; `dry-run` does everything and writes nothing; `write` keeps the run. A dry run with `whatIf` says how its rings differ from those of the latest run.',
          tags: ['jobs'],
          headers: IdempotencyHeader,
          body: JobBody,
          response: { 202: Job, ...problemResponses },
        },
      },
      async ({ body, headers, caller }, reply) => {
        refuseOtherThanExports(caller, body.type)
        let parameters = body.parameters ?? {}
        if (masking.masks(caller.role)) {
          const { whatIf, entity } = parameters as {
            readonly whatIf?: { readonly entities?: readonly string[] }
            readonly entity?: string
          }
          whatIf?.entities?.forEach(refusePersonal)
          if (entity !== undefined) refusePersonal(entity)
          if (body.type === 'export') parameters = { ...parameters, mask: true }
        }
        const wanted = {
          type: body.type,
          mode: body.mode ?? ('write' as const),
          key: body.key ?? headers['idempotency-key'] ?? null,
          parameters,
        }
        const job = await jobs.submit(wanted, caller.who)
        return reply
          .code(202)
          .header('location', `/v1/jobs/${job.id}`)
          .send(jobAnswer(job, caller.role, masking))
      },
    )

    app.get(
      '/jobs',
      {
        config: { roles: readers },
        schema: {
          summary: 'Jobs, newest first',
          tags: ['jobs'],
          querystring: Type.Object({ limit: Page.limit }, { additionalProperties: false }),
          response: { 200: Type.Object({ jobs: Type.Array(Job) }), ...problemResponses },
        },
      },
      async (request) => {
        const found = await jobs.list(request.query.limit ?? 100)
        request.showsPersonal = found.some(namesPersons)
        return { jobs: found.map((job) => jobAnswer(job, request.caller.role, masking)) }
      },
    )

    app.get(
      '/jobs/:id',
      {
        config: { roles: readers },
        schema: { summary: 'One job', tags: ['jobs'], params: IdParams, response: { 200: Job, ...problemResponses } },
      },
      async (request) => {
        const job = await jobs.read(request.params.id)
        request.showsPersonal = namesPersons(job)
        return jobAnswer(job, request.caller.role, masking)
      },
    )

    app.delete(
      '/jobs/:id',
      {
        config: { roles: jobStarters },
        schema: {
          summary: 'Cancel a job; it stops within a second',
          tags: ['jobs'],
          params: IdParams,
          response: { 202: Job, ...problemResponses },
        },
      },
      async ({ params, caller }, reply) => {
        refuseOtherThanExports(caller, (await jobs.read(params.id)).type)
        return reply.code(202).send(jobAnswer(await jobs.cancel(params.id, caller.who), caller.role, masking))
      },
    )

    app.post(
      '/jobs/:id/retry',
      {
        config: { roles: operators },
        schema: {
          summary: 'Try a job again that failed or was cancelled; any other stays as it is',
          tags: ['jobs'],
          params: IdParams,
          response: { 202: Job, ...problemResponses },
        },
      },
      async ({ params, caller }, reply) =>
        reply.code(202).send(jobAnswer(await jobs.retry(params.id, caller.who), caller.role, masking)),
    )

    app.get(
      '/jobs/:id/log',
      {
        config: { roles: readers },
        schema: {
          summary: "Lines of a job's log, oldest first",
          tags: ['jobs'],
          params: IdParams,
          querystring: Type.Object(
            {
              from: Type.Optional(Type.Integer({ minimum: 0, description: 'How many lines to pass over.' })),
              limit: Page.limit,
            },
            { additionalProperties: false },
          ),
          response: {
            200: Type.Object({
              lines: Type.Array(Type.Object({ at: Type.String(), message: Type.String() })),
              next: Type.Integer({ description: 'Where to go on; later there may be more.' }),
            }),
            ...problemResponses,
          },
        },
      },
      async ({ params, query }) => {
        const from = query.from ?? 0
        const lines = await jobs.log(params.id, from, query.limit ?? 100)
        return { lines: [...lines], next: from + lines.length }
      },
    )

    app.get(
      '/jobs/:id/events',
      {
        config: { roles: readers },
        // A HEAD request would wait for the job's end.
        exposeHeadRoute: false,
        schema: {
          summary: 'Progress as server-sent events, until the job has ended',
          tags: ['jobs'],
          params: IdParams,
          produces: ['text/event-stream'],
        },
      },
      async (request, reply) => {
        const { params, caller } = request
        const job = await jobs.read(params.id)
        reply.hijack()
        const { raw } = reply
        raw.writeHead(200, {
          'content-type': 'text/event-stream',
          'cache-control': 'no-store',
          'x-accel-buffering': 'no',
        })
        const stops: (() => void)[] = []
        const end = (): void => {
          for (const stop of stops.splice(0)) stop()
          streams.delete(end)
          raw.end()
        }
        streams.add(end)
        const tell = (current: JobRecord): void => {
          request.showsPersonal ||= namesPersons(current)
          const data = JSON.stringify(jobAnswer(current, caller.role, masking))
          raw.write(`event: ${hasEnded(current) ? 'end' : 'progress'}\ndata: ${data}\n\n`)
          if (hasEnded(current)) end()
        }
        const heartbeat = setInterval(() => raw.write(': still here\n\n'), HEARTBEAT_MS)
        stops.push(() => clearInterval(heartbeat), jobs.watch(params.id, tell))
        raw.on('close', end)
        // It may have ended between the first look and the watch.
        tell(hasEnded(job) ? job : await jobs.read(params.id))
      },
    )

    app.get(
      '/detectors',
      {
        config: { roles: readers },
        schema: {
          summary: 'Detectors with their parameters',
          tags: ['jobs'],
          response: {
            200: Type.Object({
              detectors: Type.Array(
                Type.Object({
                  id: Type.String(),
                  title: Type.String(),
                  behaviour: Type.String(),
                  finds: Type.String(),
                  papers: Type.Array(Type.String()),
                  parameters: Type.Record(Type.String(), Type.Unknown(), { description: 'JSON Schema.' }),
                }),
              ),
            }),
            ...problemResponses,
          },
        },
      },
      async () => ({
        detectors: detectors.map(({ id, title, behaviour, finds, papers, parameters }) => ({
          id,
          title,
          behaviour,
          finds,
          papers: [...papers],
          parameters: JSON.parse(JSON.stringify(parameters)) as Record<string, unknown>,
        })),
      }),
    )
  }
