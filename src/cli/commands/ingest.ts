/** `ringfence ingest`: files or standard input into the store, or through a running service. */
import { availableParallelism } from 'node:os'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { RingfenceError } from '../../errors.js'
import { type FileFormat, type IngestResult, ingest, ingestExitCode, type RejectLimit } from '../../ingest/ingest.js'
import { isServerStore } from '../../store/open.js'
import { type Act, type Context, isService } from '../context.js'
import { openProgress } from '../progress.js'
import { ServiceClient } from '../service/client.js'
import { ServiceSink } from '../service/sink.js'
import { withOpening } from '../store.js'
import { count, seconds } from '../table.js'

interface IngestOptions {
  readonly mapping?: string
  readonly format?: FileFormat
  readonly rejects?: string
  readonly maxRejects: RejectLimit
}

type Sink = Parameters<typeof ingest>[1]['sink']

/** A server takes smaller batches: a request must fit its limits, and a transaction must fit its memory. */
const SERVER_BATCH_RECORDS = 20_000

/** The service lists so many rejects in one answer: no batch may have more. */
const SERVICE_BATCH_RECORDS = 10_000

const batchOf = (store: string): { readonly batchRecords?: number } => {
  if (isService(store)) return { batchRecords: SERVICE_BATCH_RECORDS }
  return isServerStore(store) ? { batchRecords: SERVER_BATCH_RECORDS } : {}
}

/**
 * Threads of an embedded store during a load: reading takes a core of its own. A thread more costs two fifths more processor time for
 * the same statements and only takes it from the reader.
 */
const STORE_THREADS = Math.max(1, availableParallelism() - 1)

const formats: readonly FileFormat[] = ['csv', 'ndjson', 'parquet']

const rejectLimit = (text: string): RejectLimit => {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text)
  const value = Number(match?.[1])
  if (!match || (match[2] === '%' ? value > 100 : !Number.isInteger(value)))
    throw new InvalidArgumentError('It must be a whole number of records, or a percentage such as 1%.')
  return match[2] === '%' ? { percent: value } : { count: value }
}

const format = (text: string): FileFormat => {
  const known = formats.find((each) => each === text)
  if (known === undefined) throw new InvalidArgumentError(`It must be one of ${formats.join(', ')}.`)
  return known
}

/** Beside the DuckDB file; for a server in the working directory. */
const defaultRejects = (store: string): string =>
  isServerStore(store) || isService(store) ? './ringfence.rejected.ndjson' : `${store}.rejected.ndjson`

const megabytes = (bytes: number): string => count(Math.round(bytes / 1e6))

const load = async (
  context: Context,
  files: readonly string[],
  options: IngestOptions,
  sink: Sink,
  ready?: Promise<unknown>,
): Promise<IngestResult> => {
  const progress = openProgress(context.quiet)
  try {
    return await ingest(files, {
      mapping: options.mapping ?? null,
      format: options.format ?? null,
      sink,
      ...(ready === undefined ? {} : { ready }),
      rejectsPath: options.rejects ?? defaultRejects(context.store),
      maxRejects: options.maxRejects,
      signal: context.signal,
      progress: (done, total) =>
        total
          ? progress.update(done / total, `${megabytes(done)} of ${megabytes(total)} MB`)
          : progress.update(0, `${megabytes(done)} MB so far`),
      ...batchOf(context.store),
    })
  } finally {
    progress.stop()
  }
}

const sinkOf = (opening: Promise<Sink>): Sink => ({
  writeBatch: async (batch) => (await opening).writeBatch(batch),
  checkpoint: async () => (await opening).checkpoint(),
})

const summary = (result: IngestResult): string => {
  const { read, accepted, duplicates, rejected, rejectsFile, entities } = result
  const lines = [
    `Read ${count(read)} records in ${seconds(result.seconds)}: ${count(accepted)} new interactions, ${count(duplicates)} known already, ${count(entities)} new entities.`,
  ]
  if (rejected > 0) lines.push(`${count(rejected)} rejected${rejectsFile === null ? '.' : `: see ${rejectsFile}`}`)
  return lines.join('\n')
}

