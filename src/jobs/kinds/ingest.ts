/** Files that lie ready for the service into the store: the first stage of a nightly pipeline. */
import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { RingfenceError } from '../../errors.js'
import { ingest } from '../../ingest/ingest.js'
import { filesToLoad, inboxFiles, inboxFolder, rememberFile } from '../inbox.js'
import type { JobKind } from '../job-kind.js'

/** A service answers queries beside it: smaller batches hold the event loop for less. */
const BATCH_RECORDS = 20_000
/** Measured with native CSV on two cores while a service answers: half of what the command takes. */
const BYTES_A_SECOND = 20e6
/** Two batches and the reader's buffers. */
const MEGABYTES = 200

const fileName = '^[^/\\\\\\x00]+$'

const parameters = Type.Object(
  {
    files: Type.Array(
      Type.String({
        minLength: 1,
        maxLength: 255,
        pattern: fileName,
        description: 'A name in RINGFENCE_INBOX; `*` is any text.',
      }),
      { minItems: 1, maxItems: 32 },
    ),
    mapping: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        pattern: fileName,
        description: 'A mapping file in the same folder.',
      }),
    ),
    maxRejects: Type.Optional(
      Type.Number({ minimum: 0, maximum: 100, default: 1, description: 'Percent of the records of a file.' }),
    ),
    again: Type.Optional(
      Type.Boolean({ description: 'Also files that were loaded whole and have not changed since.' }),
    ),
  },
  { additionalProperties: false },
)

type Given = Static<typeof parameters>

export const ingestJob: JobKind = {
  type: 'ingest',
  parameters,

  async prepare(store, request) {
    const given = request as Given
    const fitting = await inboxFiles(given.files)
    const files = given.again ? fitting : await filesToLoad(store, fitting, given.mapping ?? null)
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    return {
      parameters: { ...given },
      estimate: { files: files.length, bytes, seconds: bytes / BYTES_A_SECOND, megabytes: MEGABYTES },
      memoryLimitMb: Number.POSITIVE_INFINITY,
    }
  },

  async perform({ store, runId, mode, parameters: row, signal, progress, log }) {
    const given = row as Given
    const mapping = given.mapping ?? null
    const fitting = await inboxFiles(given.files)
    const files = given.again ? fitting : await filesToLoad(store, fitting, mapping)
    const totals = { read: 0, accepted: 0, duplicates: 0, rejected: 0, entities: 0 }
    if (mode === 'dry-run') return { files: files.length, ...totals, rejects: null }
    const rejects = `${store.engine === 'duckdb' ? store.location : './ringfence'}.rejected/${runId}`
    let withRejects = false
    for (const [place, file] of files.entries()) {
      await mkdir(rejects, { recursive: true })
      const result = await ingest([file.path], {
        mapping: mapping === null ? null : join(inboxFolder(), mapping),
        sink: store,
        rejectsPath: join(rejects, `${file.name}.ndjson`),
        maxRejects: { percent: given.maxRejects ?? 1 },
        signal,
        batchRecords: BATCH_RECORDS,
        progress: (done, total) =>
          progress({ done: (place + (total ? done / total : 0)) / files.length, stage: `file ${file.name}` }),
      })
      for (const key of ['read', 'accepted', 'duplicates', 'rejected', 'entities'] as const) totals[key] += result[key]
      withRejects ||= result.rejected > 0
      log(`${file.name}: ${result.read} read, ${result.accepted} new, ${result.rejected} rejected`)
      if (result.outcome === 'cancelled')
        throw new RingfenceError('job.cancelled', 'It was stopped; whole batches up to there are in the store.')
      const [failure] = result.failures
      if (failure) throw failure.error
      if (result.outcome === 'too-many-rejects')
        throw new RingfenceError(
          'ingest.too-many-rejects',
          `${file.name}: ${result.rejected} of ${result.read} records; whole batches up to there are in the store.`,
        )
      await rememberFile(store, file, mapping)
    }
    if (!withRejects) await rmdir(rejects).catch(() => {})
    // Their names are in the log.
    return { files: files.length, ...totals, rejects: withRejects ? rejects : null }
  },
}
