/** `ringfence propagate` and `ringfence risk`: how risk spreads from rings and labels over domains, and why an entity has its share. */
import { writeFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type EntityKind, isEntityKind } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import { givenLabels } from '../../jobs/label-records.js'
import {
  LEAST_RISK,
  openRisk,
  type PropagationRequest,
  propagationSummary,
  RISK_THRESHOLD,
  runPropagation,
} from '../../jobs/propagation.js'
import { isoTime } from '../../jobs/read-view.js'
import type { RiskQuestion } from '../../jobs/risk-task.js'
import type { RiskDifference } from '../../risk/propagation/difference.js'
import { domainName } from '../../risk/propagation/domains.js'
import type { DomainRisk, PathStep, RiskPath } from '../../risk/propagation/explain.js'
import { type FormName, formNames } from '../../risk/propagation/forms.js'
import { type WhatIf, whatIfs } from '../../risk/propagation/live-risk.js'
import { riskRows } from '../../risk/propagation/risk-rows.js'
import { type Act, type Context, isService } from '../context.js'
import { readLabels } from '../label-file.js'
import { share } from '../options.js'
import { openProgress } from '../progress.js'
import { ServiceClient } from '../service/client.js'
import { runServiceJob } from '../service/detect.js'
import { withStore } from '../store.js'
import { count, csvLine, textTable } from '../table.js'

interface SourceOptions {
  readonly run?: string
  readonly labels?: string
  readonly share?: number
  readonly form?: FormName | 'auto'
  readonly strict?: true
}

interface PropagateOptions extends SourceOptions {
  readonly least: number
  readonly threshold: number
  readonly dryRun?: true
  readonly out?: string
}

interface RiskOptions extends SourceOptions {
  readonly domain?: string
  readonly whatIf?: readonly string[]
}

const cell = (value: number): string => String(Number(value.toPrecision(6)))
const short = (value: number): string => value.toPrecision(3)
const percent = (value: number): string => `${(Math.round(1000 * value) / 10 || 0).toFixed(1)} %`

/** The result is wanted to this: paths must add up to it. */
const TOLERANCE = 1e-7
/** A domain at most. */
const PATHS = 10

const sourcesOf = async (options: SourceOptions): Promise<Omit<PropagationRequest, 'signal' | 'progress'>> => ({
  run: options.run === undefined ? 'published' : { id: options.run },
  labels: options.labels === undefined ? null : await readLabels(options.labels),
  scores: true,
  parameters: {
    tolerance: TOLERANCE,
    strict: options.strict === true,
    ...(options.share === undefined ? {} : { share: options.share }),
    ...(options.form === undefined ? {} : { form: options.form }),
  },
})

const tally = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, each) => sum + each, 0)

const summaryText = (
  { propagation, rows, roles, domains, bound }: ReturnType<typeof propagationSummary>,
  difference: RiskDifference | null,
): string =>
  [
    `${count(rows)} copies of entities with risk or harm, or where it begins or ends, in ${count(domains.length)} domains; no risk is off by more than ${bound.toExponential(1)}${propagation === null ? '. Nothing was written' : ` (propagation ${propagation})`}.`,
    textTable(
      ['role', 'copies'],
      Object.entries(roles)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([role, copies]) => [role, count(copies)]),
      [1],
    ),
    ...(difference === null
      ? []
      : [
          `Against ${difference.before}: ${count(tally(difference.newlyExposed))} entities newly exposed, ${count(tally(difference.noLonger))} no longer; ${count(tally(difference.above))} now at ${difference.threshold} or more, ${count(tally(difference.below))} now below.`,
        ]),
  ].join('\n')

const propagateInService = async (context: Context, options: PropagateOptions): Promise<void> => {
  if (options.out !== undefined)
    throw new RingfenceError('usage', 'through a service rows are not written to a file: they are in its store.')
  const labels = options.labels === undefined ? [] : await readLabels(options.labels)
  const parameters = {
    ...(options.run === undefined ? {} : { run: options.run }),
    ...(labels.length > 0 ? { labels: givenLabels(labels) } : {}),
    ...(options.share === undefined ? {} : { share: options.share }),
    ...(options.form === undefined ? {} : { form: options.form }),
    ...(options.strict ? { strict: true } : {}),
    least: options.least,
    threshold: options.threshold,
  }
  const progress = openProgress(context.quiet)
  const client = new ServiceClient(context.store, context.signal)
  const mode = options.dryRun ? 'dry-run' : 'write'
  const result = await runServiceJob(client, { type: 'propagate', mode, parameters }, progress).finally(progress.stop)
  const summary = result as unknown as ReturnType<typeof propagationSummary> & { changes: RiskDifference | null }
  for (const { message } of summary.notes) context.say(message)
  await context.result(summary, summaryText(summary, summary.changes))
}

