import { expect, test } from '@jest/globals'
import neo4j from 'neo4j-driver'
import { leaseNeo4j } from '../support/neo4j/lease.js'

const server = await leaseNeo4j()

if (server !== undefined) {
  test('the server is Neo4j Community 5.26', async () => {
    const driver = neo4j.driver(server.uri, neo4j.auth.basic(server.user, server.password))
    const { records } = await driver.executeQuery(
      'CALL dbms.components() YIELD versions, edition',
      {},
      { database: 'neo4j' },
    )
    await driver.close()
    expect(records[0]?.get('edition')).toBe('community')
    expect(records[0]?.get('versions')[0]).toMatch(/^5\.26\./)
  })
}
