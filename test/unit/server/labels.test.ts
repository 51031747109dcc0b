import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { KeyRole } from '#src/jobs/api-keys.js'
import { makeApiKey } from '#src/jobs/api-keys.js'
import { readLabelRecords } from '#src/jobs/label-records.js'
import type { App } from '#src/server/app.js'
import '#src/server/plugins/read-log.js'
import { batchOf } from '../../support/batches.js'
import { ringRecord, runRecord } from '../../support/runs.js'
import { bearer, makeKeys, openApp, openWorld, type World } from '../../support/service.js'

let world: World
let app: App
let keys: Readonly<Record<KeyRole, string>>
let second: string

const device = 'imei-99, slot 2'

beforeAll(async () => {
  world = await openWorld()
  const users = Array.from({ length: 30 }, (_, i) => `u${i}`)
  await world.store.writeBatch(
    batchOf(
      users.map((user) => ({ id: `i-${user}`, type: 'uses', actor: `user:${user}`, target: `device:${device}` })),
    ),
  )
  const account = (id: string) => ({ kind: 'user' as const, id, role: 'core', score: 1 })
  const target = { kind: 'video' as const, id: 'v1', role: 'beneficiary', score: 1 }
  await world.store.saveRun({
    run: runRecord('run-1'),
    rings: [
      ringRecord('r1', { members: [account('u20'), account('u21'), account('u22'), target], detectors: ['lockstep'] }),
      ringRecord('r2', { members: [account('u22'), account('u23')], detectors: ['sybil'] }),
    ],
  })
  keys = await makeKeys(world.store)
  const made = makeApiKey('investigator', 'Bo')
  await world.store.createKey(made.record)
  second = made.key
  app = await openApp(world.store)
})

afterAll(async () => {
  await app.http.close()
  await world.close()
})

const call = async (key: string, method: 'GET' | 'POST', url: string, payload?: object) => {
  const answer = await app.http.inject({
    method,
    url: `/v1${url}`,
    headers: bearer(key),
    ...(payload ? { payload } : {}),
  })
  return { status: answer.statusCode, body: answer.json(), text: answer.body }
}
const label = (key: string, subject: string, word: string, more: object = {}) =>
  call(key, 'POST', '/labels', { subject, label: word, reason: 'seen', ...more })

