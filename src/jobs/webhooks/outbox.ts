/**
 * From what happened to messages that wait. Ring events are read from the runs that were saved, and the place up to which that was done moves on in the
 * same write that adds the messages, so that a kill loses none and doubles none. A job's message has an id that follows from the job, so it is
 * added once however often somebody tries.
 */
import { hasEnded } from '../../store/job-record.js'
import type { GraphStore, JobRecord, RecordedRingEvent, RunRecord } from '../../store/store.js'
import { publishedRun } from '../publication.js'
import { listWebhooks, type Webhook, type WebhookMessage, waiting } from './webhooks.js'

const STATE = 'webhook-state'
const RUNS = 'runs'
/** Marks what has been told, until it is pruned. */
export const TOLD_RUNS = 'webhook-runs'
export const TOLD_JOBS = 'webhook-jobs'
const RUNS_LOOKED_AT = 200
const JOBS_LOOKED_AT = 200

interface Place {
  readonly finishedAt: string
  readonly run: string
}

const wants = (webhooks: readonly Webhook[], message: WebhookMessage) =>
  webhooks.filter(({ paused, events }) => !paused && (events as readonly string[]).includes(message.type))

const messagesOf = (run: RunRecord, events: readonly RecordedRingEvent[]): readonly WebhookMessage[] => [
  {
    id: `run ${run.id}`,
    type: 'run.published',
    at: run.finishedAt,
    data: { run: run.id, asOf: run.asOf === null ? null : new Date(run.asOf).toISOString(), counts: run.counts },
  },
  ...events.map(
    ({ ring, event, overlap, accounts, other }): WebhookMessage => ({
      id: `ring ${run.id} ${ring} ${event} ${other ?? ''}`.trimEnd(),
      type: `ring.${event}`,
      at: run.finishedAt,
      data: { run: run.id, ring, event, overlap, accounts, other },
    }),
  ),
]

const changesFor = (webhooks: readonly Webhook[], messages: readonly WebhookMessage[], now: Date) =>
  messages.flatMap((message) => wants(webhooks, message).map(({ id }) => waiting(id, message, now)))

/** Runs that queries see for the first time: those that ended since the last look, and one that was published later. */
const runsToTell = async (
  store: GraphStore,
  runs: readonly RunRecord[],
  place: Place | undefined,
): Promise<readonly RunRecord[]> => {
  if (place === undefined) return []
  const isNew = ({ finishedAt, id }: RunRecord): boolean =>
    finishedAt > place.finishedAt || (finishedAt === place.finishedAt && id > place.run)
  const chosen = await publishedRun(store)
  const shown = runs.filter((run) => (run.parameters.publish === false ? run.id === chosen : isNew(run)))
  const told = await Promise.all(shown.map(({ id }) => store.readDocument(TOLD_RUNS, id)))
  return shown.filter((_, index) => told[index] === null)
}

/** Adds the messages of all runs that queries see since the last look; false where another process was faster. */
export const addRunMessages = async (store: GraphStore, now = new Date()): Promise<boolean> => {
  const runs = [...(await store.listRuns(RUNS_LOOKED_AT))].reverse()
  const latest = runs.at(-1)
  const state = await store.readDocument(STATE, RUNS)
  const place = state?.value as unknown as Place | undefined
  const fresh = await runsToTell(store, runs, place)
  if (latest === undefined || (place !== undefined && fresh.length === 0 && latest.id === place.run)) return true
  const webhooks = await listWebhooks(store)
  const messages: WebhookMessage[] = []
  for (const run of fresh) messages.push(...messagesOf(run, await store.readRunEvents(run.id)))
  return store.changeDocuments([
    {
      collection: STATE,
      id: RUNS,
      expected: state?.version ?? null,
      value: { finishedAt: latest.finishedAt, run: latest.id },
    },
    ...fresh.map(({ id }) => ({
      collection: TOLD_RUNS,
      id,
      expected: null,
      value: {},
      sort: now.toISOString(),
    })),
    ...changesFor(webhooks, messages, now),
  ])
}

/** Adds the message of a job that has ended; nothing where it was added before. */
export const addJobMessage = async (store: GraphStore, job: JobRecord, now = new Date()): Promise<void> => {
  if (!hasEnded(job) || job.mode === 'estimate') return
  const message: WebhookMessage = {
    // A job that is tried again ends again.
    id: `job ${job.id} ${job.token}`,
    type: `job.${job.state as 'done' | 'failed' | 'cancelled'}`,
    at: job.finishedAt!,
    data: { job: job.id, type: job.type, mode: job.mode, state: job.state, error: job.error, schedule: job.schedule },
  }
  const id = `${job.id} ${job.token}`
  const changes = changesFor(await listWebhooks(store), [message], now)
  if (changes.length === 0 || (await store.readDocument(TOLD_JOBS, id)) !== null) return
  const told = { collection: TOLD_JOBS, id, expected: null, value: {}, sort: now.toISOString() }
  await store.changeDocuments([told, ...changes])
}

/** Makes up for jobs whose process stopped between their end and their message, and for those that nobody was left to end. */
export const addJobMessages = async (store: GraphStore, since: string): Promise<void> => {
  if ((await listWebhooks(store)).length === 0) return
  for (const job of await store.listJobs(JOBS_LOOKED_AT))
    if (hasEnded(job) && job.finishedAt! >= since) await addJobMessage(store, job)
}
