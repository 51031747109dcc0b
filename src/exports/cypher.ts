/**
 * A Cypher script that makes the graph, the run, its rings and their facts in an empty Neo4j 5.26 or newer, under the labels and properties
 * of the Neo4j store (docs/neo4j.md), so that a store on that database finds the run there. Statements end with `;` and a line end,
 * and no line end is inside a statement's text: cypher-shell, Browser and a split at these two run it.
 */
import type { EntityKind, InteractionType } from '../../graph-schema/schema.js'
import { labelOf, relationshipOf, schemaConstraints } from '../store/neo4j/names.js'
import type { RingRecord, RunRecord } from '../store/store.js'
import type { ExportContent, ExportEdge, ExportNode } from './content.js'
import type { ExportFormat } from './part.js'

/** A statement is planned anew each time; longer ones pay that less often, and their text must be held by the server. */
const ROWS_A_STATEMENT = 1000

const escapes: Readonly<Record<string, string>> = { "'": "\\'", '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }
// biome-ignore lint/suspicious/noControlCharactersInRegex: any character that cannot stand as it is
const special = /['\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: the same, each by itself
const each = /['\\\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

/** The method is ES2024 and in Node.js 20. */
const wellFormed = (text: string): string => (text as unknown as { toWellFormed(): string }).toWellFormed()

/**
 * A literal of a text. Neo4j turns `\uXXXX` into its character before it parses, wherever it stands: a backslash of the text that is
 * followed by u would make a quote of `\u0027`, so the literal is cut in two there.
 */
export const cypherText = (text: string): string => {
  if (!special.test(text)) return `'${text}'`
  const escaped = wellFormed(text)
    .replace(each, (character) => escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/\\\\(?=[uU])/g, "\\\\' + '")
  return `('${escaped}')`
}

/** Floats stay floats: 1 is `1.0`. */
export const cypherFloat = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value)

type Literal = string | null

const map = (entries: Readonly<Record<string, Literal>>): string => {
  let text = ''
  for (const name of Object.keys(entries)) {
    const value = entries[name]
    if (value !== null) text += `${text === '' ? '' : ', '}${name}: ${value}`
  }
  return `{${text}}`
}
const textOrNull = (text: string | null): Literal => (text === null ? null : cypherText(text))
const wholeOrNull = (value: number | null): Literal => (value === null ? null : String(Math.trunc(value)))
const list = (texts: readonly string[]): string => `[${texts.map(cypherText).join(', ')}]`
const json = (value: unknown): Literal => (value === null ? null : cypherText(JSON.stringify(value)))

const nodeRow = ({ id, at, market, attributes }: ExportNode): string =>
  map({
    id: cypherText(id),
    at: wholeOrNull(at),
    market: textOrNull(market),
    attributes: json(attributes),
    declared: 'true',
  })

const edgeRow = ({ id, actor, target, at, market, scenario, weight, attributes }: ExportEdge): string =>
  `[${cypherText(actor.id)}, ${cypherText(target.id)}, ${map({
    id: cypherText(id),
    at: wholeOrNull(at),
    market: textOrNull(market),
    scenario: cypherText(scenario),
    weight: cypherFloat(weight),
    attributes: json(attributes),
  })}]`

const unwind = (rows: readonly string[], rest: string): string => {
  let text = ''
  for (let from = 0; from < rows.length; from += ROWS_A_STATEMENT)
    text += `UNWIND [${rows.slice(from, from + ROWS_A_STATEMENT).join(', ')}] AS row ${rest};\n`
  return text
}

const groups = <T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> => {
  const found = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = found.get(key)
    if (group) group.push(item)
    else found.set(key, [item])
  }
  return found
}

const nodesText = (batch: readonly ExportNode[]): string =>
  [...groups(batch, ({ kind }) => kind)]
    .map(([kind, nodes]) => unwind(nodes.map(nodeRow), `CREATE (n:${labelOf(kind as EntityKind)}) SET n = row`))
    .join('')

const edgesText = (batch: readonly ExportEdge[]): string =>
  [...groups(batch, ({ type, actor, target }) => `${type} ${actor.kind} ${target.kind}`)]
    .map(([key, edges]) => {
      const [type, actor, target] = key.split(' ') as [InteractionType, EntityKind, EntityKind]
      return unwind(
        edges.map(edgeRow),
        `MATCH (a:${labelOf(actor)} {id: row[0]}) MATCH (b:${labelOf(target)} {id: row[1]}) CREATE (a)-[r:${relationshipOf(type)}]->(b) SET r = row[2]`,
      )
    })
    .join('')

/** `record` is what the store reads a run from. */
const runText = (run: RunRecord): string =>
  `CREATE (n:Run ${map({
    id: cypherText(run.id),
    job: textOrNull(run.job),
    startedAt: cypherText(run.startedAt),
    finishedAt: cypherText(run.finishedAt),
    asOf: wholeOrNull(run.asOf),
    version: cypherText(run.version),
    entities: String(run.counts.entities),
    interactions: String(run.counts.interactions),
    candidates: String(run.counts.candidates),
    rings: String(run.counts.rings),
    members: String(run.counts.members),
    record: cypherText(JSON.stringify(run)),
  })});\n`

const ringText = (ring: RingRecord, run: string, shownIds: ReadonlyMap<string, string>): string => {
  const matchRing = `MATCH (ring:Ring {run: ${cypherText(run)}, id: ${cypherText(ring.id)}})`
  const node = `MATCH (run:Run {id: ${cypherText(run)}}) CREATE (:Ring ${map({
    run: cypherText(run),
    id: cypherText(ring.id),
    score: cypherFloat(ring.score),
    fdr: cypherFloat(ring.fdr),
    windowFrom: wholeOrNull(ring.window?.from ?? null),
    windowTo: wholeOrNull(ring.window?.to ?? null),
    behaviours: list(ring.behaviours),
    detectors: list(ring.detectors),
    types: list(ring.types),
    markets: list(ring.markets),
    scenarios: list(ring.scenarios),
  })})-[:FOUND_IN]->(run);\n`
  const members = [...groups(ring.members, ({ kind }) => kind)].map(([kind, group]) =>
    unwind(
      group.map(({ id, role, score }) => `[${cypherText(id)}, ${cypherText(role)}, ${cypherFloat(score)}]`),
      `${matchRing} MATCH (e:${labelOf(kind as EntityKind)} {id: row[0]}) CREATE (e)-[:MEMBER_OF {role: row[1], score: row[2]}]->(ring)`,
    ),
  )
  const facts = unwind(
    ring.facts.map((fact, place) =>
      map({
        place: String(place),
        code: cypherText(fact.code),
        sentence: cypherText(fact.sentence),
        observed: cypherFloat(fact.observed),
        expected: cypherFloat(fact.expected),
        unit: cypherText(fact.unit),
        interactionCount: String(fact.interactionCount),
        interactions: list(
          fact.interactions.map((ref, i) => shownIds.get(`${place + 1} ${i}`) ?? `${ref.type}:${ref.id}`),
        ),
        rule: json(fact.count),
        digests: list(fact.digests),
      }),
    ),
    `${matchRing} CREATE (f:Fact)-[:ABOUT]->(ring) SET f = row`,
  )
  return node + members.join('') + facts
}

const FILE = 'graph.cypher'

export const cypher: ExportFormat<ExportContent> = {
  name: 'cypher',
  title: 'Cypher script',
  mediaType: 'application/x-cypher-query; charset=utf-8',
  parts: [FILE],
  async write(content, destination) {
    const part = await destination.part(FILE)
    const { run } = content.scope
    await part.write(`// Ringfence, run ${run.id.replace(/[^\w-]/g, '_')}. For an empty Neo4j 5.26 or newer.\n`)
    for (const [name, rule] of schemaConstraints) await part.write(`CREATE CONSTRAINT ${name} IF NOT EXISTS ${rule};\n`)
    await part.write('CREATE CONSTRAINT ringfence_run IF NOT EXISTS FOR (r:Run) REQUIRE r.id IS UNIQUE;\n')
    await part.write('CREATE CONSTRAINT ringfence_ring IF NOT EXISTS FOR (r:Ring) REQUIRE (r.run, r.id) IS UNIQUE;\n')
    // A constraint may be in the making for a moment.
    await part.write('CALL db.awaitIndexes(300);\n')
    await content.graph({
      nodes: (batch) => part.write(nodesText(batch)),
      edges: (batch) => part.write(edgesText(batch)),
    })
    await part.write(runText(run))
    await content.eachRing(({ ring, rows }) => {
      const shownIds = new Map<string, string>()
      let fact = 0
      let place = 0
      for (const row of rows) {
        if (row.fact !== fact) place = 0
        fact = row.fact
        shownIds.set(`${row.fact} ${place++}`, `${row.type}:${row.id}`)
      }
      return part.write(ringText(ring, run.id, shownIds))
    })
    await part.write('// End.\n')
    return [await part.finish()]
  },
}
