import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { oneObject, ringfence, temporary } from './cli-command.js'

const folder = temporary()
const store = folder.path('graph.duckdb')
const model = folder.path('model')
const labels = folder.path('labels.csv')
afterAll(() => folder.remove())

/** Twelve rings of three on one device each, which like one video within an hour; ninety others on devices of their own. */
const isPlanted = (user: number): boolean => user < 36
beforeAll(async () => {
  const hour = (n: number) => new Date(Date.UTC(2026, 0, 5) + n * 3_600_000).toISOString()
  const lines = ['id,type,actor,target,at']
  for (let u = 0; u < 126; u++) {
    const ring = isPlanted(u) ? Math.floor(u / 3) : -1
    lines.push(`d${u},uses,user:u${u},device:${ring >= 0 ? `r${ring}` : `o${u}`},${hour(0)}`)
    for (let i = 0; i < 6; i++) {
      const at = ring >= 0 ? 24 * ring + 0.1 * i : (u * 37 + i * 101) % 600
      lines.push(`l${u}-${i},like,user:u${u},video:v${ring >= 0 ? (ring + i) % 40 : (u * 13 + i * 7) % 40},${hour(at)}`)
    }
  }
  writeFileSync(folder.path('graph.csv'), `${lines.join('\n')}\n`)
  const rows = Array.from({ length: 120 }, (_, u) => `user:u${u},${isPlanted(u) ? 'bad' : 'good'}`)
  writeFileSync(labels, `entity,label\n${rows.join('\n')}\n`)
  expect((await ringfence(['ingest', folder.path('graph.csv'), '--store', store])).exit).toBe(0)
})

test('train writes a model that score reads; without a model or a run there is nothing to rank by', async () => {
  const trained = await ringfence(['train', '--labels', labels, '--model', model, '--store', store, '--json'])
  expect(trained.exit).toBe(0)
  const summary = oneObject(trained)
  expect(summary).toMatchObject({ labels: 120, pieces: 96, run: null, kinds: [{ kind: 'user', bad: 36, good: 84 }] })
  expect(existsSync(folder.path('model/card.md'))).toBe(true)

  const scored = await ringfence(['score', '--model', model, '--store', store, '--out', folder.path('s.csv'), '--json'])
  expect(oneObject(scored)).toMatchObject({
    basis: 'model',
    model: summary.model,
    digest: summary.digest,
    entities: 126,
  })
  const [header, ...rows] = readFileSync(folder.path('s.csv'), 'utf8').trimEnd().split('\r\n')
  expect(header).toBe('entity,score,low,high,labels')
  expect(rows.map((row) => row.split(',')[0]).filter((entity) => entity === 'user:u125')).toHaveLength(1)
  for (const row of rows) expect(row).toMatch(/^user:u\d+,[\de.-]+,[\de.-]+,[\de.-]+,\d+$/)

  const explained = await ringfence(['score', '--explain', 'user:u0', '--model', model, '--store', store, '--json'])
  const answer = oneObject(explained) as { score: number; parts: unknown[]; counterfactuals: { without: string }[] }
  expect(answer).toMatchObject({ entity: 'user:u0', model: summary.model, supervised: true, run: null })
  const listed = rows.find((row) => row.startsWith('user:u0,'))!
  expect(Math.abs(answer.score - Number(listed.split(',')[1]))).toBeLessThan(1e-4)
  expect(answer.parts).toHaveLength(4)
  expect(answer.counterfactuals.map(({ without }) => without)).toContain('device:r0')
  const strange = await ringfence(['score', '--explain', 'user:nobody', '--model', model, '--store', store, '--json'])
  expect(oneObject(strange)).toMatchObject({ error: { code: 'entity.unknown' } })

  const unranked = await ringfence(['score', '--store', store, '--json'])
  expect(unranked.exit).toBe(2)
  expect(oneObject(unranked)).toMatchObject({ error: { code: 'run.none' } })
  expect((await ringfence(['train', '--store', store])).exit).toBe(2)
})
