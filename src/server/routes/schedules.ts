import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { jobKind } from '../../jobs/kinds.js'
import { dropSchedule, setSchedule } from '../../jobs/recorded.js'
import {
  catchUpRules,
  listSchedules,
  nextTime,
  readSchedule,
  requestOf,
  type Schedule,
  scheduleDefaults,
} from '../../jobs/schedules.js'
import { jobAnswer } from '../job-answer.js'
import { operators, readers } from '../plugins/auth.js'
import { Job, Nullable, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

const request = {
  cron: Type.String({ minLength: 1, maxLength: 200, description: 'Five fields, or six with seconds first.' }),
  timeZone: Type.Optional(
    Type.String({ maxLength: 64, default: scheduleDefaults.timeZone, description: 'IANA name.' }),
  ),
  catchUp: Type.Optional(
    Type.Enum([...catchUpRules], {
      default: scheduleDefaults.catchUp,
      description: 'Times that were missed: none is made up for, the latest is, or all are (at most 1,000).',
    }),
  ),
  jitterSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400, default: scheduleDefaults.jitterSeconds })),
  singleFlight: Type.Optional(
    Type.Boolean({
      default: scheduleDefaults.singleFlight,
      description: 'A time is passed over while the job of an earlier one has not ended.',
    }),
  ),
  paused: Type.Optional(Type.Boolean({ default: scheduleDefaults.paused })),
  priority: Type.Optional(
    Type.Integer({ minimum: -1000, maximum: 1000, default: scheduleDefaults.priority, description: 'Lower first.' }),
  ),
  timeoutSeconds: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 30 * 86_400 }))),
}

const ScheduleBody = Type.Object(
  {
    job: Type.Object(
      {
        type: Type.String({ maxLength: 32 }),
        mode: Type.Optional(Type.Enum(['dry-run', 'write'], { default: 'write' })),
        parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      },
      { additionalProperties: false, description: 'As in POST /v1/jobs.' },
    ),
    ...request,
  },
  { additionalProperties: false },
)

const ScheduleAnswer = Type.Object({
  id: Type.String(),
  job: Type.Object({
    type: Type.String(),
    mode: Type.String(),
    parameters: Type.Record(Type.String(), Type.Unknown()),
  }),
  cron: Type.String(),
  timeZone: Type.String(),
  catchUp: Type.String(),
  jitterSeconds: Type.Integer(),
  singleFlight: Type.Boolean(),
  paused: Type.Boolean(),
  priority: Type.Integer(),
  timeoutSeconds: Nullable(Type.Integer()),
  createdAt: Type.String(),
  changedAt: Type.String(),
  nextDue: Nullable(Type.String()),
  later: Type.Array(Type.String(), { description: 'The times after it, as far as they are looked at.' }),
  last: Nullable(
    Type.Object({
      due: Type.String(),
      outcome: Type.String({ description: 'started, passed-over or failed.' }),
      job: Nullable(Type.String()),
      reason: Nullable(Type.String()),
    }),
  ),
})

const ScheduleParams = Type.Object({ id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$' }) })

const TIMES_SHOWN = 3

const shown = (schedule: Schedule) => {
  const later: string[] = []
  let time = schedule.nextDue === null ? null : nextTime(schedule, new Date(schedule.nextDue))
  while (time !== null && later.length < TIMES_SHOWN) {
    later.push(time.toISOString())
    time = nextTime(schedule, time)
  }
  const { parameters, ...job } = schedule.job
  return { ...schedule, job: { ...job, parameters: { ...parameters } }, later }
}

export const scheduleRoutes =
  ({ store, jobs, masking }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/schedules',
      {
        config: { roles: readers },
        schema: {
          summary: 'Schedules, the next due first',
          tags: ['jobs'],
          response: { 200: Type.Object({ schedules: Type.Array(ScheduleAnswer) }), ...problemResponses },
        },
      },
      async () => ({ schedules: (await listSchedules(store)).map(shown) }),
    )

    app.get(
      '/schedules/:id',
      {
        config: { roles: readers },
        schema: {
          summary: 'One schedule',
          tags: ['jobs'],
          params: ScheduleParams,
          response: { 200: ScheduleAnswer, ...problemResponses },
        },
      },
      async ({ params }) => shown(await readSchedule(store, params.id)),
    )

    app.put(
      '/schedules/:id',
      {
        config: { roles: operators },
        schema: {
          summary: 'Make or change a schedule',
          tags: ['jobs'],
          params: ScheduleParams,
          body: ScheduleBody,
          response: { 200: ScheduleAnswer, ...problemResponses },
        },
      },
      async ({ params, body, caller }) => {
        const { mode, parameters, type } = body.job
        jobKind(type)
        const wanted = {
          ...scheduleDefaults,
          ...body,
          job: { type, mode: mode ?? ('write' as const), parameters: parameters ?? {} },
        }
        // A job that could never be asked for is told now and not at night.
        await jobs.check(wanted.job)
        return shown(await setSchedule(store, caller.who, params.id, wanted))
      },
    )

    app.delete(
      '/schedules/:id',
      {
        config: { roles: operators },
        schema: {
          summary: 'Remove a schedule; jobs that it asked for stay',
          tags: ['jobs'],
          params: ScheduleParams,
          response: { 200: Type.Object({ id: Type.String(), removed: Type.Boolean() }), ...problemResponses },
        },
      },
      async ({ params, caller }) => {
        await dropSchedule(store, caller.who, params.id)
        return { id: params.id, removed: true }
      },
    )

    app.post(
      '/schedules/:id/run',
      {
        config: { roles: operators },
        schema: {
          summary: 'Ask for its job now, beside its times',
          tags: ['jobs'],
          params: ScheduleParams,
          response: { 202: Job, ...problemResponses },
        },
      },
      async ({ params, caller }, reply) => {
        const schedule = await readSchedule(store, params.id)
        const { dueAt: _now, ...wanted } = requestOf(schedule, new Date())
        const job = await jobs.submit(wanted, caller.who)
        return reply
          .code(202)
          .header('location', `/v1/jobs/${job.id}`)
          .send(jobAnswer(job, caller.role, masking))
      },
    )
  }
