import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { compareMigrations, pendingMigrations, readMigrations } from '#src/store/migrations.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringfence-migrations-'))
  mkdirSync(join(folder, 'duckdb'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const read = (files: Readonly<Record<string, string>>) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'duckdb', name), text)
  return readMigrations('duckdb', pathToFileURL(`${folder}/`))
}

test('files are read by number, with a checksum that line ends do not change', async () => {
  const [first, second] = await read({ 'V002__b_c.sql': 'x\n', 'V001__a.sql': 'x\r\n' })
  expect([first?.version, first?.name, second?.version, second?.name]).toEqual([1, 'a', 2, 'b_c'])
  expect(first?.checksum).toBe(second?.checksum)
  // printf 'x\n' | sha256sum
  expect(first?.checksum).toBe('73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac')
})

test('a gap, a doubled number and a strange name are errors of the project', async () => {
  await expect(read({ 'V001__a.sql': '', 'V003__c.sql': '' })).rejects.toThrow('should be number 2')
  await expect(read({ 'V001__b.sql': '' })).rejects.toThrow('should be number 2')
  await expect(read({ 'notes.txt': '' })).rejects.toThrow('notes.txt')
})

test('shipped migrations have their names', async () => {
  expect((await readMigrations('duckdb')).length).toBeGreaterThanOrEqual(3)
})

test('what is pending is the rest; what is newer or changed is refused by name', async () => {
  const files = await read({ 'V001__a.sql': 'a', 'V002__b.sql': 'b' })
  const applied = files.map(({ version, name, checksum }) => ({
    version,
    name,
    checksum,
    appliedAt: '2026-01-01T00:00:00.000Z',
  }))
  expect(pendingMigrations(files, applied.slice(0, 1), 'x.duckdb').map(({ version }) => version)).toEqual([2])
  const newer = [...applied, { ...applied[0]!, version: 3, name: 'c' }]
  expect(() => pendingMigrations(files, newer, 'x.duckdb')).toThrow(/x\.duckdb has migration 3 \(c\)/)
  expect(compareMigrations(files, newer).map(({ state }) => state)).toEqual(['applied', 'applied', 'applied'])
  const changed = [{ ...applied[0]!, checksum: 'other' }, applied[1]!]
  expect(() => pendingMigrations(files, changed, 'x.duckdb')).toThrow(/migration 1 \(a\)/)
  expect(compareMigrations(files, changed).map(({ state }) => state)).toEqual(['changed', 'applied'])
})
