import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { ingest } from '#src/ingest/ingest.js'
import { parseMapping } from '#src/ingest/mapping.js'
import { type NodeTable, NodeTableSink } from '#src/model/node-table.js'
import { canChoose, learnAndHold, partsByClass, randomSplits } from '#src/model/splits.js'

const folder = mkdtempSync(join(tmpdir(), 'ringfence-table-'))
afterAll(() => rmSync(folder, { recursive: true }))

const mapping = parseMapping(
  `tables:
  - match: { columns: [id, label, age, s0] }
    entities:
      - { kind: user, id: "{id}", features: [age], label: { value: "{label}", as: number }, splits: [s0] }
  - match: { columns: [from, to] }
    interactions:
      - { type: transfer, actor: "user:{from}", target: "user:{to}" }
      - { type: associate, actor: "user:{from}", target: "user:{to}" }
`,
  'test',
)

const read = async (nodes: string, edges: string): Promise<NodeTable> => {
  const files = [join(folder, 'nodes.csv'), join(folder, 'edges.csv')]
  writeFileSync(files[0]!, nodes)
  writeFileSync(files[1]!, edges)
  const sink = new NodeTableSink({ features: ['age'], splits: ['s0'] })
  const result = await ingest(files, { mapping, sink })
  expect(result).toMatchObject({ rejected: 0, failures: [] })
  return sink.table()
}

const neighbours = ({ relations, names }: NodeTable, name: string, node: string): string[] => {
  const { csr } = relations.find((each) => each.name === name)!
  const at = names.indexOf(node)
  return [...csr.columns.subarray(csr.offsets[at]!, csr.offsets[at + 1]!)].map((c) => names[c]!)
}

test('a node table becomes features, labels, splits and relations, whatever the order of rows', async () => {
  const rows = ['a,1,31,train', 'b,0,,val', 'c,,7.5,test', 'd,0,2,']
  const pairs = ['a,b', 'a,b', 'c,a', 'd,d', 'a,x']
  const table = await read(`id,label,age,s0\n${rows.join('\n')}\n`, `from,to\n${pairs.join('\n')}\n`)
  expect(table.names).toEqual(['user:a', 'user:b', 'user:c', 'user:d', 'user:x'])
  expect([...table.features.columns[0]!]).toEqual([31, Number.NaN, 7.5, 2, Number.NaN])
  expect([...table.labels]).toEqual([1, 0, -1, 0, -1])
  expect(table.splits).toEqual([
    { name: 's0', train: Int32Array.of(0), validation: Int32Array.of(1), test: Int32Array.of(2) },
  ])
  expect(neighbours(table, 'transfer out', 'user:a')).toEqual(['user:b', 'user:x'])
  expect(neighbours(table, 'transfer in', 'user:a')).toEqual(['user:c'])
  expect(neighbours(table, 'associate', 'user:a')).toEqual(['user:b', 'user:c', 'user:x'])
  expect(neighbours(table, 'transfer out', 'user:d')).toEqual([])
  const turned = await read(
    `id,label,age,s0\n${rows.toReversed().join('\n')}\n`,
    `from,to\n${pairs.toReversed().join('\n')}\n`,
  )
  expect(turned).toEqual(table)
})

test('words for no number are unknown in features and labels, other words are rejects', async () => {
  const words = ['nan', 'NaN', 'NA', 'null', 'None', 'inf', '-Infinity', '<NA>']
  const rows = words.map((word, i) => `n${i},${i % 2 ? word : '1.0'},${word},train`)
  const table = await read(`id,label,age,s0\n${rows.join('\n')}\n`, 'from,to\n')
  expect([...table.features.columns[0]!]).toEqual(words.map(() => Number.NaN))
  expect([...table.labels]).toEqual(words.map((_, i) => (i % 2 ? -1 : 1)))
  await expect(read('id,label,age,s0\na,1,many,train\n', 'from,to\n')).rejects.toThrow()
})

test('labels and split cells that mean nothing are named', async () => {
  await expect(read('id,label,age,s0\na,2,1,train\n', 'from,to\n')).rejects.toMatchObject({
    code: 'model.table',
    message: expect.stringContaining('user:a'),
  })
  await expect(read('id,label,age,s0\na,1,1,trian\n', 'from,to\n')).rejects.toMatchObject({ code: 'model.table' })
})

test('random splits keep the share of positives', () => {
  const labels = Int8Array.from({ length: 400 }, (_, i) => (i % 10 === 0 ? 1 : i % 7 === 0 ? -1 : 0))
  for (const split of randomSplits(labels, 3, 1)) {
    const all = [...split.train, ...split.validation, ...split.test].sort((a, b) => a - b)
    expect(all).toEqual([...labels.keys()].filter((row) => labels[row]! >= 0))
    expect(split.train.filter((row) => labels[row] === 1)).toHaveLength(20)
  }
})

test('parts share each class out evenly, are as many as the rarer class allows, and a class of one is an error', () => {
  const labels = Int8Array.from({ length: 400 }, (_, i) => (i % 10 === 0 ? 1 : i % 7 === 0 ? -1 : 0))
  const rows = Int32Array.from(labels.keys()).filter((row) => labels[row]! >= 0)
  const parts = partsByClass(rows.slice().reverse(), labels, 1)
  expect([parts.rows, parts.count]).toEqual([rows, 5])
  const all = Array.from({ length: 5 }, (_, part) => learnAndHold(parts, part))
  for (const { learned, held } of all) {
    expect(held.filter((row) => labels[row] === 1)).toHaveLength(8)
    expect(learned.length + held.length).toBe(rows.length)
    expect(canChoose(held, labels)).toBe(false)
    expect(canChoose(learned, labels)).toBe(true)
  }
  expect(all.flatMap(({ held }) => [...held]).sort((a, b) => a - b)).toEqual([...rows])
  expect(partsByClass(Int32Array.of(0, 10, 20, 1, 2, 3), labels, 1).count).toBe(3)
  expect(() => partsByClass(Int32Array.of(0, 1, 2), labels, 1)).toThrow(
    expect.objectContaining({ code: 'model.one-class' }),
  )
})
