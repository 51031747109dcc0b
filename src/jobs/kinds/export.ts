/** A large export as a job of a service: its files are kept for a while, for those who may see them. */
import { randomUUID } from 'node:crypto'
import { Type } from 'typebox'
import { type EntityKind, entityKindNames } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import { ExportContent } from '../../exports/content.js'
import { writeParts } from '../../exports/export-files.js'
import { manifestOnly } from '../../exports/export-stream.js'
import { exportFormatNames, formatNamed } from '../../exports/formats.js'
import type { Manifest } from '../../exports/manifest.js'
import { Names, processMaskKey } from '../../exports/names.js'
import { type ExportQuestion, scopeOf } from '../../exports/scope.js'
import { ExportFolder } from '../export-folder.js'
import { graphAt } from '../graph-at.js'
import type { JobKind } from '../job-kind.js'
import { record } from '../record.js'

/** Interactions a second and process, measured with every format on two cores, the slowest one. */
const INTERACTIONS_A_SECOND = 100_000
/** Measured with a million interactions; what grows with more is names of entities. */
const MEGABYTES = 300
const PROGRESS_MS = 500

const parameters = Type.Object(
  {
    format: Type.Enum([...exportFormatNames]),
    rings: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 10_000 })),
    entity: Type.Optional(
      Type.String({ maxLength: 600, pattern: `^(${entityKindNames.join('|')}):.`, description: '`kind:id`.' }),
    ),
    steps: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 })),
    maxShared: Type.Optional(Type.Integer({ minimum: 2 })),
    run: Type.Optional(Type.String({ maxLength: 64, description: 'The latest finished one unless told.' })),
    fdr: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    everything: Type.Optional(
      Type.Boolean({
        description: 'All that the run saw, not the graph of its rings alone. Without rings and entity.',
      }),
    ),
    mask: Type.Optional(Type.Boolean({ description: 'Always so for roles that may not see identifiers of persons.' })),
  },
  { additionalProperties: false },
)

interface Given extends Omit<ExportQuestion, 'entity'> {
  readonly format: string
  readonly entity?: string
  readonly mask?: boolean
}

const questionOf = ({ entity, ...rest }: Given): ExportQuestion => {
  if (entity === undefined) return rest
  const colon = entity.indexOf(':')
  return { ...rest, entity: { kind: entity.slice(0, colon) as EntityKind, id: entity.slice(colon + 1) } }
}

const resultOf = (id: string, manifest: Manifest, expiresAt: string) => ({
  export: id,
  format: manifest.format,
  masked: manifest.masking.masked,
  counts: manifest.counts,
  leftOut: manifest.leftOut,
  expiresAt,
  files: [
    ...manifest.parts.map((part) => ({ ...part, url: `/v1/exports/${id}/files/${part.file}` })),
    { file: 'manifest.json', url: `/v1/exports/${id}/files/manifest.json` },
  ],
})

export const exportJob: JobKind = {
  type: 'export',
  parameters,

  async prepare(store, request) {
    const given = request as unknown as Given
    if (given.rings && given.entity)
      throw new RingfenceError('request.invalid', 'entity: name rings or an entity, not both.')
    if ((given.rings || given.entity) && (given.fdr !== undefined || given.everything))
      throw new RingfenceError(
        'request.invalid',
        'A rate or everything is for a whole run, not with rings or an entity.',
      )
    new ExportFolder(store)
    // The run that is the latest now, so that the job gives the same whenever it starts.
    const run = given.run ?? (await store.listRuns(1))[0]?.id
    if (run === undefined) throw new RingfenceError('run.none', 'Nothing was detected in this store yet.')
    const { interactions } = await store.counts()
    return {
      // A ring that was merged is looked for in the latest run alone: there no run is named.
      parameters: { ...request, ...(given.run === undefined && given.rings ? {} : { run }) },
      estimate: { seconds: interactions / INTERACTIONS_A_SECOND, megabytes: MEGABYTES },
      memoryLimitMb: Number.POSITIVE_INFINITY,
    }
  },

  async perform({ store, id, runId, mode, parameters: request, signal, progress, log }) {
    const given = request as unknown as Given
    const folder = new ExportFolder(store)
    const before = mode === 'write' ? await folder.read(runId) : null
    if (before) return resultOf(runId, before.manifest, before.expiresAt)
    progress({ done: 0, stage: 'look up' })
    const scope = await scopeOf(store, questionOf(given), (asOf) => graphAt(store, asOf, signal))
    const names = new Names(given.mask === true ? processMaskKey() : null)
    const content = await ExportContent.open(store, scope, names, signal)
    const format = formatNamed(given.format)
    const all = scope.more === null ? scope.run.counts.interactions : null
    const timer = setInterval(() => {
      const { edges } = content.counts
      // How many there are among some entities is not known before they are read.
      progress({ done: all === null ? 0.5 : Math.min(0.99, edges / Math.max(1, all)), stage: `${edges} interactions` })
    }, PROGRESS_MS)
    try {
      if (mode === 'dry-run') {
        const { parts, counts, leftOut } = await manifestOnly(format, content)
        return { format: format.name, masked: names.masked, counts, leftOut, files: parts }
      }
      await folder.sweep()
      const room = await folder.room()
      await folder.keep(runId, randomUUID(), (path) => writeParts(format, content, path, room))
    } finally {
      clearInterval(timer)
    }
    const kept = await folder.read(runId)
    if (!kept) throw new RingfenceError('export.unknown', 'It was removed before it could be told.')
    const { counts, masking } = kept.manifest
    await record(store, {
      who: `job ${id}`,
      action: 'export.made',
      subject: `export:${runId}`,
      after: {
        format: format.name,
        masked: masking.masked,
        entities: counts.nodes ?? 0,
        interactions: counts.edges ?? 0,
      },
    })
    log(`export ${runId} is kept until ${kept.expiresAt}`)
    return resultOf(runId, kept.manifest, kept.expiresAt)
  },
}
