/** Empties the database of a Neo4j server that is for tests alone. */
import neo4j, { type Session } from 'neo4j-driver'
import type { Neo4jAddress } from './server.js'

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
