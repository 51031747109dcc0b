/** The queries of docs/neo4j.md, as they stand there, on a planted graph. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import neo4j, { type Driver } from 'neo4j-driver'
import { openNeo4jStore } from '#src/store/neo4j/neo4j-store.js'
import { batchOf, type InteractionInput } from '../support/batches.js'
import { leaseNeo4j } from '../support/neo4j/lease.js'
import { ringRecord, runRecord } from '../support/runs.js'

const page = readFileSync('docs/neo4j.md', 'utf8')
const queries = [...page.matchAll(/^### (\d)\. .+?\n+```cypher\n(.+?)```/gms)].map(([, number, text]) => ({
  number: Number(number),
  text: text!,
}))

const start = Date.UTC(2026, 0, 1)
const interactions: readonly InteractionInput[] = [
  { id: 'p1', type: 'publish', actor: 'creator:c1', target: 'video:v1', at: start, market: 'US' },
  { id: 'l1', type: 'like', actor: 'user:u1', target: 'video:v1', at: start + 1000, market: 'US' },
  { id: 'l2', type: 'like', actor: 'user:u2', target: 'video:v1', at: start + 2000, market: 'US' },
  { id: 'l3', type: 'like', actor: 'user:u3', target: 'video:v1', at: start + 90_000 },
  { id: 'd1', type: 'uses', actor: 'user:u1', target: 'device:d1' },
  { id: 'd2', type: 'uses', actor: 'user:u2', target: 'device:d1' },
  { id: 'd3', type: 'uses', actor: 'user:u2', target: 'payment:card' },
  { id: 'd4', type: 'uses', actor: 'user:u3', target: 'payment:card' },
]

const fact = {
  code: 'lockstep.shared-targets',
  sentence: 'Two accounts liked the same video within a second.',
  observed: 2,
  expected: 0.1,
  unit: 'accounts',
  interactionCount: 3,
  interactions: [
    { type: 'like', id: 'l1' },
    { type: 'like', id: 'l2' },
    { type: 'uses', id: 'd1' },
  ],
  count: { of: 'actors' },
  digests: ['a1', 'a2', 'a3'],
} as const

const rings = [
  ringRecord('r1', {
    score: 20,
    members: [
      { kind: 'creator', id: 'c1', role: 'beneficiary', score: 0.5 },
      { kind: 'user', id: 'u1', role: 'core', score: 1 },
      { kind: 'user', id: 'u2', role: 'core', score: 0.9 },
    ],
    facts: [fact, { ...fact, code: 'second', sentence: 'They use one device.', interactions: [], digests: [] }],
  }),
]

const expected: readonly { readonly parameters: Readonly<Record<string, string>>; readonly rows: unknown }[] = [
  {
    parameters: { creator: 'c1' },
    rows: [{ ring: 'r1', score: 20, fdr: 0.0123, role: 'beneficiary', why: [fact.sentence, 'They use one device.'] }],
  },
  {
    parameters: { ring: 'r1', run: 'run-2' },
    rows: [{ kind: 'Device', identifier: 'd1', accounts: expect.arrayContaining(['u1', 'u2']) }],
  },
  {
    parameters: { from: 'u1', to: 'u3' },
    rows: [
      {
        through: ['User:u1', 'Device:d1', 'User:u2', 'Payment:card', 'User:u3'],
        by: ['USES', 'USES', 'USES', 'USES'],
      },
    ],
  },
  {
    parameters: { ring: 'r1', run: 'run-2' },
    rows: [
      { fact: fact.code, actor: 'u1', target: 'v1', at: '2026-01-01T00:00:01Z' },
      { fact: fact.code, actor: 'u2', target: 'v1', at: '2026-01-01T00:00:02Z' },
    ],
  },
  {
    parameters: { run: 'run-2' },
    rows: [
      { ring: 'r1', scenario: 'content', market: 'US', interactions: 3 },
      { ring: 'r1', scenario: 'account', market: 'unknown', interactions: 3 },
    ],
  },
]

const server = await leaseNeo4j()

if (server !== undefined) {
  describe('docs/neo4j.md', () => {
    let driver: Driver
    beforeAll(async () => {
      const store = await openNeo4jStore(server.uri, server)
      await store.migrate()
      await store.writeBatch(batchOf(interactions, [{ entity: 'creator:c1', market: 'US' }]))
      await store.saveRun({ run: runRecord('run-1'), rings: [ringRecord('older')] })
      await store.saveRun({ run: runRecord('run-2', { finishedAt: '2026-01-02T00:00:00.000Z' }), rings })
      await store.close()
      driver = neo4j.driver(server.uri, neo4j.auth.basic(server.user, server.password), {
        disableLosslessIntegers: true,
      })
    })
    afterAll(() => driver.close())

    const run = async (text: string, parameters: Readonly<Record<string, unknown>> = {}) => {
      const { records } = await driver.executeQuery(text, parameters, { database: server.database })
      return records.map((record) =>
        Object.fromEntries(
          Object.entries(record.toObject()).map(([name, value]) => [
            name,
            neo4j.isDateTime(value) ? value.toString() : value,
          ]),
        ),
      )
    }

    test('has five queries', () => {
      expect(queries.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5])
    })

    test.each(queries)('query $number gives what is planted', async ({ number, text }) => {
      const { parameters, rows } = expected[number - 1]!
      expect(await run(text, parameters)).toEqual(rows)
    })

    test('says what properties there are', async () => {
      const named = (line: RegExp) =>
        line
          .exec(page)![1]!
          .split(', ')
          .filter((name) => name !== 'attributes')
      const keysOf = async (pattern: string) => (await run(`MATCH ${pattern} RETURN keys(x) AS keys`))[0]!.keys
      expect(await keysOf("()-[x:LIKE {id: 'l1'}]->()")).toEqual(
        expect.arrayContaining(named(/-\[:LIKE \{([^}]+)\}\]/)),
      )
      expect(await keysOf("()-[x:LIKE {id: 'l3'}]->()")).not.toContain('market')
      expect(await keysOf("(x:Ring {id: 'r1'})")).toEqual(expect.arrayContaining(named(/\(:Ring \{([^}]+)\}/)))
      expect(await keysOf('(x:Fact)')).toEqual(expect.arrayContaining(named(/\(:Fact \{([^}]+)\}/)))
      expect(await keysOf("(x:Run {id: 'run-2'})")).toEqual(
        expect.arrayContaining(named(/\(:Run \{([^}]+)\}/).filter((name) => name !== 'asOf')),
      )
    })
  })
}
