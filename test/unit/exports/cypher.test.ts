import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import neo4j from 'neo4j-driver'
import { cypherFloat, cypherText } from '#src/exports/cypher.js'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { snapshotDigest } from '#src/graph/snapshot-digest.js'
import { openNeo4jStore } from '#src/store/neo4j/neo4j-store.js'
import { leaseNeo4j } from '../../support/neo4j/lease.js'
import { exportTo, hardIds, hardInteractions, openExportWorld } from './world.js'

const server = await leaseNeo4j()

if (server !== undefined) {
  /** As a shell would: statement by statement, each ended by `;` and a line end. */
  const runScript = async (script: string): Promise<void> => {
    const driver = neo4j.driver(server.uri, neo4j.auth.basic(server.user, server.password))
    const session = driver.session({ database: server.database })
    try {
      for (const statement of script.split(/;\n/)) {
        const text = statement.replace(/^\/\/.*\n/gm, '').trim()
        if (text !== '') await session.run(text)
      }
    } finally {
      await session.close()
      await driver.close()
    }
  }

  test('a real Neo4j, empty, has the same graph, run and rings after the script, and exports the same again', async () => {
    const world = await openExportWorld()
    const out = world.path('graph.cypher')
    const made = await exportTo(world.store, 'cypher', out, { everything: true })
    await runScript(readFileSync(out, 'utf8'))
    const copy = await openNeo4jStore(server.uri, server)
    try {
      await copy.migrate()
      expect(await copy.counts()).toEqual(await world.store.counts())
      const digests = await Promise.all(
        [copy, world.store].map(async (store) => snapshotDigest(buildSnapshot(await store.readGraph(null)))),
      )
      expect(digests[0]).toBe(digests[1])
      const refs = hardInteractions.map(({ type, id }) => ({ type, id }))
      expect(await copy.readInteractions(refs)).toEqual(await world.store.readInteractions(refs))
      expect(await copy.readRun('run-1')).toEqual(await world.store.readRun('run-1'))
      expect(await copy.readEntity('user', 'NULL')).toEqual(await world.store.readEntity('user', 'NULL'))
      for (const format of ['cypher', 'graphml', 'csv'] as const) {
        const [there, here] = [
          await exportTo(copy, format, world.path(`there.${format}`), { everything: true }),
          await exportTo(world.store, format, world.path(`here.${format}`), { everything: true }),
        ]
        expect(there.parts).toEqual(
          here.parts.map((part) => ({ ...part, file: there.parts.find(({ sha256 }) => sha256 === part.sha256)?.file })),
        )
      }
      expect(made.counts.edges).toBe(hardInteractions.length)
    } finally {
      await copy.close()
      await world.close()
    }
  })

  test('literals come back as the text or number that they stand for', async () => {
    const texts = [
      ...hardIds,
      '\\',
      '\\\\',
      '\\u0027',
      '\\\\u0027',
      '\\U0001F600',
      "it's",
      '\n\r\t\b\f\u0000\u0001\u007f\u0085\u2028',
      '`$x` {y}',
      '/* */ //',
    ]
    const numbers = [0, 1, -1, 0.1, 1e-7, 1e300, 5e-324, 123456789012345680000, 0.30000000000000004]
    const driver = neo4j.driver(server.uri, neo4j.auth.basic(server.user, server.password))
    const { records } = await driver.executeQuery(
      `RETURN [${texts.map(cypherText).join(', ')}] AS texts, [${numbers.map(cypherFloat).join(', ')}] AS numbers`,
      {},
      { database: server.database },
    )
    await driver.close()
    expect(records[0]!.get('texts')).toEqual(texts)
    expect(records[0]!.get('numbers')).toEqual(numbers)
  })
}
