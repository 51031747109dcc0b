import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { publish } from '#src/jobs/publication.js'
import { checkAddress, isInward, publicLookup } from '#src/jobs/webhooks/address.js'
import { MOST_ATTEMPTS, WebhookDispatcher } from '#src/jobs/webhooks/dispatcher.js'
import { addJobMessage, addRunMessages, retryTold } from '#src/jobs/webhooks/outbox.js'
import { webhookSecret } from '#src/jobs/webhooks/signature.js'
import { listDeliveries, putWebhook, removeWebhook, replayDelivery } from '#src/jobs/webhooks/webhooks.js'
import type { GraphStore, JobRecord } from '#src/store/store.js'
import { jobRecord, ringRecord, runRecord } from '../../support/runs.js'
import { openApp, openWorld, type World } from '../../support/service.js'

const SECRET = 'a secret of the service, for tests only'
let receiver: Server
let address: string
let answer: (request: IncomingMessage, response: ServerResponse) => void
let received: { readonly headers: IncomingMessage['headers']; readonly body: string }[] = []
let world: World
let store: GraphStore

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    received.push({ headers: request.headers, body })
    answer(request, response)
  })
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  address = `127.0.0.1:${(receiver.address() as AddressInfo).port}`
})
afterAll(async () => {
  receiver.closeAllConnections()
  receiver.close()
  await world.close()
})
beforeEach(async () => {
  await world?.close()
  world = await openWorld()
  store = world.store
  received = []
  answer = (_request, response) => response.end()
})

const settings = () => ({ hosts: [address], allowPrivate: true, secret: SECRET })
const faults: unknown[] = []
const dispatcher = (more: object = {}) =>
  new WebhookDispatcher(store, { ...settings(), ...more }, (error) => faults.push(error), 300)
const count = async () => ({
  waiting: (await listDeliveries(store, 'waiting', { limit: 1000 })).length,
  delivered: (await listDeliveries(store, 'delivered', { limit: 1000 })).length,
  dead: (await listDeliveries(store, 'dead', { limit: 1000 })).length,
})
/** Long after the longest wait. */
const later = (): Date => new Date(Date.now() + 7 * 3_600_000)

const hook = (events: Parameters<typeof putWebhook>[2]['events'], url = `http://${address}/hook?x=1`) =>
  putWebhook(store, 'h', { url, events, paused: false })
const save = (id: string, second: number, parameters: Record<string, unknown> = {}) =>
  store.saveRun(
    { run: runRecord(id, { finishedAt: `2026-02-01T00:00:0${second}.000Z`, parameters }), rings: [ringRecord('r1')] },
    { events: [{ ring: 'r1', event: 'born', overlap: null, accounts: 3, other: null }], dormant: [] },
  )

test('an address of a private network is told from a public one, in both families and in disguise', () => {
  for (const inside of [
    '127.0.0.1',
    '10.2.3.4',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.1.1',
    '0.0.0.0',
  ])
    expect([inside, isInward(inside)]).toEqual([inside, true])
  for (const inside of [
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:10.0.0.1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
  ])
    expect([inside, isInward(inside)]).toEqual([inside, true])
  for (const outside of ['8.8.8.8', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])
    expect([outside, isInward(outside)]).toEqual([outside, false])
})

