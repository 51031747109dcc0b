import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openStore } from '#src/store/open.js'
import { batchOf } from '../support/batches.js'
import { ringRecord, runRecord } from '../support/runs.js'
import { addressOf, oneObject, ringfence, start, stop, temporary } from './cli-command.js'

const place = temporary()
const storePath = place.path('store.duckdb')
const MEMBERS = 50_000
const env = { RINGFENCE_STORE: storePath }

beforeAll(async () => {
  const store = await openStore(storePath)
  const user = (i: number): string => `u${String(i).padStart(5, '0')}`
  const interactions = Array.from({ length: MEMBERS }, (_, i) => ({
    id: `l${i}`,
    type: 'like' as const,
    actor: `user:${user(i)}`,
    target: `video:v${i % 3}`,
  }))
  await store.writeBatch(batchOf(interactions))
  const members = Array.from(
    { length: MEMBERS },
    (_, i) => ({ kind: 'user', id: user(i), role: 'core', score: 1 }) as const,
  )
  const fact = {
    ...ringRecord('r').facts[0]!,
    count: null,
    digests: [],
    interactionCount: MEMBERS,
    interactions: interactions.slice(0, 1000).map(({ type, id }) => ({ type, id })),
  }
  const event = { ring: 'gone', event: 'merged', overlap: 0.7, accounts: 3, other: 'huge' } as const
  await store.saveRun(
    {
      run: runRecord('one'),
      rings: [
        ringRecord('huge', { members, facts: [fact], window: null }),
        ringRecord('small', { score: 1, members: members.slice(0, 3), facts: [] }),
      ],
    },
    { events: [event], dormant: [] },
  )
  await store.close()
})
afterAll(() => place.remove())

test('a ring of 50,000 members comes whole, or says what its picture leaves out', async () => {
  const csv = place.path('huge')
  const ended = await ringfence(['export', '--ring', 'huge', '--format', 'csv', '--out', csv, '--json'], { env })
  expect(ended.exit).toBe(0)
  expect(oneObject(ended).counts).toMatchObject({ rings: 1, members: MEMBERS, edges: MEMBERS, nodes: MEMBERS + 3 })
  expect(readFileSync(`${csv}/members.csv`, 'utf8').split('\r\n')).toHaveLength(MEMBERS + 2)
  const page = place.path('huge.html')
  expect((await ringfence(['export', '--ring', 'huge', '--format', 'html', '--out', page], { env })).exit).toBe(0)
  const html = readFileSync(page, 'utf8')
  expect(html).toContain('Drawn are the 240 strongest of 50,003')
  expect(html.match(/<bdi>user:u\d{5}<\/bdi><\/td><td>core/g)).toHaveLength(MEMBERS)
})

test('a ring that was merged stands for its heir and says so; an unknown one is exit 2, and nothing is written', async () => {
  const out = place.path('gone.json')
  const led = await ringfence(['export', '--ring', 'gone', '--format', 'json', '--out', out], { env })
  expect([led.exit, led.stderr]).toEqual([0, expect.stringContaining('was merged into huge')])
  const none = await ringfence(
    ['export', '--ring', 'none', '--format', 'json', '--out', place.path('no.json'), '--json'],
    { env },
  )
  expect(none.exit).toBe(2)
  expect(oneObject(none).error).toMatchObject({ code: 'ring.unknown' })
  expect(existsSync(place.path('no.json'))).toBe(false)
  for (const wrong of [
    ['--format', 'xls'],
    ['--format', 'json'],
  ])
    expect((await ringfence(['export', ...wrong, '--out', out], { env })).exit).toBe(2)
})

test('Ctrl-C half-way leaves nothing', async () => {
  const out = place.path('stopped.graphml')
  const running = start(['export', '--ring', 'huge', '--format', 'graphml', '--out', out], { env })
  for (
    let i = 0;
    i < 400 && !readdirSync(place.path('.')).some((name) => name.startsWith('stopped.graphml.part-'));
    i++
  )
    await new Promise((resolve) => setTimeout(resolve, 10))
  const ended = await stop(running, 'SIGINT')
  expect(ended.exit).toBe(130)
  expect(readdirSync(place.path('.')).filter((name) => name.startsWith('stopped'))).toEqual([])
})

test('through a running service: one ring as it is streamed, several as a job, the same bytes as from the store', async () => {
  const here = place.path('here.gexf')
  await ringfence(['export', '--ring', 'small', '--format', 'gexf', '--out', here], { env })
  const several = place.path('several.json')
  await ringfence(['export', '--run', 'latest', '--format', 'json', '--out', several], { env })
  const service = start(['serve', '--port', '0'], { env })
  try {
    const store = await addressOf(service)
    const there = place.path('there.gexf')
    const one = await ringfence(['export', '--ring', 'small', '--format', 'gexf', '--out', there, '--store', store])
    expect([one.exit, one.stderr]).toEqual([0, expect.any(String)])
    expect(readFileSync(there).equals(readFileSync(here))).toBe(true)
    const table = place.path('table')
    const parquet = await ringfence([
      'export',
      '--ring',
      'small',
      '--format',
      'parquet',
      '--out',
      table,
      '--store',
      store,
    ])
    expect(parquet.exit).toBe(0)
    expect(readdirSync(table)).toContain('members.parquet')
    const all = place.path('all.json')
    const job = await ringfence([
      'export',
      '--run',
      'latest',
      '--format',
      'json',
      '--out',
      all,
      '--store',
      store,
      '--json',
    ])
    expect(job.exit).toBe(0)
    expect(readFileSync(all).equals(readFileSync(several))).toBe(true)
    const [{ sha256, file }] = oneObject(job).parts as { sha256: string; file: string }[] as [
      { sha256: string; file: string },
    ]
    expect(createHash('sha256').update(readFileSync(all)).digest('hex')).toBe(sha256)
    expect(file).toBe('all.json')
    const none = await ringfence(['export', '--ring', 'none', '--format', 'json', '--out', all, '--store', store])
    expect(none.exit).toBe(2)
  } finally {
    await stop(service, 'SIGTERM')
  }
})