/** What ended the load early, or spoiled a file, as errors on standard error: the counts are the result all the same. */
const remarks = (context: Context, result: IngestResult, options: IngestOptions): void => {
  for (const { file, error } of result.failures)
    process.stderr.write(`ringfence: ${file}: ${error.message}\n  What to do: ${error.advice}\n`)
  const limit = 'percent' in options.maxRejects ? `${options.maxRejects.percent} %` : String(options.maxRejects.count)
  const ended =
    result.outcome === 'too-many-rejects'
      ? new RingfenceError(
          'ingest.too-many-rejects',
          `${count(result.rejected)} of ${count(result.read)} records; the limit is ${limit}. Whole batches up to here are in the store.`,
        )
      : result.outcome === 'cancelled'
        ? new RingfenceError(
            'ingest.cancelled',
            'It was stopped by a signal; whole batches up to here are in the store.',
          )
        : null
  if (ended) process.stderr.write(`ringfence: ${ended.message}\n  What to do: ${ended.advice}\n`)
  else if (result.outcome === 'rejects' && result.rejectsFile !== null)
    context.say(`Rejected records are in ${result.rejectsFile}, each with its line, field and reason.`)
}

const runIngest = async (context: Context, files: readonly string[], options: IngestOptions): Promise<void> => {
  const result = isService(context.store)
    ? await load(context, files, options, new ServiceSink(new ServiceClient(context.store, context.signal)))
    : await withOpening(context, { threads: STORE_THREADS }, (opening) =>
        load(context, files, options, sinkOf(opening), opening),
      )
  const [failure] = result.failures
  // Where nothing at all could be read, the first reason is the result.
  if (failure && result.read === 0 && result.failures.length === files.length) {
    for (const { error } of result.failures.slice(1))
      process.stderr.write(`ringfence: ${error.message}\n  What to do: ${error.advice}\n`)
    throw failure.error
  }
  remarks(context, result, options)
  const { read, accepted, duplicates, rejected, rejectsFile, entities, failures } = result
  await context.result(
    {
      read,
      accepted,
      duplicates,
      rejected,
      rejectsFile,
      entities,
      seconds: result.seconds,
      ...(failures.length > 0
        ? { failures: failures.map(({ file, error }) => ({ file, code: error.code, detail: error.detail })) }
        : {}),
    },
    summary(result),
  )
  context.exit = ingestExitCode(result)
}

export const addIngest = (program: Command, act: Act): void => {
  program
    .command('ingest')
    .description(
      'Loads CSV, NDJSON or Parquet, plain or gzip; - is standard input. The same file again adds nothing; records that cannot be read are kept aside with their reason.',
    )
    .argument('<file...>', 'files, or - for standard input')
    .option('--mapping <file>', 'mapping that turns the columns into records (default: native records)')
    .option('--format <format>', `${formats.join(', ')} (default: seen from name and content)`, format)
    .option('--rejects <path>', 'where rejected records go (default: STORE.rejected.ndjson)')
    .addOption(
      new Option('--max-rejects <limit>', 'stop with exit code 4 when more are rejected: a number, or a percentage')
        .argParser(rejectLimit)
        .default({ percent: 1 }, '1%'),
    )
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ringfence ingest interactions.csv entities.csv',
        '  ringfence ingest orders.parquet --mapping orders.yaml --max-rejects 100',
        '  zcat events.ndjson.gz | ringfence ingest - --format ndjson --json',
        '  ringfence ingest events.csv --store http://127.0.0.1:8080',
      ].join('\n'),
    )
    .action((files: string[], options: IngestOptions, command: Command) =>
      act(command, (context) => runIngest(context, files, options)),
    )
}
