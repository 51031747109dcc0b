import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { RingfenceError } from '../../errors.js'
import { CASE_FILE_POLICY } from '../../exports/case-file.js'
import { ExportContent } from '../../exports/content.js'
import { manifestOnly, partStream } from '../../exports/export-stream.js'
import { exportFormatNames, formatNamed } from '../../exports/formats.js'
import type { KeyRole } from '../../jobs/api-keys.js'
import { ExportFolder, type KeptExport } from '../../jobs/export-folder.js'
import { record } from '../../jobs/record.js'
import { readers } from '../plugins/auth.js'
import { leadToHeirs, ringLookup } from '../ring-lookup.js'
import { IdParams, problemResponses, RunQuery } from '../schemas/shapes.js'
import type { Services } from '../services.js'

/** Each holds a connection of the store and some memory while it is read. */
const MOST_AT_ONCE = 4

/** What is past its time goes within this, also where nobody asks. */
const SWEEP_MS = 600_000

const ExportQuery = Type.Object(
  {
    ...RunQuery.properties,
    format: Type.Enum([...exportFormatNames]),
    part: Type.Optional(
      Type.String({
        maxLength: 32,
        description:
          'Of csv and parquet, which are six tables: nodes, edges, rings, members (unless told), facts or evidence. `manifest`, of any format, is its description with the SHA-256 of each part.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** For a file name in a header: what is safe everywhere. */
const fileName = (ring: string, part: string): string => `${ring.replace(/[^\w.-]/g, '_').slice(0, 100)}-${part}`

export const exportRoutes =
  ({ current, store, masking }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { ringOf } = ringLookup({ current, store })
    leadToHeirs(app)
    const running = new Set<AbortController>()
    /** Entries under way, which the end of the service waits for. */
    const ends = new Set<Promise<void>>()
    const unlogged = (err: unknown): void => app.log.error({ err }, 'The end of an export is not logged')
    app.addHook('onClose', async () => void (await Promise.all(ends)))
    app.addHook('preClose', async () => {
      for (const controller of running) controller.abort()
    })

    app.get(
      '/rings/:id/export',
      {
        config: { roles: readers, personal: true },
        exposeHeadRoute: false,
        schema: {
          summary: 'A ring with its graph, as a file of a format',
          description:
            'Streamed: an answer that ends early is cut off without its end. Identifiers of persons are masked by role. Parts are the same bytes at each call.',
          tags: ['rings'],
          params: IdParams,
          querystring: ExportQuery,
          produces: ['application/octet-stream'],
          response: {
            200: Type.Unsafe<string | Readable>({ type: 'string', description: 'The file.' }),
            ...problemResponses,
          },
        },
      },
      async ({ params, query, caller, log }, reply) => {
        const { ring, run } = await ringOf(params.id, query.run)
        const format = formatNamed(query.format)
        const extension = format.parts[0]!.replace(/^.*\./, '')
        const wanted = format.parts.length === 1 ? format.parts[0]! : `${query.part ?? 'members'}.${extension}`
        if (query.part !== undefined && query.part !== 'manifest' && !format.parts.includes(wanted))
          throw new RingfenceError(
            'request.invalid',
            `part: ${format.title} has ${format.parts.join(', ')} and manifest.`,
          )
        if (query.part !== undefined && query.part !== 'manifest' && format.parts.length === 1)
          throw new RingfenceError('request.invalid', `part: ${format.title} is one file.`)
        if (running.size >= MOST_AT_ONCE)
          throw new RingfenceError('request.rate', `${MOST_AT_ONCE} exports are being read already.`, { retryAfter: 2 })
        const controller = new AbortController()
        running.add(controller)
        let handedOver = false
        try {
          const scope = { asked: { rings: [ring.id], run: run.id }, run, rings: [ring], more: [], leftOut: [] }
          const content = await ExportContent.open(store, scope, masking.names(caller.role), controller.signal)
          reply.header('cache-control', 'no-store')
          if (query.part === 'manifest')
            return await reply.type('application/json').send(JSON.stringify(await manifestOnly(format, content)))
          const { who } = caller
          const subject = `ring:${ring.id}`
          const what = { run: run.id, format: format.name, part: wanted, masked: content.names.masked }
          await record(store, {
            who,
            action: 'export.start',
            subject,
            after: { ...what, members: ring.members.length },
          })
          const stream = partStream(format, content, wanted, (error) => {
            running.delete(controller)
            const { nodes, edges } = content.counts
            const after = { ...what, entities: nodes, interactions: edges, complete: !error }
            const end = record(store, { who, action: 'export.end', subject, after }).catch(unlogged)
            ends.add(end)
            void end.then(() => ends.delete(end))
            if (error && !controller.signal.aborted)
              log.warn({ err: error, ring: ring.id }, 'An export was not read to its end')
          })
          handedOver = true
          reply.raw.once('close', () => {
            if (!reply.raw.writableFinished) controller.abort()
          })
          if (format.name === 'html')
            reply.header('content-security-policy', `${CASE_FILE_POLICY}; frame-ancestors 'none'; sandbox`)
          const name = fileName(ring.id, wanted)
          reply.header('content-disposition', `${format.name === 'html' ? 'inline' : 'attachment'}; filename="${name}"`)
          return await reply.type(format.mediaType).send(stream)
        } finally {
          if (!handedOver) running.delete(controller)
        }
      },
    )

    const folder = new ExportFolder(store)
    const sweeping = setInterval(
      () => folder.sweep().catch((err: unknown) => app.log.warn({ err }, 'Old exports cannot be removed')),
      SWEEP_MS,
    )
    sweeping.unref()
    app.addHook('onClose', async () => clearInterval(sweeping))

    const keptFor = async (id: string, role: KeyRole): Promise<KeptExport> => {
      const kept = await folder.read(id)
      if (!kept) throw new RingfenceError('export.unknown', `There is no export ${id}, or not any more.`)
      if (!kept.manifest.masking.masked && masking.masks(role))
        throw new RingfenceError('auth.role', 'This export shows identifiers of persons, which your role may not see.')
      return kept
    }

    app.get(
      '/exports/:id',
      {
        config: { roles: readers, personal: true },
        schema: {
          summary: 'The manifest of an export that a job made, and how long it is kept',
          tags: ['exports'],
          params: IdParams,
          response: {
            200: Type.Object({
              export: Type.String(),
              expiresAt: Type.String(),
              manifest: Type.Record(Type.String(), Type.Unknown()),
            }),
            ...problemResponses,
          },
        },
      },
      async ({ params, caller }) => ({ export: params.id, ...(await keptFor(params.id, caller.role)) }),
    )

    app.get(
      '/exports/:id/files/:file',
      {
        config: { roles: readers, personal: true },
        exposeHeadRoute: false,
        schema: {
          summary: 'A file of an export that a job made',
          tags: ['exports'],
          params: Type.Object({ ...IdParams.properties, file: Type.String({ minLength: 1, maxLength: 64 }) }),
          produces: ['application/octet-stream'],
          response: {
            200: Type.Unsafe<string | Readable>({ type: 'string', description: 'The file.' }),
            ...problemResponses,
          },
        },
      },
      async ({ params, caller }, reply) => {
        const kept = await keptFor(params.id, caller.role)
        const path = folder.fileOf(params.id, kept, params.file)
        const file = path === null ? null : await open(path).catch(() => null)
        if (!file) throw new RingfenceError('export.unknown', `The export ${params.id} has no file ${params.file}.`)
        const { size } = await file.stat()
        const { format, masking: seen, counts } = kept.manifest
        const after = { file: params.file, format, masked: seen.masked, entities: counts.nodes ?? 0 }
        await record(store, { who: caller.who, action: 'export.read', subject: `export:${params.id}`, after })
        const type = params.file === 'manifest.json' ? 'application/json' : formatNamed(kept.manifest.format).mediaType
        return reply
          .header('cache-control', 'no-store')
          .header('content-length', size)
          .header('content-disposition', `attachment; filename="${params.file}"`)
          .type(type)
          .send(file.createReadStream())
      },
    )
  }
