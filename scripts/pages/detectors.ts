import { readFileSync } from 'node:fs'
import { detectors } from '#src/detectors/registry.js'

interface ParameterSchema {
  readonly type?: string
  readonly default?: unknown
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly description?: string
  readonly items?: ParameterSchema
}

const bounds = ({ minimum, exclusiveMinimum, maximum, items }: ParameterSchema): string => {
  if (items) return bounds(items)
  const least = minimum ?? (exclusiveMinimum === undefined ? '' : `above ${exclusiveMinimum}`)
  return least === '' && maximum === undefined ? '' : `${least} to ${maximum ?? ''}`
}

/** The text between these marks in docs/detectors/ID.md says how it works and what it cannot see; the rest follows from the code. */
const ownText = (id: string): string =>
  readFileSync(new URL(`../../../docs/detectors/${id}.md`, import.meta.url), 'utf8').trim()

/** docs/detectors.md, from the detectors' descriptors and the text beside them. */
export const detectorsPage = (): string => {
  const sections = detectors.map((detector) => {
    const properties = (detector.parameters as unknown as { properties: Record<string, ParameterSchema> }).properties
    const rows = Object.entries(properties).map(([name, schema]) => {
      const value =
        schema.default === undefined
          ? 'none'
          : `\`${JSON.stringify(schema.default).replaceAll('","', '", "').replaceAll(',', ', ').replaceAll(',  ', ', ')}\``
      return `| \`${name}\` | ${value} | ${bounds(schema)} | ${schema.description ?? ''} |`
    })
    return `## ${detector.title}
Id \`${detector.id}\`, behaviour \`${detector.behaviour}\`. ${detector.finds}

${ownText(detector.id)}

| parameter | default | bounds | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}

${detector.papers.map((paper) => `- ${paper}`).join('\n')}
`
  })
  return `# Detectors
<!-- Made from the detectors' descriptors and docs/detectors/*.md by \`npm run docs\`; edit those. -->

Each detector runs by itself on the same snapshot and says how surprising each group is: minus the natural logarithm of the chance that its
null model gives anything as strong anywhere it looked. Groups of all detectors whose accounts overlap are merged into rings, and the
false-discovery rate counts all of them ([architecture.md](architecture.md)). Parameters are set by \`settings\` of a job over HTTP.

${sections.join('\n')}`
}
