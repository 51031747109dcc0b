import {
  entityKind,
  entityKindNames,
  interactionType,
  interactionTypeNames,
  limits,
  scenarioNames,
  scenarios,
} from '#graph-schema/schema.js'

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

/** docs/schema.md, from graph-schema/schema.ts. */
export const schemaPage = (): string => {
  const kinds = entityKindNames.map((name) => {
    const kind = entityKind(name)
    return row([
      `\`${name}\``,
      `\`${kind.node}\``,
      kind.path ? `\`/v1/${kind.path}\`` : '',
      kind.personal ? 'yes' : '',
      kind.meaning,
    ])
  })
  const list = (names: readonly string[]): string =>
    names.length === entityKindNames.length ? 'any' : names.map((name) => `\`${name}\``).join(', ')
  const types = interactionTypeNames.map((name) => {
    const type = interactionType(name)
    const targets = type.enforcement ? 'the same entity' : list(type.targets)
    return row([`\`${name}\``, list(type.actors), targets, `\`${type.scenario}\``, type.meaning])
  })
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10)
  return `# The graph's schema
<!-- Made from graph-schema/schema.ts by \`npm run docs\`; edit that file. -->

An entity is written \`kind:id\`, as in \`creator:c42\`. An interaction joins an actor to a target, with its time, market, scenario,
weight and attributes where they are known. Once recorded it never changes.

## Entity kinds
| kind | label in Neo4j | in the API | personal | meaning |
| --- | --- | --- | --- | --- |
${kinds.join('\n')}

Ids of personal kinds are masked by role in answers.

## Interaction types
| type | actor | target | scenario | meaning |
| --- | --- | --- | --- | --- |
${types.join('\n')}

In Neo4j a type is a relationship type in capitals, as in \`(:User)-[:LIKE]->(:Video)\`. An interaction whose actor is also its target is
kept where both ends allow the kind, and detectors leave it out.

## Scenarios
${scenarioNames.map((name) => `- \`${name}\`: ${scenarios[name].meaning}`).join('\n')}

A scenario in one market is a domain, written \`content/US\`.

## Limits
| what | limit |
| --- | --- |
| an id | 1 to ${limits.idBytes} bytes of UTF-8, no control characters |
| a market | 1 to ${limits.marketBytes} bytes, no control characters |
| attributes of one record | ${limits.attributesBytes / 2 ** 20} MB of JSON |
| one record as text | ${limits.lineBytes / 2 ** 20} MB |
| a time | ${day(limits.earliest)} to ${day(limits.latest)}, kept in milliseconds |
`
}
