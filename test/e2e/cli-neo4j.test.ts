/** The real command on a real Neo4j: from a file to rings over HTTP, as the README tells it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import neo4j from 'neo4j-driver'
import { leaseNeo4j } from '../support/neo4j/lease.js'
import { addressOf, oneObject, ringfence, start, stop, temporary } from './cli-command.js'

const server = await leaseNeo4j()

if (server !== undefined) {
  const folder = temporary()
  const neo4jEnvironment = {
    RINGFENCE_NEO4J_USER: server.user,
    RINGFENCE_NEO4J_PASSWORD: server.password,
    RINGFENCE_NEO4J_DATABASE: server.database,
  }
  const options = { cwd: folder.path('.'), env: neo4jEnvironment }
  const run = (...args: string[]) => ringfence([...args, '--store', server.uri], options)
  const files = ['interactions.csv', 'entities.csv'].map((name) => folder.path(`world/${name}`))

  const cypher = async (text: string, parameters: Readonly<Record<string, unknown>> = {}) => {
    const driver = neo4j.driver(server.uri, neo4j.auth.basic(server.user, server.password))
    try {
      return (await driver.executeQuery(text, parameters, { database: server.database })).records
    } finally {
      await driver.close()
    }
  }

  const get = async (url: string) => {
    const answer = await fetch(url)
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }

  /** What `/health/ready` says as soon as the graph is there or cannot be read, within half a minute. */
  const readiness = async (address: string, graph: string) => {
    for (const giveUp = Date.now() + 30_000; ; await sleep(100)) {
      const answer = await get(`${address}/health/ready`)
      if (answer.body.graph === graph || Date.now() > giveUp) return answer
    }
  }

  beforeAll(async () => {
    const made = await ringfence(
      ['simulate', '--out', folder.path('world'), '--interactions', '10k', '--json'],
      options,
    )
    expect(made.exit).toBe(0)
  })
  afterAll(() => folder.remove())

  test('migrate, ingest, detect and rings give what they give on a DuckDB file', async () => {
    const before = oneObject(await run('migrate', '--status', '--json')) as { migrations: { state: string }[] }
    expect(new Set(before.migrations.map(({ state }) => state))).toEqual(new Set(['pending']))
    const both = async (...args: string[]) => {
      const there = await run(...args, '--json')
      const here = await ringfence([...args, '--json', '--store', folder.path('same.duckdb')], options)
      expect([there.exit, there.stderr.includes(server.password)]).toEqual([here.exit, false])
      return [oneObject(there), oneObject(here)] as const
    }
    const [loaded, loadedHere] = await both('ingest', ...files)
    expect({ ...loaded, seconds: 0 }).toEqual({ ...loadedHere, seconds: 0 })
    expect(loaded.accepted).toBeGreaterThan(5000)
    const again = oneObject(await run('ingest', ...files, '--json'))
    expect(again).toMatchObject({ accepted: 0, duplicates: loaded.accepted, entities: 0 })
    const [found, foundHere] = await both('detect')
    for (const count of ['rings', 'members', 'candidates'])
      expect([count, found[count]]).toEqual([count, foundHere[count]])
    expect(found.rings).toBeGreaterThan(1)
    const [listed, listedHere] = await both('rings')
    expect(listed.rings).toEqual(
      JSON.parse(JSON.stringify(listedHere.rings).replaceAll(String(foundHere.run), String(found.run))),
    )
    const after = oneObject(await run('migrate', '--status', '--json'))
    expect(after).toMatchObject({ engine: 'neo4j', migrations: before.migrations.map(() => ({ state: 'applied' })) })
  }, 240_000)

  test('serve answers for a creator in a ring, and recovers when a run that was damaged is mended', async () => {
    const [member] = await cypher(
      'MATCH (c:Creator)-[m:MEMBER_OF]->(r:Ring) RETURN c.id AS id, m.role AS role, r.id AS ring',
    )
    const { id, role, ring } = member!.toObject() as Readonly<Record<'id' | 'role' | 'ring', string>>
    const serve = ['serve', '--port', '0', '--store', server.uri]
    const service = start(serve, options)
    try {
      const address = await addressOf(service)
      expect(await readiness(address, 'loaded')).toEqual({ status: 200, body: { status: 'ready', graph: 'loaded' } })
      const { status, body } = await get(`${address}/v1/creators/${encodeURIComponent(id)}/rings`)
      expect(status).toBe(200)
      expect(body).toMatchObject({ entity: `creator:${id}`, rings: [{ id: ring, role }], next: null })
      expect((await fetch(`${address}/docs/`)).headers.get('content-type')).toMatch(/^text\/html/)
    } finally {
      expect((await stop(service, 'SIGTERM')).exit).toBe(0)
    }

    const [kept] = await cypher('MATCH (r:Run) RETURN r.record AS record')
    await cypher('MATCH (r:Run) SET r.record = left(r.record, 40)')
    const damaged = start(serve, options)
    try {
      const address = await addressOf(damaged)
      expect(await readiness(address, 'failed')).toMatchObject({ status: 503, body: { code: 'graph.unreadable' } })
      expect(await get(`${address}/v1/rings`)).toMatchObject({ status: 503, body: { code: 'graph.unreadable' } })
      await cypher('MATCH (r:Run) SET r.record = $record', { record: kept!.get('record') })
      expect(await readiness(address, 'loaded')).toMatchObject({ status: 200 })
      expect((await get(`${address}/v1/rings`)).status).toBe(200)
    } finally {
      await stop(damaged, 'SIGTERM')
    }
  })
}
