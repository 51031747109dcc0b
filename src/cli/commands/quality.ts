/** `ringfence quality`: how far deciders agree, and what each detector is worth. */
import type { Command } from 'commander'
import { openLabelBook } from '../../jobs/label-book.js'
import { labelQuality } from '../../jobs/quality.js'
import { type Act, type Context, isService } from '../context.js'
import { moment } from '../options.js'
import { ServiceClient } from '../service/client.js'
import { withStore } from '../store.js'
import { count, textTable } from '../table.js'

interface QualityOptions {
  readonly asOf?: number
}

type Quality = ReturnType<typeof labelQuality>

const percent = (value: number | null): string => (value === null ? '' : `${(100 * value).toFixed(0)} %`)
const coefficient = (value: number | null): string => value?.toFixed(2) ?? 'too little to say'

const readQuality = async (context: Context, { asOf }: QualityOptions): Promise<Quality> => {
  if (!isService(context.store))
    return withStore(context, { create: false }, async (store) =>
      labelQuality(await openLabelBook(store), asOf ?? Date.now()),
    )
  const query = asOf === undefined ? '' : `?${new URLSearchParams({ asOf: new Date(asOf).toISOString() })}`
  return (await new ServiceClient(context.store, context.signal).json(`/v1/quality${query}`)) as Quality
}

const runQuality = async (context: Context, options: QualityOptions): Promise<void> => {
  const quality = await readQuality(context, options)
  const { decided, agreement, detectors } = quality
  const { together, alpha, pairs } = agreement
  await context.result(
    { ...quality },
    [
      `${count(decided)} entities and rings were judged, ${count(together)} of them by two people or more. Krippendorff's alpha (1 they agree, 0 as chance would): ${coefficient(alpha)}`,
      ...(pairs.length === 0
        ? []
        : [
            textTable(
              ['two people', 'together', 'agreed', "Cohen's kappa"],
              pairs.map((pair) => [
                pair.owners.join(' and '),
                count(pair.together),
                count(pair.agreed),
                coefficient(pair.kappa),
              ]),
              [1, 2],
            ),
          ]),
      ...(detectors.length === 0
        ? ['No ring was decided on.']
        : [
            textTable(
              ['detector', 'confirmed', 'cleared', 'unsure', 'escalated', 'precision', '95 % interval'],
              detectors.map((each) => [
                each.detector,
                count(each.confirmed),
                count(each.cleared),
                count(each.unsure),
                count(each.escalated),
                percent(each.precision),
                `${percent(each.low)} to ${percent(each.high)}`,
              ]),
              [1, 2, 3, 4, 5],
            ),
            'Precision is of the rings that people looked at, who begin with the top ones.',
          ]),
    ].join('\n'),
  )
}

export const addQuality = (program: Command, act: Act): void => {
  program
    .command('quality')
    .description(
      'How far people agree who judged the same entity or ring, and how often rings of each detector were confirmed, with a 95 % interval.',
    )
    .option('--as-of <time>', 'as things stood then', moment)
    .addHelpText('after', '\nExamples:\n  ringfence quality\n  ringfence quality --as-of 2026-06-01 --json')
    .action((options: QualityOptions, command: Command) => act(command, (context) => runQuality(context, options)))
}
