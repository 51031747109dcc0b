/** `ringfence schedules`: what a service does by itself, and when. */
import { type Command, InvalidArgumentError } from 'commander'
import { RingfenceError } from '../../errors.js'
import { checkParameters } from '../../jobs/job-kind.js'
import { jobKind } from '../../jobs/kinds.js'
import { dropSchedule, setSchedule } from '../../jobs/recorded.js'
import {
  catchUpRules,
  listSchedules,
  readSchedule,
  type Schedule,
  type ScheduleRequest,
  scheduleDefaults,
} from '../../jobs/schedules.js'
import type { JobRecord } from '../../store/store.js'
import { type Act, type Context, isService } from '../context.js'
import { wholeNumber } from '../options.js'
import { ServiceClient } from '../service/client.js'
import { withStore } from '../store.js'
import { textTable } from '../table.js'
import { whoAsks } from '../who.js'

interface SetOptions {
  readonly cron: string
  readonly type: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly dryRun?: boolean
  readonly timeZone: string
  readonly catchUp: Schedule['catchUp']
  readonly jitter: number
  readonly overlap?: boolean
  readonly priority: number
  readonly timeout?: number
}

const client = (context: Context): ServiceClient => new ServiceClient(context.store, context.signal)
const pathOf = (id: string): string => `/v1/schedules/${encodeURIComponent(id)}`

const id = (text: string): string => {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(text))
    throw new InvalidArgumentError('It has 1 to 64 small letters, digits and hyphens.')
  return text
}

const jsonObject = (text: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Told below.
  }
  throw new InvalidArgumentError('It must be a JSON object.')
}

const rule = (text: string): Schedule['catchUp'] => {
  const found = catchUpRules.find((each) => each === text)
  if (!found) throw new InvalidArgumentError(`It must be one of ${catchUpRules.join(', ')}.`)
  return found
}

const read = async (context: Context, name: string): Promise<Schedule> =>
  isService(context.store)
    ? ((await client(context).json(pathOf(name))) as Schedule)
    : withStore(context, { create: false }, (store) => readSchedule(store, name))

const put = async (context: Context, name: string, wanted: ScheduleRequest): Promise<Schedule> => {
  if (isService(context.store))
    return (await client(context).json(pathOf(name), { method: 'PUT', body: JSON.stringify(wanted) })) as Schedule
  checkParameters(jobKind(wanted.job.type), wanted.job.parameters)
  return withStore(context, {}, (store) => setSchedule(store, whoAsks(), name, wanted))
}

const requestOf = (schedule: Schedule, more: Partial<ScheduleRequest>): ScheduleRequest => {
  const { job, cron, timeZone, catchUp, jitterSeconds, singleFlight, paused, priority, timeoutSeconds } = schedule
  return { job, cron, timeZone, catchUp, jitterSeconds, singleFlight, paused, priority, timeoutSeconds, ...more }
}

const runList = async (context: Context): Promise<void> => {
  const schedules = isService(context.store)
    ? ((await client(context).json('/v1/schedules')) as { readonly schedules: readonly Schedule[] }).schedules
    : await withStore(context, { create: false }, listSchedules)
  await context.result(
    { schedules },
    schedules.length === 0
      ? 'No schedules: ringfence schedules set makes one.'
      : textTable(
          ['id', 'job', 'cron', 'time zone', 'next', 'last'],
          schedules.map((schedule) => [
            schedule.id,
            `${schedule.job.type}${schedule.job.mode === 'write' ? '' : ` (${schedule.job.mode})`}`,
            schedule.cron,
            schedule.timeZone,
            schedule.paused ? 'paused' : (schedule.nextDue ?? ''),
            schedule.last ? `${schedule.last.due} ${schedule.last.outcome}` : '',
          ]),
        ),
  )
}

const tell = (context: Context, schedule: Schedule): Promise<void> =>
  context.result(
    { ...schedule },
    schedule.paused
      ? `Schedule ${schedule.id} is paused.`
      : `Schedule ${schedule.id} is due next at ${schedule.nextDue}.`,
  )

