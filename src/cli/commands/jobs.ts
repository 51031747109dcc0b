/** `ringfence jobs`: the jobs of a store or a running service, newest first; one in full; and the end of one. */
import type { Command } from 'commander'
import { RingfenceError } from '../../errors.js'
import { jobEntry, record } from '../../jobs/record.js'
import { retryTold } from '../../jobs/webhooks/outbox.js'
import type { JobLogLine, JobRecord } from '../../store/store.js'
import { type Act, type Context, isService } from '../context.js'
import { wholeNumber } from '../options.js'
import { ServiceClient } from '../service/client.js'
import { withStore } from '../store.js'
import { textTable } from '../table.js'
import { whoAsks } from '../who.js'

interface JobsOptions {
  readonly limit: number
}

const row = (job: JobRecord): string[] => [
  job.id,
  job.type,
  job.mode,
  job.state,
  job.state === 'running' ? `${Math.floor(job.progress.done * 100)} % ${job.progress.stage}` : (job.error?.code ?? ''),
  job.createdAt,
  job.finishedAt ?? '',
]

const client = (context: Context): ServiceClient => new ServiceClient(context.store, context.signal)
const pathOf = (id: string): string => `/v1/jobs/${encodeURIComponent(id)}`

const readJobs = async (context: Context, limit: number): Promise<readonly JobRecord[]> => {
  if (!isService(context.store)) return withStore(context, { create: false }, (store) => store.listJobs(limit))
  return ((await client(context).json(`/v1/jobs?limit=${limit}`)) as { readonly jobs: readonly JobRecord[] }).jobs
}

const readJob = async (context: Context, id: string): Promise<JobRecord> => {
  if (isService(context.store)) return (await client(context).json(pathOf(id))) as JobRecord
  const job = await withStore(context, { create: false }, (store) => store.readJob(id))
  if (job === null) throw new RingfenceError('job.unknown', `${context.store} has no job ${id}.`, { id })
  return job
}

const runList = async (context: Context, { limit }: JobsOptions): Promise<void> => {
  const jobs = await readJobs(context, limit)
  await context.result(
    { jobs },
    jobs.length === 0
      ? 'No jobs: they are made by the service at POST /v1/jobs.'
      : textTable(['id', 'type', 'mode', 'state', '', 'created', 'finished'], jobs.map(row)),
  )
}

const runShow = async (context: Context, id: string): Promise<void> => {
  const job = await readJob(context, id)
  await context.result({ ...job }, JSON.stringify(job, null, 2))
}

const runCancel = async (context: Context, id: string): Promise<void> => {
  if (!isService(context.store))
    throw new RingfenceError(
      'usage',
      'a job is cancelled through the service that runs it: give its address, as in --store http://127.0.0.1:8080.',
    )
  const job = (await client(context).json(pathOf(id), { method: 'DELETE' })) as JobRecord
  await context.result(
    { ...job },
    job.finishedAt === null ? `Job ${id} was told to stop.` : `Job ${id} has ended: ${job.state}.`,
  )
}

const runRetry = async (context: Context, id: string): Promise<void> => {
  const job = isService(context.store)
    ? ((await client(context).json(`${pathOf(id)}/retry`, { method: 'POST' })) as JobRecord)
    : await withStore(context, { create: false }, async (store) => {
        const before = await store.readJob(id)
        if (before !== null) await record(store, jobEntry(whoAsks(), 'job.retry', before))
        return retryTold(store, id)
      })
  await context.result(
    { ...job },
    job.state === 'queued' ? `Job ${id} waits for a service to take it up.` : `Job ${id} is ${job.state}.`,
  )
}

const LOG_PAGE = 1000

const readLog = async (context: Context, id: string): Promise<readonly JobLogLine[]> => {
  const read = isService(context.store)
    ? async (from: number) =>
        ((await client(context).json(`${pathOf(id)}/log?from=${from}&limit=${LOG_PAGE}`)) as { lines: JobLogLine[] })
          .lines
    : (from: number) => withStore(context, { create: false }, (store) => store.readJobLog(id, from, LOG_PAGE))
  const lines: JobLogLine[] = []
  for (;;) {
    const page = await read(lines.length)
    lines.push(...page)
    if (page.length < LOG_PAGE) return lines
  }
}

const runLogs = async (context: Context, id: string): Promise<void> => {
  await readJob(context, id)
  const lines = await readLog(context, id)
  await context.result(
    { lines },
    lines.map(({ at, message }) => `${at} ${message}`).join('\n') || 'Nothing was logged.',
  )
}

export const addJobs = (program: Command, act: Act): void => {
  const jobs = program
    .command('jobs')
    .description('Lists the jobs of a store or a running service, shows one or its log, cancels or retries one.')
    .addHelpText(
      'after',
      '\nExamples:\n  ringfence jobs list\n  ringfence jobs show JOB --json\n  ringfence jobs cancel JOB --store http://127.0.0.1:8080',
    )
  jobs
    .command('list', { isDefault: true })
    .description('Lists jobs, newest first.')
    .option('--limit <n>', 'how many', wholeNumber(1, 1000), 20)
    .action((options: JobsOptions, command: Command) => act(command, (context) => runList(context, options)))
  jobs
    .command('show')
    .description('Shows one job in full.')
    .argument('<id>', 'a job')
    .action((id: string, _options: unknown, command: Command) => act(command, (context) => runShow(context, id)))
  jobs
    .command('cancel')
    .description('Stops a job of a running service; it ends within a second, and writes nothing.')
    .argument('<id>', 'a job')
    .action((id: string, _options: unknown, command: Command) => act(command, (context) => runCancel(context, id)))
  jobs
    .command('retry')
    .description('Puts a job that failed or was cancelled back among those that wait.')
    .argument('<id>', 'a job')
    .action((id: string, _options: unknown, command: Command) => act(command, (context) => runRetry(context, id)))
  jobs
    .command('logs')
    .description("Prints a job's log.")
    .argument('<id>', 'a job')
    .action((id: string, _options: unknown, command: Command) => act(command, (context) => runLogs(context, id)))
}
