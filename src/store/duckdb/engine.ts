/**
 * DuckDB's binding, loaded as the CommonJS package that it is. An ES import of it first reads its eighty files a second time for
 * the names that they export: a tenth of a second of processor time in each process and worker.
 */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
export const { DuckDBInstance } = require('@duckdb/node-api') as typeof import('@duckdb/node-api')