test('whoever comes second sees the first decision, and may decide all the same', async () => {
  const first = await label(keys.investigator, 'user:u1', 'confirmed', { evidence: ['uses:i-u1'], after: null })
  expect(first).toMatchObject({ status: 201, body: { state: 'counts', label: 'confirmed', evidence: ['uses:i-u1'] } })
  expect(first.body.owner).toMatch(/^test investigator \(k-/)
  const refused = await label(second, 'user:u1', 'cleared')
  expect(refused).toMatchObject({
    status: 409,
    body: { code: 'label.conflict', decisions: [{ id: first.body.id, label: 'confirmed', reason: 'seen' }] },
  })
  expect((await label(second, 'user:u1', 'cleared', { after: null })).status).toBe(409)
  const decided = await label(second, 'user:u1', 'cleared', { after: first.body.id })
  expect(decided).toMatchObject({ status: 201, body: { state: 'counts' } })
  const { body } = await call(keys.viewer, 'GET', '/labels?subject=user:u1')
  expect(body.labels.map(({ label: word, state }: Record<string, string>) => [word, state])).toEqual([
    ['cleared', 'counts'],
    ['confirmed', 'replaced'],
  ])
  // One may change one's own mind without a word.
  expect((await label(second, 'user:u1', 'unsure')).status).toBe(201)
})

test('of many who decide at once one is first', async () => {
  const askers = [keys.investigator, second, keys.lead, keys.admin]
  const answers = await Promise.all(askers.map((key) => label(key, 'user:u2', 'confirmed')))
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
})

test('a label is taken back from then on, by its owner or a lead', async () => {
  const { body } = await label(keys.investigator, 'user:u3', 'confirmed')
  expect(await call(second, 'POST', `/labels/${body.id}/undo`, { reason: 'no' })).toMatchObject({
    status: 403,
    body: { code: 'auth.role' },
  })
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect((await call(keys.lead, 'POST', `/labels/${body.id}/undo`, { reason: 'appeal' })).body).toEqual({
    count: 1,
    undone: [body.id],
  })
  const now = (await call(keys.viewer, 'GET', '/labels?subject=user:u3')).body.labels
  expect(now.map(({ state }: { state: string }) => state)).toEqual(['undo', 'taken-back'])
  expect(now[1].takenBack).toMatchObject({ reason: 'appeal' })
  const then = (await call(keys.viewer, 'GET', `/labels?subject=user:u3&asOf=${body.at}`)).body.labels
  expect(then.at(-1).state).toBe('counts')
  const had = async (asOf: number | null) => (await readLabelRecords(world.store, asOf)).some(({ id }) => id === 'u3')
  expect([await had(Date.parse(body.at)), await had(Date.parse(body.at) - 1), await had(null)]).toEqual([
    true,
    false,
    false,
  ])
  expect((await call(keys.lead, 'POST', `/labels/${body.id}/undo`, { reason: 'again' })).body.code).toBe(
    'label.taken-back',
  )
  expect((await call(keys.lead, 'POST', '/labels/l-none/undo', { reason: 'x' })).body.code).toBe('label.unknown')
})

test('a bulk says its count and a sample first, is written as it was seen, and is taken back whole', async () => {
  const labels = ['u10', 'u11', 'u12'].map((id) => ({ subject: `user:${id}`, label: 'confirmed', reason: 'one hand' }))
  expect((await call(second, 'POST', '/labels/bulk', { labels })).status).toBe(403)
  const bulk = (more: object) => call(keys.lead, 'POST', '/labels/bulk', { labels, ...more })
  const estimate = await bulk({})
  expect(estimate).toMatchObject({
    status: 200,
    body: { count: 3, byLabel: { confirmed: 3 }, decided: 0, sample: [{ subject: 'user:u10', now: null }, {}, {}] },
  })
  expect((await bulk({ mode: 'write' })).body.code).toBe('label.changed')
  const { seen } = estimate.body
  expect((await bulk({ mode: 'write', seen, labels: labels.slice(1) })).body.code).toBe('label.changed')
  // A decision elsewhere does not matter, one on a subject of the bulk does.
  await label(second, 'user:u13', 'cleared')
  await label(second, 'user:u11', 'cleared')
  expect(await bulk({ mode: 'write', seen })).toMatchObject({
    status: 409,
    body: { code: 'label.conflict', decisions: [{ subject: 'user:u11', label: 'cleared' }] },
  })
  const again = await bulk({})
  expect(again.body).toMatchObject({ decided: 1, decidedSample: [{ subject: 'user:u11', label: 'cleared' }] })
  const written = await bulk({ mode: 'write', seen: again.body.seen })
  expect(written).toMatchObject({ status: 201, body: { count: 3 } })
  const counting = async () =>
    (await call(keys.viewer, 'GET', `/labels?batch=${written.body.batch}&state=counts`)).body.total
  expect(await counting()).toBe(3)
  const undone = await call(keys.lead, 'POST', `/labels/bulk/${written.body.batch}/undo`, { reason: 'wrong list' })
  expect(undone.body.count).toBe(3)
  expect(await counting()).toBe(0)
  // What was said before counts again.
  expect((await call(keys.viewer, 'GET', '/labels?subject=user:u11&state=counts')).body.labels[0].label).toBe('cleared')
})

test.each([
  ['an entity that nothing names', { subject: 'user:nobody' }, 404, 'entity.unknown'],
  ['a ring that is not there', { subject: 'ring:nothing' }, 404, 'ring.unknown'],
  ['no kind', { subject: 'planet:mars' }, 400, 'request.invalid'],
  ['an id of more than 512 bytes', { subject: `user:${'é'.repeat(257)}` }, 400, 'request.invalid'],
  ['a blank reason', { reason: ' ' }, 400, 'request.invalid'],
  ['another word', { label: 'fraud' }, 400, 'request.invalid'],
  ['the future', { at: '2999-01-01T00:00:00Z' }, 400, 'request.invalid'],
  ['an end before its time', { expiresAt: '2001-01-01T00:00:00Z' }, 400, 'request.invalid'],
])('%s is refused', async (_, more, status, code) => {
  const given = { subject: 'user:u5', label: 'confirmed', reason: 'seen', ...more }
  const { body, status: answered } = await call(keys.lead, 'POST', '/labels', given)
  expect([answered, body.code]).toEqual([status, code])
})

test('markup, right-to-left text and emoji stay as they are', async () => {
  const reason = '<script>alert("1")</script> עברית \u202e 🧿 \n two lines'
  const { body } = await label(keys.investigator, 'user:u6', 'escalated', { reason, evidence: ['<b>&'] })
  const found = (await call(keys.lead, 'GET', '/labels?subject=user:u6')).body.labels[0]
  expect(found).toMatchObject({ id: body.id, reason, evidence: ['<b>&'] })
})

test('models and propagation read what rings and entities were decided to be', async () => {
  const records = async (asOf: number | null) =>
    (await readLabelRecords(world.store, asOf))
      .filter(({ id }) => id >= 'u20' && id <= 'u24')
      .map(({ id, label: value, group }) => [id, value, group])
  const before = Date.now() - 1
  await label(keys.investigator, 'ring:r1', 'confirmed')
  await label(keys.investigator, 'ring:r2', 'cleared')
  expect(await records(null)).toEqual([
    ['u20', 1, 'ring:r1'],
    ['u21', 1, 'ring:r1'],
    ['u22', 1, 'ring:r1'],
    ['u23', 0, 'ring:r2'],
  ])
  await label(keys.investigator, 'user:u20', 'cleared', { expiresAt: '2999-01-01T00:00:00Z' })
  await label(keys.investigator, 'user:u21', 'unsure')
  expect(await records(null)).toEqual([
    ['u20', 0, 'ring:r1'],
    ['u22', 1, 'ring:r1'],
    ['u23', 0, 'ring:r2'],
  ])
  expect((await records(Date.parse('2999-01-02T00:00:00Z')))[0]).toEqual(['u20', 1, 'ring:r1'])
  expect(await records(before)).toEqual([])
})

test('agreement and precision by detector follow from what was decided', async () => {
  const { body } = await call(keys.viewer, 'GET', '/quality')
  expect(body.detectors).toMatchObject([
    { detector: 'lockstep', confirmed: 1, cleared: 0, precision: 1 },
    { detector: 'sybil', confirmed: 0, cleared: 1, precision: 0 },
  ])
  // Of one in one: Wilson's interval at 95 %.
  expect([body.detectors[0].low, body.detectors[1].high].map((end) => end.toFixed(3))).toEqual(['0.207', '0.793'])
  const before = body.agreement.together
  for (const id of ['u14', 'u15', 'u16']) {
    const first = await label(keys.lead, `user:${id}`, 'confirmed')
    await label(keys.admin, `user:${id}`, id === 'u16' ? 'cleared' : 'confirmed', { after: first.body.id })
  }
  const { agreement } = (await call(keys.viewer, 'GET', '/quality')).body
  expect(agreement.together).toBe(before + 3)
  const pair = agreement.pairs.find(({ owners }: { owners: string[] }) => owners[0]!.startsWith('test admin'))
  expect(pair).toMatchObject({ together: 3, agreed: 2, kappa: 0 })
})

test('identifiers of persons are masked in decisions too', async () => {
  const subject = `device:${device}`
  await label(keys.investigator, subject, 'confirmed', { reason: `all use ${subject} at night` })
  const url = `/labels?subject=${encodeURIComponent(subject)}`
  expect((await call(keys.lead, 'GET', url)).body.labels[0]).toMatchObject({ subject })
  const masked = await call(keys.viewer, 'GET', url)
  expect(masked.body.labels[0].subject).toMatch(/^device:~[0-9a-f]{16}$/)
  expect(masked.text).not.toContain('imei')
})

test('the log tells who decided what, and who read identifiers of persons', async () => {
  await call(keys.viewer, 'GET', '/users/u1/connections')
  for (let i = 0; i < 3; i++) await call(keys.investigator, 'GET', '/users/u1/connections')
  expect((await call(keys.investigator, 'GET', '/audit')).status).toBe(403)
  await app.http.flushReads()
  const reads = (await call(keys.lead, 'GET', '/audit?action=personal.read')).body.entries
  const ofReaders = reads.filter(({ who }: { who: string }) => /viewer|investigator/.test(who))
  expect(ofReaders[0].who).toMatch(/^test investigator/)
  const times = ofReaders.map(
    ({ after }: { after: { read: Record<string, number> } }) => after.read['/v1/users/u1/connections'] ?? 0,
  )
  expect(times.reduce((sum: number, each: number) => sum + each, 0)).toBe(3)
  const { body } = await call(keys.lead, 'GET', '/audit?subject=user:u1&limit=2')
  expect(body.entries).toMatchObject([
    { action: 'label.add', before: { label: 'cleared' }, after: { label: 'unsure' } },
    { action: 'label.add', before: { label: 'confirmed' }, after: { label: 'cleared' } },
  ])
  const rest = await call(keys.lead, 'GET', `/audit?subject=user:u1&before=${body.next}`)
  expect(rest.body).toMatchObject({ entries: [{ before: null, after: { label: 'confirmed' } }], next: null })
  expect((await call(keys.admin, 'GET', '/audit/verify')).body).toMatchObject({ holds: true, faults: [] })
})