test('only allowed hosts over https, and no inward address unless the operator lets them', async () => {
  const rules = { hosts: ['hooks.example.org', '10.0.0.5', '[::1]', 'plain.example.org:8080'], allowPrivate: false }
  const code = (url: string, more: object = {}) => {
    try {
      checkAddress(url, { ...rules, ...more })
      return null
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  expect(code('https://hooks.example.org/x')).toBeNull()
  expect(code('https://hooks.example.org:8443/x')).toBeNull()
  expect(code('https://plain.example.org:8080/')).toBeNull()
  for (const url of [
    'http://hooks.example.org/',
    'https://other.example.org/',
    'https://hooks.example.org.evil.example/',
    'https://user:word@hooks.example.org/',
    'https://plain.example.org/',
    'https://10.0.0.5/',
    'https://167772165/',
    'https://[::1]/',
    'file:///etc/passwd',
    'nonsense',
  ])
    expect([url, code(url)]).toEqual([url, 'webhook.address'])
  expect(code('http://10.0.0.5/', { allowPrivate: true })).toBeNull()
  const looked = await new Promise((resolve) => publicLookup('localhost', { all: true }, (error) => resolve(error)))
  expect(looked).toMatchObject({ code: 'webhook.address' })
})

test('a run that is saved is told once, signed, whoever looks and whatever was killed in between', async () => {
  await hook(['ring.born', 'run.published'])
  await save('before', 1)
  await addRunMessages(store)
  expect(await count()).toEqual({ waiting: 0, delivered: 0, dead: 0 })
  await save('run-1', 2)
  // A process that stopped after the messages were added, before any was sent.
  await Promise.all([addRunMessages(store), addRunMessages(store), addRunMessages(store)])
  expect(await count()).toEqual({ waiting: 2, delivered: 0, dead: 0 })
  const [one, two] = [dispatcher(), dispatcher()]
  await Promise.all([one.tick(), two.tick(), one.tick()])
  expect(await count()).toEqual({ waiting: 0, delivered: 2, dead: 0 })
  expect(received).toHaveLength(2)
  for (const { headers, body } of received) {
    const message = JSON.parse(body)
    const key = webhookSecret(SECRET, 'h')
    const signed = `${headers['ringfence-id']}.${headers['ringfence-timestamp']}.${body}`
    expect(headers['ringfence-signature']).toBe(`v1=${createHmac('sha256', key).update(signed).digest('hex')}`)
    expect(headers['ringfence-id']).toBe(message.id)
    expect(message.data.run).toBe('run-1')
  }
  expect(received.map(({ body }) => JSON.parse(body).type).sort()).toEqual(['ring.born', 'run.published'])
  await one.tick()
  expect(received).toHaveLength(2)
})

test('a run that is kept back is told when it is published, and once', async () => {
  const app = await openApp(store)
  await hook(['run.published'])
  await save('seen', 1)
  await addRunMessages(store)
  await save('hidden', 2, { publish: false })
  await addRunMessages(store)
  expect(await count()).toMatchObject({ waiting: 0 })
  const publishHidden = async () => {
    const job = await app.services.jobs.submit({
      type: 'publish',
      mode: 'write',
      parameters: { run: 'hidden' },
      key: null,
    })
    while ((await app.services.jobs.read(job.id)).finishedAt === null) await new Promise((done) => setTimeout(done, 10))
  }
  await publishHidden()
  await addRunMessages(store)
  expect(await count()).toMatchObject({ waiting: 1 })
  await publishHidden()
  await addRunMessages(store)
  expect(await count()).toMatchObject({ waiting: 1 })
  await app.http.close()
})

test('nothing of what came between two looks is lost: a first run, a late one, one that another took the place of', async () => {
  const ids = async () =>
    (await listDeliveries(store, 'waiting', { limit: 100 })).map(({ delivery }) => delivery.message.id).sort()
  await hook(['run.published'])
  await addRunMessages(store)
  await save('first', 3)
  await addRunMessages(store)
  expect(await ids()).toEqual(['run first'])
  // Another process saved it later, though it had ended before.
  const soon = (second: number) => ({ finishedAt: new Date(Date.now() + second * 1000).toISOString() })
  await store.saveRun({ run: runRecord('b', soon(2)), rings: [] })
  await addRunMessages(store)
  await store.saveRun({ run: runRecord('a', soon(1)), rings: [] })
  await addRunMessages(store)
  await addRunMessages(store)
  expect(await ids()).toEqual(['run a', 'run b', 'run first'])
  for (const id of ['c', 'd'])
    await store.saveRun({ run: runRecord(id, { ...soon(3), parameters: { publish: false } }), rings: [] })
  await addRunMessages(store)
  await publish(store, 'c', 'job-1')
  await publish(store, 'd', 'job-2')
  await publish(store, 'c', 'job-3')
  await Promise.all([addRunMessages(store), addRunMessages(store)])
  await addRunMessages(store)
  expect(await ids()).toEqual(['run a', 'run b', 'run c', 'run d', 'run first'])
})

test('a failure is told also where the job is tried again before anybody looked', async () => {
  await hook(['job.failed'])
  await store.createJob(
    jobRecord('j', { state: 'failed', finishedAt: new Date().toISOString(), token: 3, attempts: 3 }),
  )
  expect(await retryTold(store, 'j')).toMatchObject({ state: 'queued' })
  expect(await count()).toMatchObject({ waiting: 1 })
  await expect(retryTold(store, 'none')).rejects.toMatchObject({ code: 'job.unknown' })
})

test('what fails is sent again under the same id, given up after the last attempt, and can be replayed', async () => {
  await hook(['job.done'])
  const job: JobRecord = jobRecord('j1', { state: 'done', finishedAt: new Date().toISOString(), token: 1 })
  await addJobMessage(store, job)
  await addJobMessage(store, job)
  expect(await count()).toEqual({ waiting: 1, delivered: 0, dead: 0 })
  answer = (_request, response) => response.writeHead(503).end()
  const sending = dispatcher()
  await sending.tick()
  await sending.tick()
  expect(received).toHaveLength(1)
  const [waits] = await listDeliveries(store, 'waiting', { limit: 1 })
  expect(waits!.delivery).toMatchObject({ attempts: 1, last: { status: 503, reason: 'status 503' } })
  expect(Date.parse(waits!.sort)).toBeGreaterThan(Date.now() + 5000)
  for (let attempt = 2; attempt <= MOST_ATTEMPTS; attempt++) await sending.tick(later())
  expect(received).toHaveLength(MOST_ATTEMPTS)
  expect(new Set(received.map(({ headers }) => headers['ringfence-id'])).size).toBe(1)
  expect(await count()).toEqual({ waiting: 0, delivered: 0, dead: 1 })
  await sending.tick(later())
  expect(received).toHaveLength(MOST_ATTEMPTS)
  answer = (_request, response) => response.end()
  const { id } = waits!.delivery
  await replayDelivery(store, id)
  await sending.tick()
  expect(await count()).toEqual({ waiting: 0, delivered: 1, dead: 0 })
  await expect(replayDelivery(store, 'f'.repeat(32))).rejects.toMatchObject({ code: 'webhook.delivery' })
})

test('a receiver that answers too late, redirects inward, is gone or is no longer allowed has failed', async () => {
  await hook(['job.failed'])
  const tell = async (id: string) => {
    await addJobMessage(store, jobRecord(id, { state: 'failed', finishedAt: new Date().toISOString() }))
    await dispatcher().tick()
    const [latest] = await listDeliveries(store, 'waiting', { limit: 1 })
    return latest?.delivery.last
  }
  answer = (_request, response) => setTimeout(() => response.end(), 2000).unref()
  expect(await tell('late')).toMatchObject({ status: null, reason: 'no answer within 0.3 s' })
  answer = (_request, response) => response.writeHead(302, { location: `http://${address}/inside` }).end()
  const before = received.length
  await tell('redirected')
  expect(received).toHaveLength(before + 1)
  const reasons = (await listDeliveries(store, 'waiting', { limit: 10 })).map(({ delivery }) => delivery.last!.reason)
  expect(reasons).toContain('a redirect, which is not followed')
  // The operator took the host from the list.
  await dispatcher({ hosts: [] }).tick(later())
  expect(await count()).toEqual({ waiting: 0, delivered: 0, dead: 2 })
  await addJobMessage(store, jobRecord('removed', { state: 'failed', finishedAt: new Date().toISOString() }))
  await removeWebhook(store, 'h')
  await dispatcher().tick()
  expect(await count()).toEqual({ waiting: 0, delivered: 0, dead: 3 })
  expect(faults).toEqual([])
})

test('over HTTP: off without a secret; made with its secret, tested, listed, replayed and removed', async () => {
  const off = await openApp(store)
  const body = { url: `http://${address}/`, events: ['ring.born'] }
  const put = { method: 'PUT', url: '/v1/webhooks/h', payload: body } as const
  expect((await off.http.inject(put)).json()).toMatchObject({ status: 409, code: 'webhook.secret' })
  await off.http.close()
  const app = await openApp(store, { webhooks: settings() })
  const made = (await app.http.inject(put)).json()
  expect(made).toMatchObject({ id: 'h', ...body, paused: false, secret: webhookSecret(SECRET, 'h') })
  const elsewhere = { ...put, payload: { ...body, url: 'https://elsewhere.example.org/' } }
  expect((await app.http.inject(elsewhere)).json()).toMatchObject({ status: 400, code: 'webhook.address' })
  const wrong = { ...put, payload: { ...body, events: ['ring.exploded'] } }
  expect((await app.http.inject(wrong)).json()).toMatchObject({ status: 400, code: 'request.invalid' })
  const listed = (await app.http.inject('/v1/webhooks')).json()
  expect(listed.webhooks).toEqual([expect.not.objectContaining({ secret: expect.anything() })])
  const sent = await app.http.inject({ method: 'POST', url: '/v1/webhooks/h/test' })
  await dispatcher().tick()
  expect(JSON.parse(received[0]!.body)).toMatchObject({ type: 'webhook.test' })
  const delivered = (await app.http.inject('/v1/webhooks/h/deliveries?state=delivered')).json()
  expect(delivered.deliveries).toMatchObject([{ id: sent.json().delivery, attempts: 1, last: { status: 200 } }])
  const replay = await app.http.inject({
    method: 'POST',
    url: `/v1/webhooks/deliveries/${sent.json().delivery}/replay`,
  })
  expect(replay.statusCode).toBe(202)
  await dispatcher().tick()
  expect(received).toHaveLength(2)
  expect(received[1]!.headers['ringfence-id']).toBe(received[0]!.headers['ringfence-id'])
  const remove = await app.http.inject({ method: 'DELETE', url: '/v1/webhooks/h' })
  expect(remove.json()).toEqual({ id: 'h', removed: true })
  await app.http.close()
})
