import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { batchOf } from '../support/batches.js'
import type { OpenStore } from './store-contract.js'

export const describeMigrations = (engine: 'duckdb' | 'neo4j', open: OpenStore): void => {
  describe('migrations', () => {
    const shipped = join('graph-schema', 'migrations')
    let folder = ''
    let root: URL
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ringfence-migrations-'))
      root = pathToFileURL(`${folder}/`)
    })
    afterAll(() => rm(folder, { recursive: true, force: true }))
    const reset = async (): Promise<readonly string[]> => {
      await rm(join(folder, engine), { recursive: true, force: true })
      await cp(join(shipped, engine), join(folder, engine), { recursive: true })
      return (await readdir(join(folder, engine))).sort()
    }

    test('are pending before and applied after, by version, and asking changes nothing', async () => {
      const files = (await readdir(join(shipped, engine))).sort()
      const store = await open({ empty: true, migrate: false })
      try {
        for (let times = 0; times < 2; times++) {
          const before = await store.migrationStatus()
          expect(before.map(({ state, appliedAt }) => [state, appliedAt])).toEqual(files.map(() => ['pending', null]))
          expect(before.map(({ version }) => version)).toEqual(files.map((_, i) => i + 1))
        }
        const after = await store.migrate()
        expect(after.map(({ state }) => state)).toEqual(files.map(() => 'applied'))
        for (const { appliedAt, checksum } of after) {
          expect(Number.isNaN(Date.parse(appliedAt!))).toBe(false)
          expect(checksum).toMatch(/^[0-9a-f]{64}$/)
        }
        expect(await store.migrationStatus()).toEqual(after)
        expect(await store.migrate()).toEqual(after)
      } finally {
        await store.close()
      }
    })

    test('that were applied and then edited are refused, and shown as changed', async () => {
      const [first] = await reset()
      await (await open({ empty: true, migrations: root })).close()
      const file = join(folder, engine, first!)
      await writeFile(file, `${await readFile(file, 'utf8')}\n`)
      const store = await open({ empty: false, migrate: false, migrations: root })
      try {
        await expect(store.migrate()).rejects.toMatchObject({ code: 'migration.checksum', facts: { version: 1 } })
        expect((await store.migrationStatus())[0]).toMatchObject({ version: 1, state: 'changed' })
      } finally {
        await store.close()
      }
    })

    test('line ends of another platform are the same migration', async () => {
      const [first] = await reset()
      await (await open({ empty: true, migrations: root })).close()
      const file = join(folder, engine, first!)
      await writeFile(file, (await readFile(file, 'utf8')).replaceAll('\n', '\r\n'))
      const store = await open({ empty: false, migrate: false, migrations: root })
      try {
        expect((await store.migrate())[0]).toMatchObject({ version: 1, state: 'applied' })
      } finally {
        await store.close()
      }
    })

    test('new ones are added to a store with data, and an older version then refuses it', async () => {
      const files = await reset()
      const store = await open({ empty: true, migrations: root })
      await store.writeBatch(batchOf([{ id: '1', type: 'like', actor: 'user:a', target: 'video:v' }]))
      await store.close()

      const next = files.length + 1
      const [extension, content] = engine === 'duckdb' ? ['sql', 'SELECT 1;\n'] : ['cypher', 'RETURN 1;\n']
      await writeFile(join(folder, engine, `V${String(next).padStart(3, '0')}__later.${extension}`), content)
      const upgraded = await open({ empty: false, migrate: false, migrations: root })
      expect((await upgraded.migrationStatus()).at(-1)).toMatchObject({
        version: next,
        name: 'later',
        state: 'pending',
      })
      expect((await upgraded.migrate()).at(-1)).toMatchObject({ version: next, name: 'later', state: 'applied' })
      expect(await upgraded.counts()).toEqual({ entities: 2, interactions: 1 })
      await upgraded.close()

      const older = await open({ empty: false, migrate: false })
      try {
        await expect(older.migrate()).rejects.toMatchObject({ code: 'migration.newer', facts: { version: next } })
      } finally {
        await older.close()
      }
    })
  })
}