const runPropagate = async (context: Context, options: PropagateOptions): Promise<void> => {
  if (isService(context.store)) return propagateInService(context, options)
  const begin = performance.now()
  const sources = await sourcesOf(options)
  const { least, threshold } = options
  const progress = openProgress(context.quiet)
  const mode = options.dryRun ? 'dry-run' : 'write'
  const { record, snapshot, spread, difference } = await withStore(context, { create: false }, (store) =>
    runPropagation(store, { ...sources, least, threshold, mode, signal: context.signal, progress: progress.update }),
  ).finally(progress.stop)
  for (const { message } of record.notes) context.say(message)
  if (options.out !== undefined) {
    const rows = [...riskRows(snapshot, spread, spread.roles, least)].filter(
      ({ role, risk }) => role !== null && risk >= least,
    )
    await writeFile(
      options.out,
      csvLine(['entity', 'domain', 'role', 'risk']) +
        rows
          .map(({ kind, id, role, risk, ...domain }) =>
            csvLine([`${kind}:${id}`, domainName(domain), role!, cell(risk)]),
          )
          .join(''),
    )
  }
  const { domains } = spread.layers
  const summary = propagationSummary(record, mode === 'write')
  await context.result(
    {
      ...summary,
      changes: difference,
      couplings: {
        pooled: spread.couplings.pooled,
        pairs: spread.couplings.pairs.map(({ from, to, ...pair }) => ({
          from: domainName(domains[from]!),
          to: domainName(domains[to]!),
          ...pair,
        })),
      },
      flows: record.flows,
      out: options.out ?? null,
      seconds: (performance.now() - begin) / 1000,
    },
    [summaryText(summary, difference), ...(options.out === undefined ? [] : [`Written to ${options.out}.`])].join('\n'),
  )
}

const interactionText = ({ interactions, domain, fromDomain }: PathStep): string => {
  if (fromDomain !== null) return `is the same in ${fromDomain} and ${domain}`
  return interactions
    .map(({ type, count: times, last, ageDays }) => {
      const when =
        last === null ? 'at an unknown time' : `last ${isoTime(last)!.slice(0, 10)}, ${ageDays?.toFixed(0)} days old`
      return `${type}${times > 1 ? ` ${count(times)} times` : ''} (${when})`
    })
    .join(', ')
}

const pathLines = ({ source, sourceDomain, given, share: part, amount, steps }: RiskPath): string[] => [
  `  ${percent(part)} (${short(amount)}) from ${source} in ${sourceDomain}, a source of ${short(given)}`,
  ...steps.map((step) => `      -> ${step.to}: ${interactionText(step)}`),
]

const domainText = ({ domain, risk, role, harm, paths, rest }: DomainRisk): string =>
  [
    `${domain}: risk ${short(risk)}${role === null ? '' : `, ${role}`}${harm > 0 ? `; victim, harm ${short(harm)}` : ''}`,
    ...paths.flatMap(pathLines),
    ...(paths.length > 0 || risk > 0 ? [`  ${percent(rest)} over other paths`] : []),
  ].join('\n')

const entityOf = (name: string): { readonly kind: EntityKind; readonly id: string } => {
  const colon = name.indexOf(':')
  const kind = name.slice(0, colon)
  if (colon < 1 || colon + 1 === name.length || !isEntityKind(kind))
    throw new RingfenceError('usage', `"${name}" is not kind:id, as in user:u1.`)
  return { kind, id: name.slice(colon + 1) }
}

const whatIfOf = (
  given: readonly string[] | undefined,
): { readonly decision: WhatIf; readonly name: string } | null => {
  if (given === undefined) return null
  const decision = whatIfs.find((each) => each === given[0])
  if (decision === undefined || given.length !== 2)
    throw new RingfenceError(
      'usage',
      `--what-if takes ${whatIfs.join(', ')} and an entity, as in --what-if banned user:u1.`,
    )
  return { decision, name: given[1]! }
}

/** Nothing is written, and the store is closed before the question is asked. */
const askStore = async (context: Context, options: RiskOptions, question: RiskQuestion) => {
  const sources = await sourcesOf(options)
  const progress = openProgress(context.quiet)
  const { rings, notes, pool } = await withStore(context, { create: false }, (store) =>
    openRisk(store, { ...sources, signal: context.signal, progress: progress.update }),
  ).finally(progress.stop)
  try {
    const { answer } = await pool.run({ name: 'risk-of', ...question })
    return { run: rings?.run.id ?? null, notes, answer }
  } finally {
    await pool.close()
  }
}

