import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import {
  conflictErrors,
  type EncodedRecords,
  encodeNativeLines,
  encodeNativeObjects,
  type RecordError,
} from '../../ingest/native-records.js'
import { writers } from '../plugins/auth.js'
import { IngestAnswer, problemResponses } from '../schemas/shapes.js'
import type { Services } from '../services.js'

/** Rejects listed in one answer; beyond them they are counted. */
const ERRORS_LISTED = 10_000

const parts = (request: FastifyRequest, only: 'interactions' | 'entities'): AsyncGenerator<EncodedRecords> => {
  const { body } = request
  if (body instanceof Readable) return encodeNativeLines(body as AsyncIterable<Uint8Array>, { only })
  return encodeNativeObjects(Array.isArray(body) ? body : [body], { only })
}

/** Records in: JSON (an object or an array) or NDJSON, which is streamed with backpressure. The same record again adds nothing. */
export const recordRoutes =
  ({ store }: Services): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.addContentTypeParser(
      ['application/x-ndjson', 'application/ndjson', 'application/jsonl'],
      (_request, payload, done) => done(null, payload),
    )

    const take = async (request: FastifyRequest, only: 'interactions' | 'entities') => {
      const begin = performance.now()
      const counts = { read: 0, accepted: 0, duplicates: 0, rejected: 0, entities: 0 }
      const errors: RecordError[] = []
      for await (const part of parts(request, only)) {
        const result = await store.writeBatch(part.batch)
        const own = [...part.errors, ...conflictErrors(result)]
        counts.read += part.read
        counts.accepted += result.accepted
        counts.duplicates += result.duplicates
        counts.entities += result.entities
        counts.rejected += own.length
        for (const error of own) if (errors.length < ERRORS_LISTED) errors.push(error)
      }
      await store.checkpoint()
      errors.sort((a, b) => a.index - b.index)
      return {
        ...counts,
        rejectsFile: null,
        seconds: (performance.now() - begin) / 1000,
        errors,
        errorsOmitted: counts.rejected - errors.length,
      }
    }

    for (const only of ['interactions', 'entities'] as const)
      app.post(
        `/${only}`,
        {
          config: { roles: writers },
          schema: {
            summary: `Add ${only}`,
            description:
              'A JSON object, a JSON array, or NDJSON lines. Good records go in; each bad one is answered with its index.',
            tags: ['records'],
            consumes: ['application/json', 'application/x-ndjson'],
            response: { 200: IngestAnswer, ...problemResponses },
          },
        },
        async (request) => take(request, only),
      )
  }
