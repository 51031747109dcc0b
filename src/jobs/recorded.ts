/** What changes how the service works and who may do what, as the command and the service do it: each with its entry in the audit log. */
import { RingfenceError } from '../errors.js'
import type { GraphStore } from '../store/store.js'
import { type KeyRole, makeApiKey } from './api-keys.js'
import { recorded, shortened } from './record.js'
import { putSchedule, readSchedule, removeSchedule, type Schedule, type ScheduleRequest } from './schedules.js'
import { putWebhook, readWebhook, removeWebhook, type Webhook, type WebhookRequest } from './webhooks/webhooks.js'

export const makeKey = async (store: GraphStore, who: string, role: KeyRole, name: string) => {
  const made = makeApiKey(role, name)
  const { id } = made.record
  const entry = { who, action: 'key.create', subject: `key:${id}`, after: { role, name } }
  await recorded(store, entry, () => store.createKey(made.record))
  return made
}

/** Throws `key.unknown`. Returns when it was revoked. */
export const dropKey = async (store: GraphStore, who: string, id: string): Promise<string> => {
  const unknown = () => new RingfenceError('key.unknown', `There is no key ${id} that is not revoked.`, { id })
  const key = (await store.listKeys()).find((each) => each.id === id && each.revokedAt === null)
  if (key === undefined) throw unknown()
  const { role, name } = key
  const revokedAt = new Date().toISOString()
  const entry = { who, action: 'key.revoke', subject: `key:${id}`, before: { role, name }, after: { revokedAt } }
  return recorded(store, entry, async () => {
    if (!(await store.revokeKey(id, revokedAt))) throw unknown()
    return revokedAt
  })
}

/** What is there under an id; null where nothing is. */
const before = async <T>(read: () => Promise<T>): Promise<T | null> =>
  read().catch((error: unknown) => {
    if (error instanceof RingfenceError && error.status === 404) return null
    throw error
  })

const asked = ({
  job,
  cron,
  timeZone,
  catchUp,
  jitterSeconds,
  singleFlight,
  paused,
  priority,
  timeoutSeconds,
}: ScheduleRequest) => ({
  job: shortened(job),
  cron,
  timeZone,
  catchUp,
  jitterSeconds,
  singleFlight,
  paused,
  priority,
  timeoutSeconds,
})

interface Thing<Wanted, Kept extends Wanted> {
  readonly name: 'schedule' | 'webhook'
  readonly read: (store: GraphStore, id: string) => Promise<Kept>
  readonly put: (store: GraphStore, id: string, wanted: Wanted) => Promise<Kept>
  readonly remove: (store: GraphStore, id: string) => Promise<void>
  /** For the log. */
  readonly shown: (wanted: Wanted) => unknown
}

const setter =
  <Wanted, Kept extends Wanted>({ name, read, put, shown }: Thing<Wanted, Kept>) =>
  async (store: GraphStore, who: string, id: string, wanted: Wanted): Promise<Kept> => {
    const old = await before(() => read(store, id))
    const entry = { who, subject: `${name}:${id}`, before: old && shown(old), after: shown(wanted) }
    return recorded(store, { ...entry, action: `${name}.set` }, () => put(store, id, wanted))
  }

const remover =
  <Wanted, Kept extends Wanted>({ name, read, remove, shown }: Thing<Wanted, Kept>) =>
  async (store: GraphStore, who: string, id: string): Promise<void> => {
    const old = shown(await read(store, id))
    const entry = { who, action: `${name}.remove`, subject: `${name}:${id}`, before: old, after: null }
    await recorded(store, entry, () => remove(store, id))
  }

const schedules: Thing<ScheduleRequest, Schedule> = {
  name: 'schedule',
  read: readSchedule,
  put: putSchedule,
  remove: removeSchedule,
  shown: asked,
}

const webhooks: Thing<WebhookRequest, Webhook> = {
  name: 'webhook',
  read: readWebhook,
  put: putWebhook,
  remove: removeWebhook,
  shown: ({ url, events, paused }) => ({ url, events, paused }),
}

/** Each throws what the same without a record throws. */
export const setSchedule = setter(schedules)
export const dropSchedule = remover(schedules)
export const setWebhook = setter(webhooks)
export const dropWebhook = remover(webhooks)
