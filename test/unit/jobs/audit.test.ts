import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { verifyAudit } from '#src/jobs/audit.js'
import { canonicalJson, chain, emptyChain, linkHash } from '#src/store/audit-chain.js'
import { DuckDBInstance } from '#src/store/duckdb/engine.js'
import { openStore } from '#src/store/open.js'
import type { GraphStore } from '#src/store/store.js'
import { labelling, labelRow } from '../../contract/decisions.js'

let home: string
let folder: string
let path: string

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'ringfence-audit-'))
  const store = await openStore(join(home, 'untouched.duckdb'))
  for (let i = 1; i <= 6; i++)
    await store.decide(labelling(labelRow(`l-${i}`, { subject: `user:u${i}`, reason: `seen ${i}` })))
  await store.close()
})

beforeEach(() => {
  folder = mkdtempSync(join(home, 'one-'))
  path = join(folder, 'store.duckdb')
  copyFileSync(join(home, 'untouched.duckdb'), path)
})

afterAll(() => rmSync(home, { recursive: true }))

const tamper = async (...statements: readonly string[]): Promise<void> => {
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  for (const statement of statements) await connection.run(statement)
  connection.closeSync()
  instance.closeSync()
}

const verified = async (expected?: Parameters<typeof verifyAudit>[1]) => {
  const store: GraphStore = await openStore(path)
  try {
    return await verifyAudit(store, expected ?? null)
  } finally {
    await store.close()
  }
}

test('canonical JSON is the same whatever order keys were given in', () => {
  expect(canonicalJson({ b: [{ d: 1, c: undefined }], a: 'é\n' })).toBe('{"a":"é\\n","b":[{"d":1}]}')
  expect(canonicalJson({ a: 'é\n', b: [{ d: 1 }] })).toBe(canonicalJson({ b: [{ d: 1 }], a: 'é\n' }))
})

test('a hash covers the one before, the place and the text', () => {
  const entry = { at: 't', who: 'w', action: 'a', subject: 's', before: null, after: { z: 1, a: 2 } }
  const [first, second] = chain(emptyChain, [entry, entry])
  expect(first!.text).toBe('{"action":"a","after":{"a":2,"z":1},"at":"t","before":null,"subject":"s","who":"w"}')
  // printf '%s\n1\n%s' (64 zeros) TEXT | sha256sum
  expect(first!.hash).toBe('13390c638cb653cad2cfb3e7f31b728c4c4bf0230955a3e32f772f64bfb59866')
  expect(second!.hash).toBe(linkHash(first!.hash, 2, first!.text))
  expect(second!.hash).not.toBe(first!.hash)
})

test('an untouched log holds', async () => {
  expect(await verified()).toMatchObject({ holds: true, entries: 6, labels: 6, faultCount: 0, head: { place: 6 } })
})

test.each([
  [
    'a byte of a text',
    ["UPDATE audit_log SET entry = replace(entry, 'user:u3', 'user:u8'), subject = 'user:u8' WHERE place = 3"],
    [3],
  ],
  [
    'a byte of a hash',
    ["UPDATE audit_log SET hash = (CASE WHEN hash LIKE 'f%' THEN 'e' ELSE 'f' END) || substr(hash, 2) WHERE place = 3"],
    [3, 4],
  ],
  ['a column', ["UPDATE audit_log SET who = 'nobody' WHERE place = 2"], [2]],
  ['a removed entry', ['DELETE FROM audit_log WHERE place = 4'], [5]],
  [
    'two entries swapped',
    ['UPDATE audit_log SET place = CASE place WHEN 2 THEN 5 ELSE 2 END WHERE place IN (2, 5)'],
    [2, 3, 5, 6],
  ],
  ['the end cut off', ['DELETE FROM audit_log WHERE place > 4'], [6]],
  ['a text that is no JSON', ["UPDATE audit_log SET entry = '{' WHERE place = 1"], [1]],
])('%s is found, and where', async (_, statements, places) => {
  await tamper(...statements)
  const { holds, faults } = await verified()
  expect(holds).toBe(false)
  const found = faults.flatMap(({ place }) => (place === null ? [] : [place]))
  expect([...new Set(found)]).toEqual(places)
})

test('a label that was changed, removed or slipped in is found', async () => {
  await tamper(
    "UPDATE labels SET record = replace(record, 'seen 2', 'seen 9') WHERE id = 'l-2'",
    "DELETE FROM labels WHERE id = 'l-4'",
    "INSERT INTO labels SELECT 9, 'l-9', subject, owner, batch, replace(record, 'l-1', 'l-9') FROM labels WHERE id = 'l-1'",
  )
  const { faults } = await verified()
  expect(faults.map(({ message }) => message)).toEqual([
    'Label l-2 of user:u2 is not what the log says.',
    'Label l-9 of user:u1 is not in the log.',
    'Label l-4 is in the log, but its record is gone.',
  ])
})

test('a log that was written anew as a whole is told by a head that was kept elsewhere', async () => {
  const kept = (await verified()).head
  await tamper('DELETE FROM audit_log', 'DELETE FROM labels', 'DELETE FROM audit_head')
  const store = await openStore(path)
  for (let i = 1; i <= 6; i++) await store.decide(labelling(labelRow(`l-${i}`, { subject: `user:other${i}` })))
  await store.close()
  expect((await verified()).holds).toBe(true)
  expect((await verified(kept)).faults).toEqual([
    { place: 6, message: 'Entry 6 has another hash than the one that was kept.' },
  ])
  await tamper(
    'DELETE FROM audit_log WHERE place > 2',
    'DELETE FROM labels WHERE place > 2',
    'UPDATE audit_head SET place = 2, hash = (SELECT hash FROM audit_log WHERE place = 2)',
  )
  expect((await verified()).holds).toBe(true)
  expect((await verified(kept)).holds).toBe(false)
})
