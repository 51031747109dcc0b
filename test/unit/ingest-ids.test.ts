import { afterAll, describe, expect, test } from '@jest/globals'
import { murmurHash3 } from '#src/ingest/murmur-hash3.js'
import { OrdinalTable } from '#src/ingest/ordinal-table.js'
import { MemorySink, Workbench } from './ingest-support.js'

const bench = new Workbench()
afterAll(() => bench.dispose())

const hash = (bytes: Uint8Array, seed: number, start = 0): Buffer => {
  const words = new Int32Array(4)
  murmurHash3(bytes, start, bytes.length, seed, words)
  const result = Buffer.alloc(16)
  words.forEach((word, i) => {
    result.writeInt32LE(word, 4 * i)
  })
  return result
}

describe('MurmurHash3_x86_128', () => {
  test("SMHasher's verification value", () => {
    // Keys {}, {0}, {0,1}, ... with the seed 256 - length; then the hash of all hashes, its first four bytes.
    const hashes = Array.from({ length: 256 }, (_, length) =>
      hash(
        Uint8Array.from({ length }, (_, i) => i),
        256 - length,
      ),
    )
    expect(hash(Buffer.concat(hashes), 0).readUInt32LE(0)).toBe(0xb3ece62a)
  })

  test('it reads its part of a buffer only', () => {
    const text = Buffer.from('..The quick brown fox jumps over the lazy dog')
    expect(hash(text, 7, 2)).toEqual(hash(text.subarray(2), 7))
  })
})

describe('ordinals among equals', () => {
  test('agree with a map, over growth, colliding slots, zeros and many repeats', () => {
    const table = new OrdinalTable()
    const seen = new Map<string, number>()
    let state = 12345
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state % below
    }
    for (let i = 0; i < 60_000; i++) {
      const low = random(3) === 0 ? random(4) : random(40_000) - 20_000
      const high = random(2)
      const key = `${low} ${high}`
      // (0, 0) and (0, 1) share a place by design; the map is asked the same way.
      const asked = key === '0 0' ? '0 1' : key
      const expected = seen.get(asked) ?? 0
      if (table.next(low, high) !== expected) throw new Error(`${key} at step ${i}: not ${expected}`)
      seen.set(asked, expected + 1)
    }
    expect(Math.max(...seen.values())).toBeGreaterThan(600)
  })
})

const likes = `
tables:
  - interactions: [{ type: like, actor: "user:{user}", target: "video:{video}" }]
`

describe('ids that the file does not have', () => {
  const rows = (...list: string[]) => `user,video\n${list.join('\n')}\n`

  test('are a hash of the content and an ordinal, and stay the same from load to load', async () => {
    const sink = new MemorySink()
    const content = rows('a,v', 'b,v', 'a,v', 'a,w')
    const first = await bench.text('likes.csv', content, likes, { sink })
    expect(first).toMatchObject({ accepted: 4, duplicates: 0 })
    const ids = sink.rows().map((row) => row[1]!)
    for (const id of ids) expect(id).toMatch(/^x[0-9a-f]{32}-\d+$/)
    expect(ids.map((id) => id.slice(33))).toEqual(['-0', '-0', '-1', '-0'])
    expect(ids[0]!.slice(0, 33)).toBe(ids[2]!.slice(0, 33))
    const again = await bench.text('copy.csv', content, likes, { sink })
    expect(again).toMatchObject({ accepted: 0, duplicates: 4, rejected: 0 })
    // The ids are a promise to stores that exist: kinds, ids, time, market, scenario, weight, attributes; seeded by the type.
    const content5 = hash(Buffer.from('\t1\ta\t2\tv\t\t\t0\t1\t'), 5)
    const words = [0, 4, 8, 12].map((at) => content5.readUInt32LE(at).toString(16).padStart(8, '0'))
    expect(ids[0]).toBe(`x${words.join('')}-0`)
    expect(ids[0]).toBe('x07f2a86d79a4c7917196811ec66255a2-0')
  })

  test('do not depend on where a file is cut into batches', async () => {
    const many = Array.from({ length: 30_000 }, (_, i) => `${'user'.repeat(20)}-${i % 7},v${i % 3}`)
    const whole = await bench.text('many.csv', rows(...many), likes)
    const cut = await bench.text('many.csv', rows(...many), likes, { batchRecords: 1000 })
    expect(cut.sink.batchSizes.length).toBeGreaterThan(1)
    expect(whole).toMatchObject({ accepted: 30_000, duplicates: 0 })
    expect(cut.sink.rows()).toEqual(whole.sink.rows())
    const ordinals = new Set(whole.sink.rows().map((row) => row[1]!.slice(34)))
    expect(ordinals.size).toBe(Math.ceil(30_000 / 21))
  })

  test('a rejected row uses up no ordinal', async () => {
    const mapping = `
tables:
  - interactions:
      - { type: like, actor: "user:{user}", target: "video:v" }
      - { type: view, actor: "user:{user}", target: "video:{video}" }
`
    const load = await bench.text('likes.csv', 'user,video\na,\na,v\na,v\n', mapping)
    expect(load.rejected).toBe(1)
    expect(load.sink.rows().map((row) => `${row[0]}${row[1]!.slice(33)}`)).toEqual(['5-0', '4-0', '5-1', '4-1'])
  })

  test('differ by type, time, market, weight and attributes', async () => {
    const mapping = `
tables:
  - interactions:
      - type: "{type}"
        actor: "user:{user}"
        target: "video:{video}"
        at: { column: at, format: epoch-seconds }
        market: "{market}"
        weight: "{weight}"
        attributes: { x: "{x}" }
`
    const content = `type,user,video,at,market,weight,x
like,a,v,1,US,1,
view,a,v,1,US,1,
like,b,v,1,US,1,
like,a,w,1,US,1,
like,a,v,2,US,1,
like,a,v,,US,1,
like,a,v,1,ID,1,
like,a,v,1,US,2,
like,a,v,1,US,1,x
like,a,v,1,US,,
like,a,v,1.0,US,1.00,
`
    const load = await bench.text('all.csv', content, mapping)
    const ids = load.sink.rows().map((row) => row[1]!)
    expect(new Set(ids.slice(0, 9).map((id) => id.slice(0, 33))).size).toBe(9)
    // Equal content however it is written: weight 1 by default, other decimals.
    expect(ids[9]).toBe(`${ids[0]!.slice(0, 33)}-1`)
    expect(ids[10]).toBe(`${ids[0]!.slice(0, 33)}-2`)
  })
})
