/** `ringfence export`: rings, the graph around an entity, or a whole run as files for other tools. */
import { existsSync, statSync } from 'node:fs'
import { type Command, InvalidArgumentError } from 'commander'
import { isEntityKind } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import { ExportContent } from '../../exports/content.js'
import { exportToPath } from '../../exports/export-files.js'
import { type ExportFormatName, exportFormatNames, formatNamed } from '../../exports/formats.js'
import { Names, processMaskKey } from '../../exports/names.js'
import { DEFAULT_MAX_SHARED, scopeOf } from '../../exports/scope.js'
import { graphAt } from '../../jobs/graph-at.js'
import { record } from '../../jobs/record.js'
import type { EntityRef } from '../../store/store.js'
import { type Act, type Context, isService } from '../context.js'
import { share, wholeNumber } from '../options.js'
import type { ExportOptions } from '../service/export.js'
import { withStore } from '../store.js'
import { count, seconds } from '../table.js'
import { whoAsks } from '../who.js'

/** DuckDB's own share of memory, megabytes: what a sort does not hold in it goes to disk. Joins with very many entities need more of it. */
const LEAST_MEMORY = 64
const MOST_MEMORY = 768
const MEMORY_OF_FILE = 1 / 4

const memoryFor = (path: string): string => {
  const size = existsSync(path) ? statSync(path).size / 2 ** 20 : 0
  return `${Math.min(MOST_MEMORY, Math.round(LEAST_MEMORY + size * MEMORY_OF_FILE))}MB`
}

const format = (text: string): ExportFormatName => {
  const known = exportFormatNames.find((each) => each === text)
  if (known === undefined) throw new InvalidArgumentError(`It must be one of ${exportFormatNames.join(', ')}.`)
  return known
}

const entity = (text: string): EntityRef => {
  const colon = text.indexOf(':')
  const kind = text.slice(0, Math.max(0, colon))
  if (!isEntityKind(kind) || colon === text.length - 1)
    throw new InvalidArgumentError('It must be kind:id, as in user:u1.')
  return { kind, id: text.slice(colon + 1) }
}

const gather = (text: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), text]

const exportHere = (context: Context, options: ExportOptions) =>
  withStore(context, { create: false, memoryLimit: memoryFor(context.store) }, async (store) => {
    const scope = await scopeOf(
      store,
      {
        ...(options.ring ? { rings: options.ring } : {}),
        ...(options.entity
          ? { entity: options.entity, steps: options.steps as 1 | 2, maxShared: options.maxShared }
          : {}),
        ...(options.fdr === undefined ? {} : { fdr: options.fdr }),
        run: options.run === undefined || options.run === 'latest' ? null : options.run,
        everything: options.everything === true,
      },
      (asOf) => graphAt(store, asOf, context.signal),
    )
    if (options.mask && !process.env.RINGFENCE_MASK_KEY)
      context.say('RINGFENCE_MASK_KEY is not set: these masks are of this export alone and will not match others.')
    const names = new Names(options.mask ? processMaskKey() : null)
    const content = await ExportContent.open(store, scope, names, context.signal)
    const manifest = await exportToPath(formatNamed(options.format), content, options.out)
    const { ring, entity, run, everything, fdr } = options
    const { nodes, edges } = manifest.counts
    await record(store, {
      who: whoAsks(),
      action: 'export.made',
      subject: entity ? `${entity.kind}:${entity.id}` : ring?.length === 1 ? `ring:${ring[0]}` : '',
      after: {
        ...{ ring, run, everything, fdr, format: options.format, out: options.out },
        masked: manifest.masking.masked,
        entities: nodes ?? 0,
        interactions: edges ?? 0,
      },
    })
    return manifest
  })

const runExport = async (context: Context, options: ExportOptions): Promise<void> => {
  if (!options.ring && !options.entity && options.run === undefined && !options.everything)
    throw new RingfenceError('usage', 'Say what to export: --ring ID, --entity kind:id or --run ID.')
  const begin = performance.now()
  const manifest = isService(context.store)
    ? await (await import('../service/export.js')).exportFromService(context, options)
    : await exportHere(context, options)
  const took = (performance.now() - begin) / 1000
  for (const what of manifest.leftOut) context.say(what)
  const { rings, nodes, edges } = manifest.counts
  const graph = nodes === undefined ? '' : `, ${count(nodes)} entities, ${count(edges ?? 0)} interactions`
  await context.result(
    { ...manifest, out: options.out, seconds: took, peakMb: process.resourceUsage().maxRSS / 1024 },
    `${options.out}: ${count(rings)} ${rings === 1 ? 'ring' : 'rings'}${graph} in ${seconds(took)}${manifest.masking.masked ? ', identifiers masked' : ''}.`,
  )
}

export const addExport = (program: Command, act: Act): void => {
  program
    .command('export')
    .description('Writes rings, the graph around an entity, or a whole run as files, with a manifest beside them.')
    .option('--ring <id>', 'a ring; several times for several', gather)
    .option('--entity <kind:id>', 'an entity with what it interacts with, and its rings', entity)
    .option('--steps <n>', '2: also who else interacts with the same', wholeNumber(1, 2), 1)
    .option(
      '--max-shared <n>',
      'at two steps, places where more meet are not followed',
      wholeNumber(2, 1e9),
      DEFAULT_MAX_SHARED,
    )
    .option('--run <id>', 'a run (default: the latest finished one); alone, all its rings')
    .option('--fdr <rate>', 'of a whole run, rings at or below the false-discovery rate', share)
    .option('--everything', 'of a whole run, all entities and interactions, not those of rings alone')
    .requiredOption('--format <format>', exportFormatNames.join(', '), format)
    .requiredOption('--out <path>', 'the file, or for csv and parquet the folder')
    .option('--mask', 'mask identifiers of persons by a keyed hash (RINGFENCE_MASK_KEY)')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  ringfence export --ring r-0123456789abcdef --format html --out case.html',
        '  ringfence export --ring r-0123456789abcdef --format gexf --out ring.gexf',
        '  ringfence export --entity user:u1 --steps 2 --format graphml --out around.graphml',
        '  ringfence export --run latest --format parquet --out run --mask',
      ].join('\n'),
    )
    .action((options: ExportOptions, command: Command) => act(command, (context) => runExport(context, options)))
}
