/** `ringfence features`: what the model reads of an entity, each feature with its unit, meaning and as-of rule. */
import { type Command, InvalidArgumentError } from 'commander'
import type { FeatureDefinition } from '../../model/features/definition.js'
import { blocksOf } from '../../model/features/product/blocks.js'
import { featureListDigest } from '../../model/features/product/product-features.js'
import { type ScoredKind, scoredKinds } from '../../model/features/product/sides.js'
import type { Act, Context } from '../context.js'
import { count, textTable } from '../table.js'

interface FeaturesOptions {
  readonly kind?: ScoredKind
}

interface ListedFeature extends FeatureDefinition {
  readonly kind: ScoredKind
  readonly block: string
}

const kind = (text: string): ScoredKind => {
  const known = scoredKinds.find((each) => each === text)
  if (known === undefined) throw new InvalidArgumentError(`It must be one of ${scoredKinds.join(', ')}.`)
  return known
}

const listed = (kinds: readonly ScoredKind[], search: string): readonly ListedFeature[] =>
  kinds.flatMap((each) =>
    blocksOf(each).flatMap(({ title, definitions }) =>
      definitions
        .filter(({ name, sentence }) => `${name} ${sentence}`.toLowerCase().includes(search.toLowerCase()))
        .map((definition) => ({ kind: each, block: title, ...definition })),
    ),
  )

const blockTable = (features: readonly ListedFeature[]): string => {
  const counts = new Map<string, readonly [ScoredKind, string, number]>()
  for (const { kind: of, block } of features) {
    const known = counts.get(`${of} ${block}`)
    counts.set(`${of} ${block}`, [of, block, (known?.[2] ?? 0) + 1])
  }
  return [
    textTable(
      ['kind', 'block', 'features'],
      [...counts.values()].map(([of, block, size]) => [of, block.replaceAll('`', ''), count(size)]),
      [2],
    ),
    'ringfence features --kind KIND, or with a word to look for, lists them one by one; --json has all with their as-of rules.',
  ].join('\n\n')
}

const featureTable = (features: readonly ListedFeature[]): string =>
  textTable(
    ['kind', 'feature', 'unit', 'says'],
    features.map((feature) => [feature.kind, feature.name, feature.unit, feature.sentence.replaceAll('`', '')]),
  )

const runFeatures = async (context: Context, search: string | undefined, options: FeaturesOptions): Promise<void> => {
  const kinds = options.kind === undefined ? scoredKinds : [options.kind]
  const features = listed(kinds, search ?? '')
  await context.result(
    {
      features,
      lists: kinds.map((each) => ({ kind: each, digest: featureListDigest(each) })),
    },
    search === undefined && options.kind === undefined ? blockTable(features) : featureTable(features),
  )
}

export const addFeatures = (program: Command, act: Act): void => {
  program
    .command('features')
    .argument('[word]', 'only features with this in their name or sentence')
    .description(
      'Lists what the model reads of each creator, user, video and product: every feature with its unit, what it says, and what of the past it reads. Needs no store.',
    )
    .option('--kind <kind>', 'creator, user, video or product', kind)
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ringfence features',
        '  ringfence features --kind creator',
        '  ringfence features burst --json',
      ].join('\n'),
    )
    .action((word: string | undefined, options: FeaturesOptions, command: Command) =>
      act(command, (context) => runFeatures(context, word, options)),
    )
}