const runSet = async (context: Context, name: string, options: SetOptions): Promise<void> =>
  tell(
    context,
    await put(context, name, {
      ...scheduleDefaults,
      job: { type: options.type, mode: options.dryRun ? 'dry-run' : 'write', parameters: options.parameters },
      cron: options.cron,
      timeZone: options.timeZone,
      catchUp: options.catchUp,
      jitterSeconds: options.jitter,
      singleFlight: !options.overlap,
      priority: options.priority,
      timeoutSeconds: options.timeout ?? null,
    }),
  )

const runPause = async (context: Context, name: string, paused: boolean): Promise<void> =>
  tell(context, await put(context, name, requestOf(await read(context, name), { paused })))

const runRemove = async (context: Context, name: string): Promise<void> => {
  if (isService(context.store)) await client(context).json(pathOf(name), { method: 'DELETE' })
  else await withStore(context, { create: false }, (store) => dropSchedule(store, whoAsks(), name))
  await context.result({ id: name, removed: true }, `Schedule ${name} is removed; jobs that it asked for stay.`)
}

const runNow = async (context: Context, name: string): Promise<void> => {
  if (!isService(context.store))
    throw new RingfenceError('usage', 'a service runs it: give its address, as in --store http://127.0.0.1:8080.')
  const job = (await client(context).json(`${pathOf(name)}/run`, { method: 'POST' })) as JobRecord
  await context.result({ ...job }, `Job ${job.id} was asked for.`)
}

export const addSchedules = (program: Command, act: Act): void => {
  const schedules = program
    .command('schedules')
    .description('Lists, sets, pauses and removes schedules: jobs that a service asks for by itself.')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ringfence schedules list',
        "  ringfence schedules set nightly --cron '30 2 * * *' --time-zone Europe/Berlin --type detect",
        '  ringfence schedules set nightly-all --cron \'0 3 * * *\' --type pipeline --parameters \'{"stages":[{"type":"detect"},{"type":"publish"}]}\'',
        '  ringfence schedules pause nightly',
      ].join('\n'),
    )
  schedules
    .command('list', { isDefault: true })
    .description('Lists schedules, the next due first.')
    .action((_options: unknown, command: Command) => act(command, runList))
  schedules
    .command('show')
    .description('Shows one schedule in full.')
    .argument('<id>', 'a schedule')
    .action((name: string, _options: unknown, command: Command) =>
      act(command, async (context) => {
        const schedule = await read(context, name)
        await context.result({ ...schedule }, JSON.stringify(schedule, null, 2))
      }),
    )
  schedules
    .command('set')
    .description('Makes a schedule, or takes the place of the one with its id.')
    .argument('<id>', 'small letters, digits and hyphens', id)
    .requiredOption('--cron <line>', 'five fields, or six with seconds first')
    .requiredOption('--type <job>', 'a type of job, such as detect')
    .option('--parameters <json>', 'of the job', jsonObject, {})
    .option('--dry-run', 'its jobs write nothing')
    .option('--time-zone <name>', 'IANA name', scheduleDefaults.timeZone)
    .option('--catch-up <rule>', `times that were missed: ${catchUpRules.join(', ')}`, rule, scheduleDefaults.catchUp)
    .option('--jitter <seconds>', 'each time is up to so much later', wholeNumber(0, 86_400), 0)
    .option('--overlap', 'also while the job of an earlier time has not ended')
    .option('--priority <n>', 'lower first', wholeNumber(-1000, 1000), 0)
    .option('--timeout <seconds>', 'its jobs are stopped after so long', wholeNumber(1, 30 * 86_400))
    .action((name: string, options: SetOptions, command: Command) =>
      act(command, (context) => runSet(context, name, options)),
    )
  for (const [verb, paused, what] of [
    ['pause', true, 'Lets its times pass.'],
    ['resume', false, 'Lets it be due again, from its next time on.'],
  ] as const)
    schedules
      .command(verb)
      .description(what)
      .argument('<id>', 'a schedule')
      .action((name: string, _options: unknown, command: Command) =>
        act(command, (context) => runPause(context, name, paused)),
      )
  schedules
    .command('remove')
    .description('Removes a schedule; jobs that it asked for stay.')
    .argument('<id>', 'a schedule')
    .action((name: string, _options: unknown, command: Command) => act(command, (context) => runRemove(context, name)))
  schedules
    .command('run')
    .description('Asks a service for its job now, beside its times.')
    .argument('<id>', 'a schedule')
    .action((name: string, _options: unknown, command: Command) => act(command, (context) => runNow(context, name)))
}
