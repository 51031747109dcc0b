/**
 * The console's files, as `npm run build` makes them: one page that is never kept, and assets that are named by their content and kept for
 * good. What the page shows is in the part of its address after #, which browsers do not send, so that ids of persons stay out of logs.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'
import { RingfenceError } from '../../errors.js'

const folder = fileURLToPath(new URL('../../../console/', import.meta.url))

/** Nothing from elsewhere, nothing inline, and in nobody's frame. The picture is laid out in a worker of our own. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const YEAR_MS = 365 * 24 * 3600 * 1000

export const consolePages: FastifyPluginAsync = async (app) => {
  const schema = { hide: true }
  const config = { roles: 'public' } as const
  if (!existsSync(folder)) {
    app.get('/', { config, schema }, async () => {
      throw new RingfenceError('route.unknown', 'The console was not built; npm run build does. The API is at /docs.')
    })
    return
  }
  await app.register(fastifyStatic, { root: folder, serve: false, cacheControl: false })
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('content-security-policy', POLICY)
    reply.header('permissions-policy', 'camera=(), geolocation=(), microphone=()')
  })
  app.get('/', { config, schema }, async (_request, reply) =>
    reply.header('cache-control', 'no-store').sendFile('index.html'),
  )
  app.get<{ Params: { file: string } }>('/assets/:file', { config, schema }, async ({ params }, reply) =>
    reply.sendFile(params.file, `${folder}assets`, { cacheControl: true, immutable: true, maxAge: YEAR_MS }),
  )
}
