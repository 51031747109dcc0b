import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { afterAll, test } from '@jest/globals'
import neo4j, { type Session } from 'neo4j-driver'
import { BROKER_VARIABLE } from './broker.js'
import type { Neo4jAddress, Unavailable } from './server.js'

const withSession = async (address: Neo4jAddress, work: (session: Session) => Promise<void>): Promise<void> => {
  const driver = neo4j.driver(address.uri, neo4j.auth.basic(address.user, address.password))
  const session = driver.session({ database: address.database })
  try {
    await work(session)
  } finally {
    await session.close()
    await driver.close()
  }
}

/** Deletes all data and keeps constraints and what the store says about its migrations: a hundred times faster than a new start. */
export const emptyNeo4jData = (address: Neo4jAddress): Promise<void> =>
  withSession(address, async (session) => {
    await session.run(
      'MATCH (n) WHERE NOT n:RingfenceMigration CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 1000 ROWS',
    )
  })

/** Deletes everything, constraints and indexes too: the next one that opens the database finds it new. */
export const emptyNeo4j = (address: Neo4jAddress): Promise<void> =>
  withSession(address, async (session) => {
    await session.run('MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 1000 ROWS')
    for (const [what, kind] of [
      ['CONSTRAINTS', 'CONSTRAINT'],
      ['INDEXES', 'INDEX'],
    ] as const) {
      const { records } = await session.run(`SHOW ${what} YIELD name, type`)
      const names = records.filter((record) => record.get('type') !== 'LOOKUP').map((record) => record.get('name'))
      await session.executeWrite(async (tx) => {
        for (const name of names) await tx.run(`DROP ${kind} \`${name}\` IF EXISTS`)
      })
    }
  })

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
