/** What changes how the service works and who may do what, as the command and the service do it: each with its entry in the audit log. */
import { RingfenceError } from '../errors.js'
import type { GraphStore } from '../store/store.js'
import { type KeyRole, makeApiKey } from './api-keys.js'
import { recorded, shortened } from './record.js'
import { putSchedule, readSchedule, removeSchedule, type Schedule, type ScheduleRequest } from './schedules.js'
import { putWebhook, readWebhook, removeWebhook, type WebhookRequest } from './webhooks/webhooks.js'

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

/** Throws what `putSchedule` throws. */
export const setSchedule = async (
  store: GraphStore,
  who: string,
  id: string,
  wanted: ScheduleRequest,
): Promise<Schedule> => {
  const old = await before(() => readSchedule(store, id))
  return recorded(
    store,
    { who, action: 'schedule.set', subject: `schedule:${id}`, before: old && asked(old), after: asked(wanted) },
    () => putSchedule(store, id, wanted),
  )
}

/** Throws what `removeSchedule` throws. */
export const dropSchedule = async (store: GraphStore, who: string, id: string): Promise<void> => {
  const old = asked(await readSchedule(store, id))
  await recorded(store, { who, action: 'schedule.remove', subject: `schedule:${id}`, before: old, after: null }, () =>
    removeSchedule(store, id),
  )
}

const hooked = ({ url, events, paused }: WebhookRequest) => ({ url, events, paused })

/** Throws what `putWebhook` throws. */
export const setWebhook = async (store: GraphStore, who: string, id: string, wanted: WebhookRequest) => {
  const old = await before(() => readWebhook(store, id))
  return recorded(
    store,
    { who, action: 'webhook.set', subject: `webhook:${id}`, before: old && hooked(old), after: hooked(wanted) },
    () => putWebhook(store, id, wanted),
  )
}

/** Throws what `removeWebhook` throws. */
export const dropWebhook = async (store: GraphStore, who: string, id: string): Promise<void> => {
  const old = hooked(await readWebhook(store, id))
  await recorded(store, { who, action: 'webhook.remove', subject: `webhook:${id}`, before: old, after: null }, () =>
    removeWebhook(store, id),
  )
}
