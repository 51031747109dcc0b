/** What webhooks are told of decisions. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { changeCase, commentCase, openCase } from '#src/jobs/cases.js'
import { openLabelBook } from '#src/jobs/label-book.js'
import { addLabel, addLabels, type Deciding, undoLabels } from '#src/jobs/labels.js'
import { listDeliveries, putWebhook, removeWebhook, webhookEvents } from '#src/jobs/webhooks/webhooks.js'
import type { GraphStore } from '#src/store/store.js'
import { openWorld, type World } from '../../support/service.js'

let world: World
let store: GraphStore
let deciding: Deciding
const known = new Set<string>()

beforeAll(async () => {
  world = await openWorld()
  store = world.store
  deciding = {
    store,
    book: await openLabelBook(store),
    who: 'ada',
    subjects: { ring: () => null, hasEntity: async () => true },
  }
})
afterAll(() => world.close())
beforeEach(async () => {
  const url = 'https://hooks.example.org/'
  await putWebhook(store, 'all', { url, events: [...webhookEvents], paused: false })
  await putWebhook(store, 'one', { url, events: ['case.reopened'], paused: false })
})

/** Messages since the last call, without their ids. */
const told = async (webhook: string) => {
  const waiting = await listDeliveries(store, 'waiting', { limit: 1000 })
  const fresh = waiting.filter(({ delivery }) => delivery.webhook === webhook && !known.has(delivery.id))
  for (const { delivery } of fresh) known.add(delivery.id)
  return fresh
    .map(({ delivery: { message } }) => ({ type: message.type, data: message.data }))
    .sort((a, b) => (a.type < b.type ? -1 : 1))
}

test('a case: opened, assigned, closed and opened again, each once and with its version', async () => {
  const { id } = await openCase(store, 'ada', { subject: 'device:imei-990000862471854', title: 'Ann Example, phone' })
  const opened = await told('all')
  expect(opened).toMatchObject([
    { type: 'case.opened', data: { case: id, version: 1, status: 'open', assignee: null, who: 'ada' } },
  ])
  expect(opened[0]!.data.subject).toMatch(/^device:~[0-9a-f]{16}$/)
  // What is written of it may be of persons.
  expect(JSON.stringify(opened)).not.toMatch(/Ann|imei/)

  await changeCase(store, 'ada', id, 1, { assignee: 'bo', status: 'in-review' })
  expect(await told('all')).toMatchObject([
    { type: 'case.assigned', data: { version: 2, assignee: 'bo', before: null } },
    { type: 'case.status', data: { status: 'in-review', before: 'open' } },
  ])
  await expect(changeCase(store, 'cy', id, 1, { assignee: 'cy' })).rejects.toMatchObject({ code: 'case.conflict' })
  await commentCase(store, 'bo', id, 'looks fine', false)
  await changeCase(store, 'bo', id, 3, { title: 'another' })
  expect(await told('all')).toEqual([])
  await changeCase(store, 'bo', id, 4, { status: 'closed' })
  expect(await told('all')).toMatchObject([{ type: 'case.status', data: { status: 'closed' } }])
  expect(await told('one')).toEqual([])
  await commentCase(store, 'bo', id, 'it was a school', true)
  expect(await told('all')).toMatchObject([
    { type: 'case.reopened', data: { version: 6, appeal: true, before: 'closed' } },
    { type: 'case.status', data: { status: 'open' } },
  ])
  expect(await told('one')).toMatchObject([{ type: 'case.reopened' }])
  await changeCase(store, 'bo', id, 6, { status: 'closed' })
  await told('all')
  await changeCase(store, 'bo', id, 7, { status: 'in-review' })
  expect((await told('all')).map(({ type, data }) => [type, data.appeal])).toEqual([
    ['case.reopened', false],
    ['case.status', undefined],
  ])
})

test('a label: made and taken back, a bulk in one message, and nothing of one that was refused', async () => {
  const given = { label: 'confirmed', reason: 'Ann Example told us' } as const
  const made = await addLabel(deciding, { ...given, subject: 'user:u1' }, null)
  const [message] = await told('all')
  expect(message).toMatchObject({
    type: 'label.made',
    data: { label: made.id, subject: 'user:u1', decision: 'confirmed', who: 'ada', expiresAt: null },
  })
  expect(JSON.stringify(message)).not.toContain('Ann')
  const second = { ...deciding, who: 'bo' }
  await expect(addLabel(second, { ...given, subject: 'user:u1' }, undefined)).rejects.toMatchObject({
    code: 'label.conflict',
  })
  expect(await told('all')).toEqual([])
  await undoLabels(deciding, { id: made.id }, 'an appeal', false)
  expect(await told('all')).toMatchObject([
    { type: 'label.undone', data: { takesBack: made.id, subject: 'user:u1', decision: null } },
  ])
  const many = Array.from({ length: 300 }, (_, i) => ({ ...given, subject: `user:m${i}` }))
  const { batch } = await addLabels(deciding, many, null)
  expect(await told('all')).toEqual([
    { type: 'label.made', data: { batch, count: 300, byLabel: { confirmed: 300 }, who: 'ada' } },
  ])
  await undoLabels(deciding, { batch }, 'the wrong file', false)
  expect(await told('all')).toMatchObject([{ type: 'label.undone', data: { count: 300 } }])
})

test('without a webhook that wants them nothing waits', async () => {
  for (const id of ['all', 'one']) {
    await told(id)
    await removeWebhook(store, id)
  }
  await openCase(store, 'ada', { subject: 'user:u1', title: 'x' })
  expect([...(await told('all')), ...(await told('one'))]).toEqual([])
})
