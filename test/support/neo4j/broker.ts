/**
 * One Neo4j server a test run, started when the first test file asks, or at once where the whole suite runs. Community Edition
 * has one database, so the server is lent to one test file at a time: a file holds it as long as its connection to this broker
 * is open.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { type Neo4jServer, startNeo4j, type Unavailable } from './server.js'

export const BROKER_VARIABLE = 'RINGFENCE_TEST_NEO4J_BROKER'

let broker: Server | undefined
let server: Promise<Neo4jServer | Unavailable> | undefined
let missing: string | undefined
let turn: Promise<void> = Promise.resolve()

const start = (): Promise<Neo4jServer | Unavailable> => {
  server ??= startNeo4j()
  return server
}

const lend = (socket: Socket): void => {
  const returned = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => socket.destroy())
  socket.resume()
  turn = turn.then(async () => {
    if (socket.destroyed) return
    const { stop: _, ...answer } = { stop: undefined, ...(await start()) }
    if ('unavailable' in answer) missing = answer.unavailable
    socket.write(`${JSON.stringify(answer)}\n`)
    await returned
  })
}

export const openBroker = async (eager: boolean): Promise<void> => {
  broker = createServer(lend)
  await new Promise<void>((resolve) => broker!.listen(0, '127.0.0.1', resolve))
  broker.unref()
  const address = broker.address()
  if (address === null || typeof address === 'string') throw new Error('the broker has no port')
  process.env[BROKER_VARIABLE] = String(address.port)
  if (eager) void start()
}

/** Stops the server; the answer is why tests had none, where one asked in vain. */
export const closeBroker = async (): Promise<string | undefined> => {
  broker?.close()
  const started = await server
  if (started !== undefined && !('unavailable' in started)) await started.stop()
  return missing
}
