import { readdirSync } from 'node:fs'
import { type Bench, type Figure, machine } from './lib/figure.js'

const available = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.bench.js'))
  .map((file) => file.slice(0, -'.bench.js'.length))

const argv = process.argv.slice(2)
const json = argv.includes('--json')
const [name, ...args] = argv.filter((argument) => argument !== '--json')

if (name === undefined || !available.includes(name)) {
  process.stderr.write(`usage: npm run bench -- NAME [--json]\nNAME is one of: ${available.sort().join(', ')}\n`)
  process.exit(2)
}

const format = (value: number | null): string => (value === null ? '' : String(Number(value.toPrecision(5))))

const table = (figures: readonly Figure[]): string => {
  const rows = [
    ['model', 'metric', 'value', 'unit', 'spread', 'reference', 'reference from'],
    ...figures.map((f) => [
      f.model,
      f.metric,
      format(f.value),
      f.unit,
      format(f.spread),
      format(f.reference),
      f.referenceName ?? '',
    ]),
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')).join('\n')
}

const { bench } = (await import(new URL(`${name}.bench.js`, import.meta.url).href)) as { bench: Bench }
const note = (line: string) => process.stderr.write(`${line}\n`)
note(`${bench.title}\n${machine()}`)
const figures = await bench.run({ args, note })
process.stdout.write(json ? figures.map((f) => `${JSON.stringify(f)}\n`).join('') : `${table(figures)}\n`)