const runRisk = async (context: Context, name: string, options: RiskOptions): Promise<void> => {
  if (isService(context.store))
    throw new RingfenceError('usage', 'Ask the service itself: GET /v1/KIND/ID/risk. This works on a store.')
  const whatIf = whatIfOf(options.whatIf)
  const { run, notes, answer } = await askStore(context, options, {
    ...entityOf(name),
    domain: options.domain ?? null,
    paths: PATHS,
    whatIf: whatIf && { decision: whatIf.decision, ...entityOf(whatIf.name), tolerance: TOLERANCE },
  })
  for (const { message } of notes) context.say(message)
  if (answer === null)
    throw new RingfenceError(
      'entity.unknown',
      `The graph does not have ${[name, whatIf?.name].filter(Boolean).join(' or ')}.`,
    )
  const { domains, acts } = answer
  if (options.domain !== undefined && domains.length === 0)
    throw new RingfenceError(
      'risk.domain',
      `${name} does not act in ${options.domain}, but in ${acts.join(', ') || 'none'}.`,
    )
  const after = answer.after ?? []
  await context.result(
    {
      run,
      entity: name,
      domains,
      ...(whatIf ? { whatIf: { decision: whatIf.decision, entity: whatIf.name, domains: after } } : {}),
      notes,
    },
    [
      ...(acts.length === 0 ? [`${name} acts in no domain, so no risk can reach it.`] : domains.map(domainText)),
      ...after.map(({ domain, risk }) => `${domain}: risk ${short(risk)} if ${whatIf!.name} were ${whatIf!.decision}`),
      'Risk of 1 is as much as one certain source gives itself. It orders who to look at; it is a lead, no probability of anything.',
    ].join('\n'),
  )
}

const sharePassed = (text: string): number => {
  const value = Number(text)
  if (!(value > 0 && value <= 10)) throw new InvalidArgumentError('It must be above 0.')
  return value
}

const withSources = (command: Command): Command =>
  command
    .option('--run <id>', 'the run whose rings are sources (default: the one that queries see)')
    .option(
      '--labels <file>',
      'CSV with entity and label in the place of those in the store: bad is a source, good absorbs',
    )
    .option(
      '--share <share>',
      "how much of what reaches an entity goes on from it (default: the form's own)",
      sharePassed,
    )
    .addOption(
      new Option(
        '--form <form>',
        'the form of the equations; auto: the one that finds sources again when they are held out',
      )
        .choices(['auto', ...formNames])
        .default('auto'),
    )
    .option('--strict', 'refuse couplings that would not converge instead of scaling them down')

export const addPropagate = (program: Command, act: Act): void => {
  withSources(program.command('propagate'))
    .description(
      'Spreads risk from rings, labels and decisions over all entities in all domains, into the store, and says what is new against the last time and how much flowed from domain to domain.',
    )
    .option('--least <risk>', 'rows with less are left out', share, LEAST_RISK)
    .option('--threshold <risk>', 'risk that a person acts on, for what is new', share, RISK_THRESHOLD)
    .option('--dry-run', 'write nothing to the store')
    .option('--out <file>', 'write entity, domain, role and risk there as CSV')
    .addHelpText(
      'after',
      '\nExamples:\n  ringfence propagate --labels labels.csv --out risk.csv\n  ringfence propagate --dry-run --json',
    )
    .action((options: PropagateOptions, command: Command) => act(command, (context) => runPropagate(context, options)))
}

export const addRisk = (program: Command, act: Act): void => {
  withSources(program.command('risk'))
    .argument('<entity>', 'kind:id, as in user:u1')
    .description(
      'Risk of an entity in every domain, the paths that carry it with the interactions on them and their ages, and what it would be if somebody were cleared, banned or unlinked.',
    )
    .option('--domain <domain>', 'only there, as in content/US')
    .option('--what-if <decision...>', 'cleared, banned or unlinked, then kind:id; nothing is written')
    .addHelpText(
      'after',
      '\nExamples:\n  ringfence risk user:u1\n  ringfence risk creator:c42 --domain shelf/ID --what-if cleared device:d7',
    )
    .action((name: string, options: RiskOptions, command: Command) =>
      act(command, (context) => runRisk(context, name, options)),
    )
}
