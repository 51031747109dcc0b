import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { oneObject, ringfence, temporary } from './cli-command.js'

const folder = temporary()
const store = folder.path('graph.duckdb')
const labels = folder.path('labels.csv')
afterAll(() => folder.remove())

beforeAll(async () => {
  const lines = [
    'id,type,actor,target,at,market',
    'u1,uses,creator:seller,device:phone,2026-01-01T00:00:00Z,US',
    'u2,uses,user:helper,device:phone,2026-01-11T00:00:00Z,US',
    's1,sell,creator:seller,product:thing,2026-01-01T00:00:00Z,US',
    'o1,order,user:buyer,product:thing,2026-01-31T00:00:00Z,US',
    'f1,follow,user:helper,creator:other,2026-01-12T00:00:00Z,ID',
  ]
  writeFileSync(folder.path('graph.csv'), `${lines.join('\n')}\n`)
  writeFileSync(labels, 'entity,label\ncreator:seller,bad\n')
  expect((await ringfence(['ingest', folder.path('graph.csv'), '--store', store])).exit).toBe(0)
})

const risk = (...args: readonly string[]) =>
  ringfence(['risk', ...args, '--labels', labels, '--store', store, '--json'])

test('propagate writes who has how much risk where, and as what', async () => {
  const out = folder.path('risk.csv')
  const done = await ringfence(['propagate', '--labels', labels, '--store', store, '--out', out, '--json'])
  expect(done.exit).toBe(0)
  const flow = { from: 'account/US', to: 'content/ID', kind: 'user', month: '2026-01', entities: 1 }
  expect(oneObject(done)).toMatchObject({
    run: null,
    domains: ['content/ID', 'shelf/US', 'account/US'],
    flows: expect.arrayContaining([expect.objectContaining(flow)]) as unknown,
  })
  const again = oneObject(await ringfence(['propagate', '--labels', labels, '--store', store, '--dry-run', '--json']))
  expect(again).toMatchObject({ propagation: null, changes: { before: oneObject(done).propagation, newlyExposed: {} } })
  const rows = readFileSync(out, 'utf8').trimEnd().split('\r\n')
  expect(rows[0]).toBe('entity,domain,role,risk')
  const roles = rows.slice(1).map((row) => row.split(',').slice(0, 3).join(' '))
  expect(roles).toEqual(
    expect.arrayContaining([
      'creator:seller shelf/US source',
      'user:helper account/US helper',
      'user:buyer shelf/US victim',
    ]),
  )
  expect(roles.filter((row) => row.startsWith('user:buyer'))).toHaveLength(1)
})

test('risk tells the paths with the interactions on them, and what-if changes nothing but its own answer', async () => {
  const asked = oneObject(await risk('user:helper', '--domain', 'account/US'))
  const [domain] = asked.domains as {
    risk: number
    rest: number
    paths: { amount: number; share: number; steps: unknown[] }[]
  }[]
  const { paths } = domain!
  expect(paths[0]!.steps).toMatchObject([
    { from: 'creator:seller', to: 'device:phone', interactions: [{ type: 'uses', count: 1, ageDays: 30 }] },
    { from: 'device:phone', to: 'user:helper', interactions: [{ type: 'uses', count: 1, ageDays: 20 }] },
  ])
  expect(paths.reduce((sum, path) => sum + path.amount, 0) + domain!.rest * domain!.risk).toBeCloseTo(domain!.risk, 9)
  expect(Math.abs(domain!.rest)).toBeLessThanOrEqual(0.01)

  const supposed = oneObject(await risk('user:helper', '--what-if', 'cleared', 'creator:seller'))
  for (const { risk: after } of (supposed.whatIf as { domains: { risk: number }[] }).domains)
    expect(Math.abs(after)).toBeLessThan(1e-6)
  expect(oneObject(await risk('user:helper', '--domain', 'account/US')).domains).toEqual(asked.domains)
})

test('what cannot be answered is an error with its code', async () => {
  expect(oneObject(await risk('user:nobody'))).toMatchObject({ error: { code: 'entity.unknown' } })
  expect(oneObject(await risk('user:helper', '--domain', 'shelf/BR'))).toMatchObject({ error: { code: 'risk.domain' } })
  expect(oneObject(await risk('user:helper', '--share', '3', '--strict'))).toMatchObject({
    error: { code: 'risk.divergent' },
  })
  const sourceless = await ringfence(['propagate', '--store', store, '--json'])
  expect(oneObject(sourceless)).toMatchObject({ error: { code: 'run.none' } })
})
