import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { afterAll, test } from '@jest/globals'
import { BROKER_VARIABLE } from './broker.js'
import { emptyNeo4j } from './empty.js'
import type { Neo4jAddress, Unavailable } from './server.js'

/**
 * The server of this test run, empty, for this test file alone until its end: call it once at the top of the file, with
 * `await`. Undefined where there is none: then one test says so, which fails under CI=true, and the run ends with the reason.
 */
export const leaseNeo4j = async (): Promise<Neo4jAddress | undefined> => {
  const port = Number(process.env[BROKER_VARIABLE])
  if (!port) throw new Error('the test run was started without the global setup of jest.config.js')
  const socket = connect(port, '127.0.0.1')
  afterAll(() => {
    socket.destroy()
  })
  let answer: Neo4jAddress | Unavailable | undefined
  for await (const line of createInterface({ input: socket })) {
    answer = JSON.parse(line) as Neo4jAddress | Unavailable
    break
  }
  if (answer === undefined) throw new Error('the broker of the Neo4j server closed the connection')
  if ('unavailable' in answer) {
    const reason = answer.unavailable
    test('NOT RUN: no Neo4j server is here', () => {
      if (process.env.CI === 'true') throw new Error(`no Neo4j server: ${reason}`)
    })
    return undefined
  }
  await emptyNeo4j(answer)
  return answer
}
