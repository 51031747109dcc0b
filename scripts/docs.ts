/** Writes every generated page: npm run docs. */
import { writeFileSync } from 'node:fs'
import { pages } from './pages.js'

for (const [path, make] of Object.entries(pages)) {
  writeFileSync(new URL(`../../${path}`, import.meta.url), await make())
  process.stderr.write(`${path}\n`)
}
