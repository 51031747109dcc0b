import { describe, expect, test } from '@jest/globals'
import neo4j from 'neo4j-driver'
import { openNeo4jStore } from '#src/store/neo4j/neo4j-store.js'
import { emptyNeo4j, emptyNeo4jData } from '../support/neo4j/empty.js'
import { leaseNeo4j } from '../support/neo4j/lease.js'
import { describeStoreContract, type OpenStore } from './store-contract.js'

const server = await leaseNeo4j()

if (server !== undefined) {
  /** Whether the database has the shipped migrations and nothing else but data: making thirty constraints takes seconds. */
  let isMigrated = false

  const open: OpenStore = async ({ empty, migrate, migrations }) => {
    const isShipped = migrate !== false && migrations === undefined
    if (empty && isMigrated && isShipped) await emptyNeo4jData(server)
    else if (empty) await emptyNeo4j(server)
    isMigrated = isShipped && (empty || isMigrated)
    const store = await openNeo4jStore(server.uri, {
      ...server,
      ...(migrations === undefined ? {} : { migrations }),
    })
    if (migrate !== false) await store.migrate()
    return store
  }

  describe('Neo4j', () => {
    test('is Community Edition 5.26', async () => {
      const driver = neo4j.driver(server.uri, neo4j.auth.basic(server.user, server.password))
      const { records } = await driver.executeQuery(
        'CALL dbms.components() YIELD versions, edition',
        {},
        { database: server.database },
      )
      await driver.close()
      expect(records[0]?.get('edition')).toBe('community')
      expect(records[0]?.get('versions')[0]).toMatch(/^5\.26\./)
    })

    describeStoreContract('neo4j', open)
  })
}
