import { expect, test } from '@jest/globals'
import { verifyAudit } from '#src/jobs/audit.js'
import { batchOf } from '../../support/batches.js'
import { useService } from '../../support/use-service.js'

const service = useService()

const call = async (method: 'GET' | 'POST' | 'PUT', url: string, payload?: object) => {
  const answer = await service.http.inject({ method, url: `/v1${url}`, ...(payload ? { payload } : {}) })
  return { status: answer.statusCode, body: answer.json() }
}

test('a case is opened, assigned, commented, closed, and open again after an appeal', async () => {
  await service.store.writeBatch(batchOf([{ id: 'i1', type: 'uses', actor: 'user:u1', target: 'device:d1' }]))
  const missing = await call('POST', '/cases', { subject: 'user:none', title: 'x' })
  expect([missing.status, missing.body.code]).toEqual([404, 'entity.unknown'])
  const opened = await call('POST', '/cases', { subject: 'user:u1', title: '<b>phone</b> of many' })
  expect(opened).toMatchObject({ status: 201, body: { version: 1, status: 'open', assignee: null, comments: [] } })
  const { id } = opened.body
  const due = { assignee: 'ada', status: 'in-review', dueAt: '2999-01-01T01:00:00+01:00' }
  const changed = await call('PUT', `/cases/${id}`, { version: 1, ...due })
  expect(changed.body).toMatchObject({
    version: 2,
    ...due,
    dueAt: '2999-01-01T00:00:00.000Z',
    title: '<b>phone</b> of many',
  })
  // The second of two sees what the first has done.
  const late = await call('PUT', `/cases/${id}`, { version: 1, assignee: 'bo' })
  expect(late).toMatchObject({ status: 409, body: { code: 'case.conflict', case: { version: 2, assignee: 'ada' } } })
  const texts = ['one', 'two', 'three']
  const said = await Promise.all(texts.map((text) => call('POST', `/cases/${id}/comments`, { text })))
  expect(said.map(({ status }) => status)).toEqual([201, 201, 201])
  const now = (await call('GET', `/cases/${id}`)).body
  expect(now.comments.map(({ text }: { text: string }) => text).sort()).toEqual([...texts].sort())
  await call('PUT', `/cases/${id}`, { version: now.version, status: 'closed', dueAt: null })
  expect((await call('GET', '/cases?status=closed')).body.cases).toMatchObject([{ id, dueAt: null, assignee: 'ada' }])
  const appealed = await call('POST', `/cases/${id}/appeal`, { text: 'it was a school' })
  expect(appealed.body).toMatchObject({ status: 'open', comments: [{}, {}, {}, { appeal: true }] })
  expect((await call('GET', '/cases?status=closed')).body.cases).toEqual([])
  const mine = await call('PUT', `/cases/${id}`, { version: appealed.body.version, assignee: 'me' })
  expect(mine.body.assignee).toBe('someone on this machine')
  expect((await call('GET', '/cases?assignee=me')).body.cases).toMatchObject([{ id }])
  expect((await call('GET', '/cases?assignee=ada')).body.cases).toEqual([])
  expect((await call('GET', '/cases/c-none')).body.code).toBe('case.unknown')
  const log = await service.store.listAudit({ order: 'oldest', limit: 100, subject: 'user:u1' })
  expect(log.map(({ action }) => action)).toEqual([
    'case.open',
    'case.change',
    ...texts.map(() => 'case.comment'),
    'case.change',
    'case.appeal',
    'case.change',
  ])
  expect((await verifyAudit(service.store)).holds).toBe(true)
})
