/**
 * From files to batches, and on into a store. `parse` is reading and encoding alone, on one core, into a sink that only counts:
 * a CSV file with a mapping whose interactions have no ids (they are hashed) or have them, and native NDJSON. `duckdb` is the
 * whole command, start and final checkpoint included, on an empty file, and then the same again, which must add nothing. The same
 * interactions as native NDJSON and, with the mapping that has ids, as Parquet.
 * `npm run bench -- ingest [--count N]`, default one million interactions.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { ingest } from '#src/ingest/ingest.js'
import { Random } from '#src/kernels/random.js'
import { type Bench, type Figure, median } from './lib/figure.js'
import { countOption } from './lib/options.js'

const RUNS = 3
const GOAL = { parse: 1_200_000, duckdb: 500_000 }
const FIRST_TIME = Date.UTC(2023, 0, 1)
const SPAN = 400 * 86_400_000

const command = fileURLToPath(new URL('../../bin/ringfence.js', import.meta.url))

const mapping = (id: string): string => `tables:
  - match: { columns: [user, video, at] }
    interactions:
      - { type: like, ${id}actor: "user:account-{user}", target: "video:{video}", at: { column: at } }
`

interface Row {
  readonly user: number
  readonly video: number
  readonly at: string
}

/** As many users as there are ten interactions, videos with a head and a tail, times in no order. */
const makeRows = function* (count: number): Generator<Row> {
  const random = new Random(1)
  for (let i = 0; i < count; i++)
    yield {
      user: Math.floor(random.float() * (count / 10)),
      video: Math.floor(random.float() ** 3 * (count / 50)),
      at: new Date(FIRST_TIME + Math.floor(random.float() * SPAN)).toISOString(),
    }
}

const writeRows = (path: string, header: string, count: number, line: (row: Row, i: number) => string): void => {
  const file = openSync(path, 'w')
  let text = header
  let i = 0
  for (const row of makeRows(count)) {
    text += line(row, i++)
    if (text.length < 1 << 20) continue
    writeSync(file, text)
    text = ''
  }
  writeSync(file, text)
  closeSync(file)
}

const writeParquet = async (csv: string, parquet: string): Promise<void> => {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(`COPY (SELECT * FROM read_csv('${csv}')) TO '${parquet}' (FORMAT parquet)`)
  connection.closeSync()
  instance.closeSync()
}

const parse = async (path: string, map: string | null): Promise<number> => {
  let interactions = 0
  const { seconds, rejected } = await ingest([path], {
    mapping: map,
    sink: {
      writeBatch: async ({ interactionCount }) => {
        interactions += interactionCount
        return { accepted: interactionCount, duplicates: 0, conflicts: [], entities: 0 }
      },
      checkpoint: async () => {},
    },
  })
  if (rejected > 0) throw new Error(`${rejected} records were rejected`)
  return interactions / seconds
}

const load = async (args: readonly string[], expected: number): Promise<number> => {
  const begin = performance.now()
  const child = spawn(process.execPath, [command, 'ingest', ...args, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let complaint = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString()
  })
  const [exit] = await once(child, 'close')
  if (exit !== 0) throw new Error(`ringfence ingest ended with ${exit}: ${complaint}`)
  const { accepted } = JSON.parse(output) as { accepted: number }
  if (accepted !== expected) throw new Error(`${accepted} interactions went in, not ${expected}`)
  return (performance.now() - begin) / 1000
}

export const bench: Bench = {
  title: 'Files into batches, and into DuckDB',
  run: async ({ args, note }) => {
    const count = countOption(args, 1_000_000)
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-bench-'))
    const path = (name: string) => join(folder, name)
    const rates = new Map<string, number[]>()
    const add = (model: string, rate: number) => {
      rates.set(model, [...(rates.get(model) ?? []), rate])
      note(`${model}: ${(rate / 1e6).toFixed(2)} M/s`)
    }
    try {
      writeFileSync(path('hashed.yaml'), mapping(''))
      writeFileSync(path('ids.yaml'), mapping('id: "{id}", '))
      writeRows(path('hashed.csv'), 'user,video,at\n', count, ({ user, video, at }) => `${user},v${video},${at}\n`)
      writeRows(
        path('ids.csv'),
        'id,user,video,at\n',
        count,
        ({ user, video, at }, i) => `i${i},${user},v${video},${at}\n`,
      )
      writeRows(path('native.ndjson'), '', count, ({ user, video, at }, i) => {
        const record = { id: `i${i}`, type: 'like', actor: `user:account-${user}`, target: `video:v${video}`, at }
        return `${JSON.stringify(record)}\n`
      })
      await writeParquet(path('ids.csv'), path('ids.parquet'))
      for (let run = 0; run < RUNS; run++) {
        add('parse, hashed ids', await parse(path('hashed.csv'), path('hashed.yaml')))
        add('parse, ids', await parse(path('ids.csv'), path('ids.yaml')))
        add('parse, native NDJSON', await parse(path('native.ndjson'), null))
        for (const [name, ...file] of [
          ['hashed', path('hashed.csv'), '--mapping', path('hashed.yaml')],
          ['ids', path('ids.csv'), '--mapping', path('ids.yaml')],
          ['native NDJSON', path('native.ndjson')],
          ['Parquet', path('ids.parquet'), '--mapping', path('ids.yaml')],
        ] as const) {
          const store = path(`${name}-${run}.duckdb`)
          const files = [...file, '--store', store]
          add(`duckdb, ${name}`, count / (await load(files, count)))
          add(`duckdb, ${name}, again`, count / (await load(files, 0)))
          rmSync(store)
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    return [...rates].map(([model, runs]): Figure => {
      const goal = model.startsWith('parse') ? GOAL.parse : GOAL.duckdb
      const measured = /NDJSON|Parquet|again$/.test(model)
      return {
        bench: 'ingest',
        model,
        metric: 'interactions',
        value: median(runs),
        unit: '1/s',
        spread: (Math.max(...runs) - Math.min(...runs)) / 2,
        reference: measured ? null : goal,
        referenceName: measured ? null : 'goal',
        runs,
      }
    })
  },
}
