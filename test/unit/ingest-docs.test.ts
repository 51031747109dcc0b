import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from '@jest/globals'
import { parseMapping } from '#src/ingest/mapping.js'
import { Workbench } from './ingest-support.js'

const bench = new Workbench()
afterAll(() => bench.dispose())

const page = readFileSync('docs/mapping.md', 'utf8')

/** Blocks that are indented by four blanks, without the blanks. */
const indented = (start: string): string => {
  const block = page.split('\n\n').find((each) => each.startsWith(`    ${start}`))
  if (block === undefined) throw new Error(`the guide has no block that begins with ${start}`)
  return `${block.replace(/^ {4}/gm, '')}\n`
}
const yaml = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block!)

test('the native examples of the guide load', async () => {
  const load = await bench.text('records.csv', indented('id,type,actor'))
  expect(load).toMatchObject({ read: 3, accepted: 3, rejected: 0, failures: [] })
  const lines = await bench.text('records.ndjson', indented('{"id":"i1"'), null, { sink: load.sink })
  expect(lines).toMatchObject({ read: 1, duplicates: 1, failures: [] })
  const entities = await bench.text('entities.csv', indented('kind,id'))
  expect(entities).toMatchObject({ read: 1, entities: 1, rejected: 0, failures: [] })
})

test('the first mapping of the guide loads its table', async () => {
  const load = await bench.text('orders.csv', indented('order_no'), yaml[0]!)
  expect(load).toMatchObject({ read: 2, accepted: 2, rejected: 0, failures: [] })
  expect(load.sink.rows()[1]).toEqual([
    '11',
    '1002',
    '1',
    '78',
    '3',
    'A-1',
    String(Date.parse('2024-05-01T12:00:09Z')),
    '',
    '1',
    '1',
    '{"amount":19.9,"currency":"USD"}',
  ])
})

test('every mapping in the guide is valid, and every excerpt stands in its file', () => {
  expect(yaml.length).toBeGreaterThan(4)
  const shipped = ['starscout', 'video-ratings', 'election-shares'].map((name) =>
    readFileSync(`examples/mappings/${name}.yaml`, 'utf8').replace(/^ *#.*\n/gm, ''),
  )
  for (const block of yaml) {
    if (block.startsWith('tables:')) parseMapping(block, 'docs/mapping.md')
    else expect(shipped.some((text) => text.includes(block))).toBe(true)
  }
})
