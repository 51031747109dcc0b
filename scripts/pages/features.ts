import type { FeatureDefinition } from '#src/model/features/definition.js'
import { blocksOf, known, rhythmDirections, sideDefinitions } from '#src/model/features/product/blocks.js'
import { pathLabelDefinitions, sideLabelDefinitions } from '#src/model/features/product/label-rates.js'
import { metaPaths, pathDefinitions } from '#src/model/features/product/paths.js'
import { scoredKinds, sidesOf } from '#src/model/features/product/sides.js'

const rows = (definitions: readonly FeatureDefinition[]): string =>
  [
    '| feature | unit | says |',
    '| --- | --- | --- |',
    ...definitions.map(({ name, unit, sentence }) => `| \`${name}\` | ${unit} | ${sentence} |`),
  ].join('\n')

const asOfRules = (definitions: readonly FeatureDefinition[]): string =>
  [...new Set(definitions.map(({ asOf }) => asOf))].map((rule) => `- ${rule}`).join('\n')

const shared = (first: string, ...prefixes: readonly string[]): readonly FeatureDefinition[] =>
  blocksOf('creator')
    .flatMap(({ definitions }) => definitions)
    .filter(({ name }) => [first, ...prefixes].some((prefix) => name.startsWith(`${prefix}.`)))

const section = (title: string, text: string, definitions: readonly FeatureDefinition[]): string =>
  `## ${title}\n${text}\n\n${rows(definitions)}\n\nAs of:\n${asOfRules(definitions)}\n`

const side = { name: 'SIDE', words: 'those interactions' }
const walk = { name: 'path.WALK', words: 'those at the end of the walk' }

/** docs/features.md, from the blocks of features. */
export const featuresPage = (): string => {
  const kinds = scoredKinds.map((kind) => {
    const sides = sidesOf(kind)
    const paths = metaPaths.filter((path) => path.kind === kind)
    return [
      kind,
      blocksOf(kind).reduce((sum, { definitions }) => sum + definitions.length, 0),
      rhythmDirections[kind].map((direction) => `\`${direction === 'out' ? 'does' : 'gets'}\``).join(' '),
      sides.map(({ name }) => `\`${name}\``).join(' '),
      paths.map(({ name }) => `\`${name}\``).join(' '),
    ]
  })
  return `# Features
<!-- Made from the blocks of src/model/features/product/ by \`npm run docs\`; edit those. -->

What the model reads of every creator, user, video and product. The list is the same for all data; where the data has no interaction of a
type, counts are 0 and the rest is missing. \`ringfence features --kind KIND\` lists every single one, \`--json\` with its as-of rule.

Nothing newer than the scoring time enters: it is the snapshot's own time, and a snapshot holds only what was known then
(\`src/graph/past.ts\` makes the snapshot of an earlier time out of a later one). Rings of a later run are refused, later labels are not read.
Enforcement is no feature of the entity itself: it comes in as a known label of others.

| kind | features | rhythm of | sides | walks |
| --- | --- | --- | --- | --- |
${kinds.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}

${[
  section(
    'Rhythm',
    'Over everything that an entity does, and over everything that is done to it.',
    shared('does', 'gets'),
  ),
  section(
    'Sides',
    'A side is a type of interaction with its direction: `out` where the entity acts, `in` where it is acted upon. For each side of the kind:',
    [...sideDefinitions(side), ...sideLabelDefinitions(side)],
  ),
  section('Walks of two steps', 'For each walk of the kind (what the entity has in common, and with whom):', [
    ...pathDefinitions(walk, known),
    ...pathLabelDefinitions(walk),
  ]),
  section('Structure', 'Of the graph of all interactions but enforcement, all kinds together.', shared('structure')),
  section('Trust', 'Missing where no label is known.', shared('trust')),
  section('Rings', 'Of the rings of a run.', shared('rings')),
].join('\n')}`
}
