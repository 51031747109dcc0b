/** One driver a store, the database always named, every statement in a managed transaction. */
import neo4j, { type Driver, type ManagedTransaction, type RecordShape } from 'neo4j-driver'
import { RingfenceError } from '../../errors.js'
import { type Server, serverError } from './errors.js'

export interface Neo4jOptions {
  readonly user: string
  readonly password: string
  readonly database: string
}

export interface Connection extends Server {
  readonly driver: Driver
}

/** Long enough for a server that restarts, short enough that a person still waits for the message. */
const RETRY_MS = 15_000
const CONNECT_MS = 10_000
/** Lists of a page come as one record; what comes record by record comes in few trips. */
const FETCH_SIZE = 10_000
/** Subqueries with `CALL (x) { }` and constraints on relationships, in Community Edition. */
const leastVersion = [5, 26] as const

const checkVersion = (agent: string, location: string): void => {
  const match = /^Neo4j\/(\d+)\.(\d+)/.exec(agent)
  if (match === null) return
  const [major, minor] = [Number(match[1]), Number(match[2])]
  if (major > leastVersion[0] || (major === leastVersion[0] && minor >= leastVersion[1])) return
  throw new RingfenceError(
    'store.unreachable',
    `the server at ${location} is ${agent}; Neo4j ${leastVersion.join('.')} or newer is needed.`,
  )
}

const makeDriver = (uri: string, { user, password }: Neo4jOptions): Driver => {
  if (/^[^/]*\/\/[^/]*@/.test(uri))
    throw new RingfenceError(
      'usage',
      'a store address has no user or password in it: set RINGFENCE_NEO4J_USER and RINGFENCE_NEO4J_PASSWORD.',
    )
  try {
    return neo4j.driver(uri, neo4j.auth.basic(user, password), {
      // Times and counts are below 2^53.
      disableLosslessIntegers: true,
      maxTransactionRetryTime: RETRY_MS,
      connectionTimeout: CONNECT_MS,
      connectionAcquisitionTimeout: 2 * CONNECT_MS,
      fetchSize: FETCH_SIZE,
      telemetryDisabled: true,
      userAgent: 'ringfence',
      // Internal ids are used within one transaction only, which is what the deprecation of id() warns about.
      notificationFilter: { minimumSeverityLevel: 'OFF' },
    })
  } catch (error) {
    throw new RingfenceError('usage', `${uri} is not the address of a Neo4j server: ${(error as Error).message}`)
  }
}

/** Throws `store.unreachable` and `usage`. */
export const connect = async (uri: string, options: Neo4jOptions): Promise<Connection> => {
  const driver = makeDriver(uri, options)
  const connection = { driver, location: uri, user: options.user, database: options.database }
  try {
    const { agent } = await driver.getServerInfo({ database: options.database })
    checkVersion(agent ?? '', uri)
    return connection
  } catch (error) {
    await driver.close()
    throw serverError(error, connection)
  }
}

export type Transaction = ManagedTransaction
type Work<T> = (tx: Transaction) => Promise<T>

const inSession = async <T>(
  { driver, database }: Connection,
  mode: 'executeRead' | 'executeWrite',
  work: Work<T>,
): Promise<T> => {
  const session = driver.session({ database })
  try {
    return await session[mode](work)
  } finally {
    await session.close()
  }
}

/** `work` may run more than once, and leaves no trace but that of its last run. */
export const inRead = <T>(connection: Connection, work: Work<T>): Promise<T> =>
  inSession(connection, 'executeRead', work)
export const inWrite = <T>(connection: Connection, work: Work<T>): Promise<T> =>
  inSession(connection, 'executeWrite', work)

export const rows = async <Row extends RecordShape>(
  tx: Transaction,
  cypher: string,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<readonly Row[]> => {
  const { records } = await tx.run<Row>(cypher, parameters)
  return records.map((record) => record.toObject())
}

/** Statements get their rows in parts, so that no message to the server is larger than some megabytes. */
export function* parts<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size)
}
