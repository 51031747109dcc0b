/**
 * The features of each scored kind, block by block: what they are called and how a block's columns are computed stand in one list, so
 * that the pages that describe features and the columns of a matrix are always the same.
 */
import type { Csr } from '../../../kernels/csr.js'
import type { FeatureDefinition } from '../definition.js'
import { definitionsOf, type Scope } from '../measure.js'
import { structureDefinitions } from '../structure.js'
import { activityColumns, activityMeasures } from './activity.js'
import type { FeatureContext } from './context.js'
import { pathLabelColumns, pathLabelDefinitions, sideLabelColumns, sideLabelDefinitions } from './label-rates.js'
import { membershipColumns, membershipDefinitions } from './membership.js'
import { neighbourColumns, neighbourDefinitions } from './neighbours.js'
import { metaPaths, pathColumns, pathDefinitions } from './paths.js'
import { rhythmMeasures } from './rhythm.js'
import { distinctPairs, rangeOf, type ScoredKind, type Side, sideRows, sidesOf } from './sides.js'
import { trustDefinitions } from './trust.js'

export interface FeatureBlock {
  /** Which page section its features stand in. */
  readonly title: string
  readonly definitions: readonly FeatureDefinition[]
  /** One a definition, in the same order; one value for each entity of the kind. */
  readonly columns: (context: FeatureContext) => readonly Float32Array[]
}

const known =
  'Interactions known at the scoring time; those without a time are counted, and left out of what is said of times.'

/** What an entity does and what is done to it, where it is the one and where it is the other. */
export const rhythmDirections: Readonly<Record<ScoredKind, readonly ('out' | 'in')[]>> = {
  creator: ['out', 'in'],
  user: ['out'],
  video: ['in'],
  product: ['in'],
}

const rhythmScope = {
  out: { name: 'does', words: 'all that it does' },
  in: { name: 'gets', words: 'all that is done to it' },
} as const

const rhythmBlock = (kind: ScoredKind, direction: 'out' | 'in'): FeatureBlock => ({
  title: `Rhythm \`${rhythmScope[direction].name}\``,
  definitions: definitionsOf(rhythmMeasures, rhythmScope[direction], known),
  columns: (context) => context.rhythm(kind, direction),
})

export const sideDefinitions = (scope: Scope): readonly FeatureDefinition[] => [
  ...definitionsOf(activityMeasures, scope, known),
  ...neighbourDefinitions(scope, known),
  ...sideLabelDefinitions(scope),
]

export const walkDefinitions = (scope: Scope): readonly FeatureDefinition[] => [
  ...pathDefinitions(scope, known),
  ...pathLabelDefinitions(scope),
]

const sideBlock = (kind: ScoredKind, side: Side): FeatureBlock => ({
  title: `Side \`${side.name}\``,
  definitions: sideDefinitions(side),
  columns: (context) => {
    const { snapshot, clock, labels, check } = context
    const { from, to } = rangeOf(snapshot, kind)
    const constants = context.constants(kind)
    const rows = sideRows(snapshot, side, { from, to }, check)
    const activity = activityColumns(rows, to - from, clock.now, constants, check)
    const pairs: Csr | null = rows && distinctPairs(rows, snapshot.entities.count)
    check()
    return [
      ...activity,
      ...neighbourColumns(pairs, context.common(), from, constants),
      ...sideLabelColumns(pairs, labels, from, constants),
    ]
  },
})

const pathBlocks = (kind: ScoredKind): readonly FeatureBlock[] =>
  metaPaths
    .filter((path) => path.kind === kind)
    .map((path) => ({
      title: `Walk \`${path.name}\``,
      definitions: walkDefinitions(path),
      columns: (context) => {
        const walk = context.walks.of(path)
        const { from } = rangeOf(context.snapshot, kind)
        context.check()
        return [
          ...pathColumns(walk, context.common(), from, context.constants(kind)),
          ...pathLabelColumns(walk, context.labels, from, context.constants(kind)),
        ]
      },
    }))

const denseRank: FeatureDefinition = {
  name: 'structure.dense-rank',
  unit: 'share',
  sentence:
    'Share of its kind that is taken away before it when the loosest is taken away again and again, links to what is popular counting little.',
  asOf: known,
}

export const blocksOf = (kind: ScoredKind): readonly FeatureBlock[] => [
  ...rhythmDirections[kind].map((direction) => rhythmBlock(kind, direction)),
  ...sidesOf(kind).map((side) => sideBlock(kind, side)),
  ...pathBlocks(kind),
  {
    title: 'Structure',
    definitions: [...structureDefinitions, denseRank],
    columns: (context) => [
      ...context.structure().map((column) => context.ofKind(kind, column)),
      context.denseRank(kind),
    ],
  },
  {
    title: 'Trust',
    definitions: trustDefinitions,
    columns: (context) => context.trust().map((column) => context.ofKind(kind, column)),
  },
  {
    title: 'Rings',
    definitions: membershipDefinitions,
    columns: (context) => membershipColumns(context.memberships, rangeOf(context.snapshot, kind)),
  },
]

export const featureDefinitions = (kind: ScoredKind): readonly FeatureDefinition[] =>
  blocksOf(kind).flatMap(({ definitions }) => definitions)
