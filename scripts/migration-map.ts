/**
 * Draws the migration map of a forecast: `ringfence forecast --json > forecast.json`, then
 * `node build/scripts/migration-map.js forecast.json > map.svg`.
 */
import { readFileSync } from 'node:fs'
import { migrationMap, type Told } from './pages/migration.js'

const path = process.argv[2]
if (path === undefined) throw new Error('name the file with the line that ringfence forecast --json printed')
process.stdout.write(migrationMap(JSON.parse(readFileSync(path, 'utf8')) as Told))
