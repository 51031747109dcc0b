/** From what `--store` says to an open store. Adapters are loaded when they are needed. */
import { RingfenceError } from '../errors.js'
import type { GraphStore } from './store.js'

export interface OpenStoreOptions {
  /** Apply pending migrations. Default true; false leaves the store as it is, for `migrate --status`. */
  readonly migrate?: boolean
  /** False: a DuckDB file that is not there is an error, not made. Default true. */
  readonly create?: boolean
  /** DuckDB's share of memory, as in '1GB'. */
  readonly memoryLimit?: string
  readonly threads?: number
  /** Neo4j. Default: RINGFENCE_NEO4J_USER, _PASSWORD and _DATABASE. */
  readonly user?: string
  readonly password?: string
  readonly database?: string
}

const serverScheme = /^(neo4j|bolt)(\+s|\+ssc)?:\/\//i
const anyScheme = /^[a-z][a-z0-9+.-]*:\/\//i

/** Whether `location` names a Neo4j server; otherwise it is the path of a DuckDB file. */
export const isServerStore = (location: string): boolean => serverScheme.test(location)

const openAdapter = async (location: string, options: OpenStoreOptions): Promise<GraphStore> => {
  if (isServerStore(location)) {
    const { openNeo4jStore } = await import('./neo4j/neo4j-store.js')
    return openNeo4jStore(location, {
      user: options.user ?? process.env.RINGFENCE_NEO4J_USER ?? 'neo4j',
      password: options.password ?? process.env.RINGFENCE_NEO4J_PASSWORD ?? '',
      database: options.database ?? process.env.RINGFENCE_NEO4J_DATABASE ?? 'neo4j',
    })
  }
  if (anyScheme.test(location))
    throw new RingfenceError(
      'usage',
      `a store is a DuckDB file or an address that begins with neo4j://, neo4j+s://, neo4j+ssc://, bolt://, bolt+s:// or bolt+ssc://, not ${location.slice(0, location.indexOf('://') + 3)}…`,
    )
  const { openDuckDbStore } = await import('./duckdb/duckdb-store.js')
  return openDuckDbStore(location, options)
}

/** Throws `store.locked`, `store.damaged`, `store.unreachable`, `file.missing`, `migration.checksum`, `migration.newer`, `usage`. */
export const openStore = async (location: string, options: OpenStoreOptions = {}): Promise<GraphStore> => {
  const store = await openAdapter(location, options)
  if (options.migrate === false) return store
  try {
    await store.migrate()
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}
