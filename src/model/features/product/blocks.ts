/**
 * The features of each scored kind, block by block: what they are called and how a block's columns are computed stand in one list, so
 * that the pages that describe features and the columns of a matrix are always the same.
 */
import type { FeatureDefinition } from '../definition.js'
import { definitionsOf, type Scope } from '../measure.js'
import { structureDefinitions } from '../structure.js'
import { activityColumns, activityMeasures } from './activity.js'
import type { FeatureReader } from './context.js'
import {
  type CountedLabels,
  pathLabelColumns,
  pathLabelDefinitions,
  sideLabelColumns,
  sideLabelDefinitions,
} from './label-rates.js'
import { membershipColumns, membershipDefinitions } from './membership.js'
import { neighbourColumns, neighbourDefinitions } from './neighbours.js'
import { metaPaths, pathColumns, pathDefinitions } from './paths.js'
import { rhythmMeasures } from './rhythm.js'
import { distinctPairs, type ScoredKind, type Side, sideRows, sidesOf } from './sides.js'
import { trustDefinitions } from './trust.js'

export interface FeatureBlock {
  /** Which page section its features stand in. */
  readonly title: string
  readonly definitions: readonly FeatureDefinition[]
  /** Whether its columns follow from known labels too; others can be kept from one set of labels to the next. */
  readonly readsLabels: boolean
  /**
   * One a definition, in the same order; one value for each entity of the kind that the reader reads. Labels have one entry an
   * entity of the snapshot, decided by the scoring time; null: none are known.
   */
  readonly columns: (reader: FeatureReader, labels: CountedLabels | null) => readonly Float32Array[]
}

/** As-of rule of all that is read of interactions. */
export const known =
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
  readsLabels: false,
  columns: (context) => context.rhythm(kind, direction),
})

export const sideDefinitions = (scope: Scope): readonly FeatureDefinition[] => [
  ...definitionsOf(activityMeasures, scope, known),
  ...neighbourDefinitions(scope, known),
]

const sideBlock = (kind: ScoredKind, side: Side): FeatureBlock => ({
  title: `Side \`${side.name}\``,
  definitions: sideDefinitions(side),
  readsLabels: false,
  columns: (context) => {
    const { snapshot, clock, check } = context
    const { from, to } = context.rows(kind)
    const constants = context.constants(kind)
    const rows = sideRows(snapshot, side, { from, to }, check)
    const activity = activityColumns(rows, to - from, clock.now, constants, check)
    const pairs = rows && distinctPairs(rows, snapshot.entities.count)
    check()
    return [...activity, ...neighbourColumns(pairs, context.common(), from, constants)]
  },
})

const sideLabelBlock = (kind: ScoredKind, side: Side): FeatureBlock => ({
  title: `Labels over \`${side.name}\``,
  definitions: sideLabelDefinitions(side),
  readsLabels: true,
  columns: ({ snapshot, check, constants, rows: rowsOf }, labels) => {
    const range = rowsOf(kind)
    const rows = labels && sideRows(snapshot, side, range, check)
    return sideLabelColumns(rows && distinctPairs(rows, snapshot.entities.count), labels, range.from, constants(kind))
  },
})

const pathBlocks = (kind: ScoredKind): readonly FeatureBlock[] =>
  metaPaths
    .filter((path) => path.kind === kind)
    .flatMap((path): readonly FeatureBlock[] => [
      {
        title: `Walk \`${path.name}\``,
        definitions: pathDefinitions(path, known),
        readsLabels: false,
        columns: ({ walk, rows, constants, common }) =>
          pathColumns(walk(path), common(), rows(kind).from, constants(kind)),
      },
      {
        title: `Labels over \`${path.name}\``,
        definitions: pathLabelDefinitions(path),
        readsLabels: true,
        columns: ({ walk, rows, constants }, labels) =>
          pathLabelColumns(walk(path), labels, rows(kind).from, constants(kind)),
      },
    ])

const denseRank: FeatureDefinition = {
  name: 'structure.dense-rank',
  unit: 'share',
  sentence:
    'Share of its kind that is taken away before it when the loosest is taken away again and again, links to what is popular counting little.',
  asOf: known,
}

export const blocksOf = (kind: ScoredKind): readonly FeatureBlock[] => [
  ...rhythmDirections[kind].map((direction) => rhythmBlock(kind, direction)),
  ...sidesOf(kind).flatMap((side) => [sideBlock(kind, side), sideLabelBlock(kind, side)]),
  ...pathBlocks(kind),
  {
    title: 'Structure',
    definitions: [...structureDefinitions, denseRank],
    readsLabels: false,
    columns: (context) => context.structure(kind),
  },
  {
    title: 'Trust',
    definitions: trustDefinitions,
    readsLabels: true,
    columns: (context, labels) => context.trust(kind, labels),
  },
  {
    title: 'Rings',
    definitions: membershipDefinitions,
    readsLabels: false,
    columns: (context) => membershipColumns(context.memberships, context.rows(kind)),
  },
]

export const featureDefinitions = (kind: ScoredKind): readonly FeatureDefinition[] =>
  blocksOf(kind).flatMap(({ definitions }) => definitions)
