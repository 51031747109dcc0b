/** From the driver's errors to coded ones. A message never holds a password, because the driver's messages do not. */
import { isRetryableError, Neo4jError } from 'neo4j-driver'
import { RingfenceError } from '../../errors.js'

export interface Server {
  /** The address, without user and password. */
  readonly location: string
  readonly user: string
  readonly database: string
}

const unreachableCodes = new Set(['ServiceUnavailable', 'SessionExpired'])

export const isConstraintViolation = (error: unknown): boolean =>
  error instanceof Neo4jError && error.code === 'Neo.ClientError.Schema.ConstraintValidationFailed'

export { isRetryableError }

/** Errors that no one foresaw stay what they are and become `internal` where they surface. */
export const serverError = (error: unknown, { location, user, database }: Server): unknown => {
  if (!(error instanceof Neo4jError)) return error
  const { code, message } = error
  const cause = { cause: error }
  if (unreachableCodes.has(code))
    return new RingfenceError(
      'store.unreachable',
      `no Neo4j server answers at ${location}. Start it, or correct --store or RINGFENCE_STORE; what was acknowledged is kept. (${message})`,
      {},
      cause,
    )
  if (code.startsWith('Neo.ClientError.Security.'))
    return new RingfenceError(
      'store.unreachable',
      `the Neo4j server at ${location} refuses the user "${user}". Set RINGFENCE_NEO4J_USER and RINGFENCE_NEO4J_PASSWORD. (${message})`,
      {},
      cause,
    )
  if (code === 'Neo.ClientError.Database.DatabaseNotFound')
    return new RingfenceError(
      'store.unreachable',
      `the Neo4j server at ${location} has no database "${database}". Set RINGFENCE_NEO4J_DATABASE.`,
      {},
      cause,
    )
  if (/OutOfMemory|MemoryPool/.test(code))
    return new RingfenceError(
      'job.memory',
      `the Neo4j server at ${location} has too little memory for this; raise its server.memory.heap.max_size. (${message})`,
      {},
      cause,
    )
  if (/no space left|disk full|disk quota/i.test(message))
    return new RingfenceError('store.full', `${location}: ${message}`, {}, cause)
  return error
}
