/** Webhooks, and what is to be delivered to them: small records of the store. */
import { createHash } from 'node:crypto'
import { RingfenceError } from '../../errors.js'
import type { DocumentChange, DocumentQuery, DocumentRecord } from '../../store/document-store.js'
import { type GraphStore, ringEventKinds } from '../../store/store.js'

/** What happened to rings, runs and jobs, and what people decided; `webhook.test` is sent when asked for. */
export const webhookEvents = [
  ...ringEventKinds.map((kind) => `ring.${kind}` as const),
  'run.published',
  'job.done',
  'job.failed',
  'job.cancelled',
  'case.opened',
  'case.assigned',
  'case.status',
  'case.reopened',
  'label.made',
  'label.undone',
] as const
export type WebhookEvent = (typeof webhookEvents)[number]

export interface WebhookRequest {
  readonly url: string
  readonly events: readonly WebhookEvent[]
  readonly paused: boolean
}

export interface Webhook extends WebhookRequest {
  readonly id: string
  readonly createdAt: string
}

export interface WebhookMessage {
  /** The same in every attempt: a receiver takes it once. */
  readonly id: string
  readonly type: WebhookEvent | 'webhook.test'
  /** When it happened, ISO 8601. */
  readonly at: string
  readonly data: Readonly<Record<string, unknown>>
}

export const deliveryStates = ['waiting', 'delivered', 'dead'] as const
export type DeliveryState = (typeof deliveryStates)[number]

export interface Delivery {
  readonly id: string
  readonly webhook: string
  readonly message: WebhookMessage
  readonly attempts: number
  readonly createdAt: string
  /** What the last attempt gave. */
  readonly last: { readonly at: string; readonly status: number | null; readonly reason: string } | null
}

const HOOKS = 'webhooks'
/** Deliveries lie in a collection for each state, ordered by when they are due or ended. */
export const collectionOf = (state: DeliveryState): string => `webhook-${state}`
const MOST_WEBHOOKS = 100

const asValue = (value: object): DocumentRecord['value'] => value as DocumentRecord['value']

export const listWebhooks = async (store: GraphStore): Promise<readonly Webhook[]> =>
  (await store.listDocuments(HOOKS, { limit: MOST_WEBHOOKS })).map(({ value }) => value as unknown as Webhook)

const find = async (store: GraphStore, id: string): Promise<DocumentRecord> => {
  const found = await store.readDocument(HOOKS, id)
  if (found === null) throw new RingfenceError('webhook.unknown', `There is no webhook ${id}.`, { id })
  return found
}

/** Throws `webhook.unknown`. */
export const readWebhook = async (store: GraphStore, id: string): Promise<Webhook> =>
  (await find(store, id)).value as unknown as Webhook

const conflict = (id: string): RingfenceError =>
  new RingfenceError('request.conflict', `The webhook ${id} was changed by somebody else at the same time.`)

/** Makes a webhook or takes the place of the one with its id. Its address has been checked. */
export const putWebhook = async (store: GraphStore, id: string, wanted: WebhookRequest): Promise<Webhook> => {
  const before = await store.readDocument(HOOKS, id)
  if (before === null && (await listWebhooks(store)).length >= MOST_WEBHOOKS)
    throw new RingfenceError('request.invalid', `There are ${MOST_WEBHOOKS} webhooks already.`)
  const createdAt = (before?.value.createdAt as string | undefined) ?? new Date().toISOString()
  const webhook: Webhook = { ...wanted, id, createdAt }
  const change = { collection: HOOKS, id, expected: before?.version ?? null, value: asValue(webhook) }
  if (!(await store.changeDocuments([change]))) throw conflict(id)
  return webhook
}

/** What waits for it is set aside when its turn comes. Throws `webhook.unknown`. */
export const removeWebhook = async (store: GraphStore, id: string): Promise<void> => {
  const { version } = await find(store, id)
  if (!(await store.changeDocuments([{ collection: HOOKS, id, expected: version, value: null }]))) throw conflict(id)
}

/** The same message to the same webhook is the same delivery. */
const deliveryId = (webhook: string, message: string): string =>
  createHash('sha256').update(`${webhook} ${message}`).digest('hex').slice(0, 32)

/** The change that puts a message among those that wait. */
export const waiting = (webhook: string, message: WebhookMessage, now: Date): DocumentChange => {
  const id = deliveryId(webhook, message.id)
  const delivery: Delivery = { id, webhook, message, attempts: 0, createdAt: now.toISOString(), last: null }
  return { collection: collectionOf('waiting'), id, expected: null, sort: now.toISOString(), value: asValue(delivery) }
}

export const listDeliveries = async (
  store: GraphStore,
  state: DeliveryState,
  query: DocumentQuery,
): Promise<readonly { readonly sort: string; readonly version: number; readonly delivery: Delivery }[]> =>
  (await store.listDocuments(collectionOf(state), query)).map(({ sort, version, value }) => ({
    sort,
    version,
    delivery: value as unknown as Delivery,
  }))

/** Moves a delivery from state to state, in one step. False where somebody else did. */
export const moveDelivery = (
  store: GraphStore,
  from: { readonly state: DeliveryState; readonly version: number },
  to: { readonly state: DeliveryState; readonly sort: string },
  delivery: Delivery,
): Promise<boolean> => {
  const at = { collection: collectionOf(to.state), id: delivery.id, sort: to.sort, value: asValue(delivery) }
  if (from.state === to.state) return store.changeDocuments([{ ...at, expected: from.version }])
  const gone = { collection: collectionOf(from.state), id: delivery.id, expected: from.version, value: null }
  return store.changeDocuments([gone, { ...at, expected: null }])
}

/** Sends a message again that was delivered or given up. Throws `webhook.delivery`. */
export const replayDelivery = async (store: GraphStore, id: string): Promise<Delivery> => {
  for (const state of ['dead', 'delivered'] as const) {
    const found = await store.readDocument(collectionOf(state), id)
    if (found === null) continue
    const delivery: Delivery = { ...(found.value as unknown as Delivery), attempts: 0 }
    const to = { state: 'waiting', sort: new Date().toISOString() } as const
    if (await moveDelivery(store, { state, version: found.version }, to, delivery)) return delivery
  }
  throw new RingfenceError('webhook.delivery', `There is no delivery ${id} that has ended.`, { id })
}
