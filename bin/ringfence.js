#!/usr/bin/env node
import { existsSync } from 'node:fs'

const main = new URL('../dist/src/cli/main.js', import.meta.url)
if (!existsSync(main)) {
  process.stderr.write('ringfence is not built yet. Run npm run build (npm ci does it too).\n')
  process.exit(1)
}
const { run } = await import(main.href)
await run(process.argv.slice(2))
