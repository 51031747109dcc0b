/** Every error as RFC 9457 problem details with a stable code; what is our own fault is masked and logged. */
import '@fastify/rate-limit'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type ErrorCode, errorTable, RingfenceError } from '../../errors.js'

interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ErrorCode
  readonly advice: string
  readonly request: string
  readonly errors?: readonly { readonly field: string; readonly message: string }[]
}

const problem = (code: ErrorCode, detail: string, request: string, errors?: Problem['errors']): Problem => {
  const { title, status, advice } = errorTable[code]
  const type = `urn:ringfence:error:${code}`
  return { type, title, status, detail, code, advice, request, ...(errors ? { errors } : {}) }
}

/** How long the advice "wait as long as Retry-After says" means, in seconds. */
const RETRY_AFTER = 2

const send = (reply: FastifyReply, body: Problem): FastifyReply => {
  if (body.code === 'server.loading' || body.code === 'graph.unreadable') reply.header('retry-after', RETRY_AFTER)
  if (body.status === 401) reply.header('www-authenticate', 'Bearer')
  return reply.status(body.status).type('application/problem+json').send(JSON.stringify(body))
}

/** Codes that Fastify and its plugins give, by ours. */
const FRAMEWORK: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request.too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'request.media-type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'request.invalid',
  FST_ERR_CTP_INVALID_JSON_BODY: 'request.invalid',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request.invalid',
  FST_ERR_BAD_URL: 'request.invalid',
}

/** `/a/b` of JSON pointers as `a.b`. */
const fieldOf = (instancePath: string, params: unknown): string => {
  const missing = (params as { missingProperty?: string }).missingProperty
  const path = instancePath.replace(/^\//, '').replaceAll('/', '.')
  return missing ? [path, missing].filter(Boolean).join('.') : path
}

const toProblem = (error: FastifyError | RingfenceError, request: FastifyRequest): Problem => {
  const id = String(request.id)
  if (error instanceof RingfenceError)
    return error.status === 500 && error.code === 'internal'
      ? problem('internal', 'Something went wrong; the log has the request id.', id)
      : problem(error.code, error.detail, id)
  if (error.validation) {
    const errors = error.validation.map((each) => ({
      field: fieldOf(each.instancePath, each.params),
      message: each.message ?? 'is not valid',
    }))
    const where = errors.map(({ field, message }) =>
      `${error.validationContext ?? 'request'} ${field} ${message}`.replaceAll('  ', ' '),
    )
    return problem('request.invalid', `${where.join('; ')}.`, id, errors)
  }
  const code = FRAMEWORK[error.code] ?? (error.statusCode === 429 ? 'request.rate' : undefined)
  if (code) return problem(code, error.message, id)
  if (error instanceof SyntaxError || (error.statusCode !== undefined && error.statusCode < 500))
    return problem('request.invalid', error.message, id)
  return problem('internal', 'Something went wrong; the log has the request id.', id)
}

/** `more` is what a single route tells beside the members that every problem has. */
export const sendProblem = (
  error: FastifyError | RingfenceError,
  request: FastifyRequest,
  reply: FastifyReply,
  more: Readonly<Record<string, unknown>> = {},
): FastifyReply => {
  const body = { ...toProblem(error, request), ...more }
  if (error instanceof RingfenceError && typeof error.facts.retryAfter === 'number')
    reply.header('retry-after', error.facts.retryAfter)
  if (body.status >= 500) request.log.error({ err: error, code: body.code }, body.title)
  return send(reply, body)
}

export const problems = fp(
  async (app) => {
    app.setErrorHandler((error: FastifyError, request, reply) => sendProblem(error, request, reply))
    app.setNotFoundHandler({ preHandler: app.rateLimit({ max: 300, timeWindow: '1 minute' }) }, (request, reply) =>
      send(
        reply,
        problem(
          'route.unknown',
          `${request.method} ${request.url.split('?')[0]} is not an address of this service.`,
          String(request.id),
        ),
      ),
    )
  },
  { name: 'problems', dependencies: ['@fastify/rate-limit'] },
)
