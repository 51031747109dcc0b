import { expect, test } from '@jest/globals'
import { hashApiKey } from '#src/jobs/api-keys.js'
import { bearer } from '../../support/service.js'
import { useService } from '../../support/use-service.js'

const service = useService()

const make = (payload: object, headers = {}) =>
  service.http.inject({ method: 'POST', url: '/v1/keys', payload, headers: { ...headers } })
const status = async (headers: Record<string, string>): Promise<number> =>
  (await service.http.inject({ url: '/v1/runs', headers })).statusCode

test('without keys only names of this machine are answered, so that no page elsewhere can use a browser here', async () => {
  for (const host of ['localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'localhost'])
    expect([host, await status({ host })]).toEqual([host, 200])
  for (const host of ['evil.example:8080', '10.0.0.7', 'localhost.evil.example'])
    expect([host, await status({ host })]).toEqual([host, 401])
})

test.each([
  [{}],
  [{ role: 'king', name: 'x' }],
  [{ role: 'viewer', name: '' }],
  [{ role: 'viewer', name: 'two\nlines' }],
  [{ role: 'viewer', name: 'x'.repeat(101) }],
  [{ role: 'viewer', name: 'x', id: 'k-1' }],
])('%j makes no key', async (payload) => {
  expect((await make(payload)).json()).toMatchObject({ status: 400, code: 'request.invalid' })
  expect(await service.store.listKeys()).toEqual([])
})

test('a key of a running service opens and closes from the answer on; only its hash is kept', async () => {
  const first = await make({ role: 'admin', name: 'first' })
  expect(first.statusCode).toBe(201)
  const admin = bearer(first.json().key)
  // From now on nobody comes in without a key.
  expect(await status({})).toBe(401)
  expect(await status(admin)).toBe(200)

  const viewer = (await make({ role: 'viewer', name: 'dashboard' }, admin)).json()
  expect(await status(bearer(viewer.key))).toBe(200)
  expect((await make({ role: 'admin', name: 'mine' }, bearer(viewer.key))).json()).toMatchObject({ code: 'auth.role' })

  const list = await service.http.inject({ url: '/v1/keys', headers: admin })
  expect(list.json().keys.map((key: object) => Object.keys(key).sort())).toEqual([
    ['createdAt', 'id', 'name', 'revokedAt', 'role'],
    ['createdAt', 'id', 'name', 'revokedAt', 'role'],
  ])
  for (const secret of [viewer.key, hashApiKey(viewer.key)]) expect(list.body).not.toContain(secret)
  expect((await service.store.listKeys()).map(({ hash }) => hash)).toContain(hashApiKey(viewer.key))

  const revoke = () => service.http.inject({ method: 'DELETE', url: `/v1/keys/${viewer.id}`, headers: admin })
  expect((await revoke()).json()).toEqual({ id: viewer.id, revokedAt: expect.any(String) })
  expect(await status(bearer(viewer.key))).toBe(401)
  expect((await revoke()).json()).toMatchObject({ status: 404, code: 'key.unknown' })
})
