/**
 * From what happened to messages that wait. Ring events are read from the runs that were saved, and the place up to which that was done moves on in the
 * same write that adds the messages, so that a kill loses none and doubles none. A job's message has an id that follows from the job, so it is
 * added once however often somebody tries.
 */
import { hasEnded } from '../../store/job-record.js'
import type { GraphStore, JobRecord, RecordedRingEvent, RunRecord } from '../../store/store.js'
import { UNTOLD } from '../publication.js'
import { listWebhooks, type Webhook, type WebhookMessage, waiting } from './webhooks.js'

const STATE = 'webhook-state'
const RUNS = 'runs'
/** Marks what has been told, until it is pruned. */
export const TOLD_RUNS = 'webhook-runs'
export const TOLD_JOBS = 'webhook-jobs'
const RUNS_LOOKED_AT = 200
const JOBS_LOOKED_AT = 200

/** Runs are read again so far back, for a day: one may be saved after another that ended later, in another process. */
const OVERLAP_MS = 3_600_000
const RECENT_MS = 86_400_000

interface Place {
  /** Of the newest run at the last look; '' where there was none. */
  readonly finishedAt: string
  readonly run: string
  /** Runs that ended by then, before the first look, are nobody's news. */
  readonly since?: string
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

/** What is to be written so that the webhooks that want them are sent the messages. */
export const changesFor = (webhooks: readonly Webhook[], messages: readonly WebhookMessage[], now: Date) =>
  messages.flatMap((message) => wants(webhooks, message).map(({ id }) => waiting(id, message, now)))

/** Runs that queries see for the first time: those that ended since the last look, and those that were published later. */
const runsToTell = async (
  store: GraphStore,
  runs: readonly RunRecord[],
  { finishedAt, run: last, since = finishedAt }: Place,
  published: ReadonlySet<string>,
  now: Date,
): Promise<readonly RunRecord[]> => {
  const at = Date.parse(finishedAt)
  // What was told is remembered for longer than a day, not for ever.
  const from = now.getTime() - at < RECENT_MS ? new Date(at - OVERLAP_MS).toISOString() : null
  const isNew = (run: RunRecord): boolean =>
    run.finishedAt > since &&
    (from === null
      ? run.finishedAt > finishedAt || (run.finishedAt === finishedAt && run.id > last)
      : run.finishedAt >= from)
  const shown = runs.filter((run) => published.has(run.id) || (run.parameters.publish !== false && isNew(run)))
  const told = await Promise.all(shown.map(({ id }) => store.readDocument(TOLD_RUNS, id)))
  return shown.filter((_, index) => told[index] === null)
}

/** Adds the messages of all runs that queries see since the last look; false where another process was faster. */
export const addRunMessages = async (store: GraphStore, now = new Date()): Promise<boolean> => {
  const state = await store.readDocument(STATE, RUNS)
  const place = state?.value as unknown as Place | undefined
  // What was published is read first: its run is then among those that are read next.
  const untold = await store.listDocuments(UNTOLD, { limit: RUNS_LOOKED_AT })
  const runs = [...(await store.listRuns(RUNS_LOOKED_AT))].reverse()
  const { finishedAt, id: run } = runs.at(-1) ?? { finishedAt: '', id: '' }
  const fresh =
    place === undefined ? [] : await runsToTell(store, runs, place, new Set(untold.map(({ id }) => id)), now)
  if (place !== undefined && fresh.length === 0 && untold.length === 0 && run === place.run) return true
  const webhooks = await listWebhooks(store)
  const messages: WebhookMessage[] = []
  for (const each of fresh) messages.push(...messagesOf(each, await store.readRunEvents(each.id)))
  return store.changeDocuments([
    {
      collection: STATE,
      id: RUNS,
      expected: state?.version ?? null,
      value: { finishedAt, run, since: place === undefined ? finishedAt : (place.since ?? place.finishedAt) },
    },
    ...untold.map(({ id, version }) => ({ collection: UNTOLD, id, expected: version, value: null })),
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

/** One that failed or was cancelled waits again; what it came to before is told first, since its record does not keep it. Throws `job.unknown`. */
export const retryTold = async (store: GraphStore, id: string): Promise<JobRecord> => {
  const before = await store.readJob(id)
  if (before !== null) await addJobMessage(store, before)
  return store.retryJob(id)
}

/** Makes up for jobs whose process stopped between their end and their message, and for those that nobody was left to end. */
export const addJobMessages = async (store: GraphStore, since: string): Promise<void> => {
  if ((await listWebhooks(store)).length === 0) return
  for (const job of await store.listJobs(JOBS_LOOKED_AT))
    if (hasEnded(job) && job.finishedAt! >= since) await addJobMessage(store, job)
}
