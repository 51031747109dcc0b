import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe } from '@jest/globals'
import { openDuckDbStore } from '#src/store/duckdb/duckdb-store.js'
import { describeStoreContract, type OpenStore } from './store-contract.js'

const folder = mkdtempSync(join(tmpdir(), 'ringfence-duckdb-'))
const path = join(folder, 'store.duckdb')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const openWith =
  (keyBits?: number): OpenStore =>
  async ({ empty, migrate, migrations }) => {
    if (empty) for (const suffix of ['', '.wal']) rmSync(`${path}${suffix}`, { force: true })
    const store = await openDuckDbStore(path, {
      threads: 2,
      ...(migrations === undefined ? {} : { migrations }),
      ...(keyBits === undefined ? {} : { keyBits }),
    })
    if (migrate !== false) await store.migrate()
    return store
  }

describe('DuckDB', () => describeStoreContract('duckdb', openWith()))

// Two bits: nearly all ids share their key with others, which the 64 bits of a real key make too rare to be met.
describe('DuckDB where ids share keys', () => describeStoreContract('duckdb', openWith(2)))
