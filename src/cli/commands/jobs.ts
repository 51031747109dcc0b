/** `ringfence jobs`: the jobs of a store, newest first, or one in full. */
import type { Command } from 'commander'
import { RingfenceError } from '../../errors.js'
import type { JobRecord } from '../../store/store.js'
import type { Act, Context } from '../context.js'
import { wholeNumber } from '../options.js'
import { withStore } from '../store.js'
import { textTable } from '../table.js'

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

const runList = async (context: Context, { limit }: JobsOptions): Promise<void> => {
  const jobs = await withStore(context, { create: false }, (store) => store.listJobs(limit))
  await context.result(
    { jobs },
    jobs.length === 0
      ? 'No jobs: they are made by the service at POST /v1/jobs.'
      : textTable(['id', 'type', 'mode', 'state', '', 'created', 'finished'], jobs.map(row)),
  )
}

const runShow = async (context: Context, id: string): Promise<void> => {
  const job = await withStore(context, { create: false }, (store) => store.readJob(id))
  if (job === null) throw new RingfenceError('job.unknown', `${context.store} has no job ${id}.`, { id })
  await context.result({ ...job }, JSON.stringify(job, null, 2))
}

export const addJobs = (program: Command, act: Act): void => {
  program
    .command('jobs')
    .description('Lists the jobs of a store, newest first, or shows one in full.')
    .argument('[id]', 'a job')
    .option('--limit <n>', 'how many', wholeNumber(1, 10_000), 20)
    .addHelpText('after', '\nExamples:\n  ringfence jobs\n  ringfence jobs JOB --json')
    .action((id: string | undefined, options: JobsOptions, command: Command) =>
      act(command, (context) => (id === undefined ? runList(context, options) : runShow(context, id))),
    )
}
