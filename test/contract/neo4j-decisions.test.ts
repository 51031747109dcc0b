import { expect, test } from '@jest/globals'
import { verifyAudit } from '#src/jobs/audit.js'
import { openNeo4jStore } from '#src/store/neo4j/neo4j-store.js'
import { emptyNeo4j } from '../support/neo4j/empty.js'
import { leaseNeo4j } from '../support/neo4j/lease.js'
import { labelling, labelRow } from './decisions.js'
import { twoDecide, twoServeASession } from './two-deciders.js'

const server = await leaseNeo4j()

if (server !== undefined) {
  test('services that share a server tell the second of two people of the first, and share sessions', async () => {
    await emptyNeo4j(server)
    const stores = [await openNeo4jStore(server.uri, server), await openNeo4jStore(server.uri, server)] as const
    try {
      await stores[0].migrate()
      await twoDecide(stores)
      await twoServeASession(stores)
    } finally {
      await Promise.all(stores.map((store) => store.close()))
    }
  })

  test('services that share a server append to one log without forking it, and of two decisions at once one is refused', async () => {
    await emptyNeo4j(server)
    const stores = [await openNeo4jStore(server.uri, server), await openNeo4jStore(server.uri, server)] as const
    try {
      await stores[0].migrate()
      const all = stores.flatMap((store, s) =>
        Array.from({ length: 15 }, (_, i) => store.decide(labelling(labelRow(`l-${s}-${i}`)))),
      )
      expect((await Promise.all(all)).every(Boolean)).toBe(true)
      const seen = await stores[0].lastLabel()
      expect(seen).toBe(30)
      const racing = stores.map((store, s) => store.decide(labelling(labelRow(`race-${s}`), { labelsSeen: seen })))
      expect((await Promise.all(racing)).filter(Boolean)).toHaveLength(1)
      expect(await verifyAudit(stores[1])).toMatchObject({ holds: true, entries: 31, labels: 31, faultCount: 0 })
    } finally {
      await Promise.all(stores.map((store) => store.close()))
    }
  })
}
