/** `ringfence propagate` and `ringfence risk`: how risk spreads from rings and labels over domains, and why an entity has its share. */
import { writeFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { isEntityKind } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import { findEntity, type Snapshot } from '../../graph/snapshot.js'
import { type PropagationOutcome, runPropagation } from '../../jobs/propagation.js'
import { isoTime } from '../../jobs/read-view.js'
import { domainName } from '../../risk/propagation/domains.js'
import { type DomainRisk, explainRisk, type PathStep, type RiskPath } from '../../risk/propagation/explain.js'
import { riskFlows } from '../../risk/propagation/flows.js'
import { LiveRisk, type WhatIf, whatIfs } from '../../risk/propagation/live-risk.js'
import { riskRows } from '../../risk/propagation/risk-rows.js'
import { type Act, type Context, isService } from '../context.js'
import { readLabels } from '../label-file.js'
import { share } from '../options.js'
import { openProgress } from '../progress.js'
import { withStore } from '../store.js'
import { count, csvLine, textTable } from '../table.js'

interface SourceOptions {
  readonly run?: string
  readonly labels?: string
  readonly share?: number
  readonly strict?: true
}

interface PropagateOptions extends SourceOptions {
  readonly least: number
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

const propagate = async (context: Context, options: SourceOptions): Promise<PropagationOutcome> => {
  if (isService(context.store))
    throw new RingfenceError('usage', 'This works on a store itself, not through a service: name its file or address.')
  const labels = options.labels === undefined ? [] : await readLabels(options.labels)
  const progress = openProgress(context.quiet)
  const outcome = await withStore(context, { create: false }, (store) =>
    runPropagation(store, {
      run: options.run ?? null,
      labels,
      parameters: {
        tolerance: TOLERANCE,
        strict: options.strict === true,
        ...(options.share === undefined ? {} : { share: options.share }),
      },
      signal: context.signal,
      progress: progress.update,
    }),
  ).finally(progress.stop)
  for (const { message } of outcome.field.notes) context.say(message)
  return outcome
}

const runPropagate = async (context: Context, options: PropagateOptions): Promise<void> => {
  const begin = performance.now()
  const { run, snapshot, field } = await propagate(context, options)
  const rows = [...riskRows(snapshot, field, options.least)]
  const roles = new Map<string, number>()
  for (const { role } of rows) roles.set(role, (roles.get(role) ?? 0) + 1)
  const { domains } = field.layers
  if (options.out !== undefined)
    await writeFile(
      options.out,
      csvLine(['entity', 'domain', 'role', 'risk']) +
        rows
          .map(({ kind, id, role, risk, ...domain }) =>
            csvLine([`${kind}:${id}`, domainName(domain), role, cell(risk)]),
          )
          .join(''),
    )
  const flows = riskFlows(snapshot, field)
  await context.result(
    {
      run: run?.id ?? null,
      domains: domains.map(domainName),
      copies: field.layers.nodeDomain.length,
      rows: rows.length,
      roles: Object.fromEntries(roles),
      sweeps: field.sweeps,
      bound: field.bound,
      couplings: {
        pooled: field.couplings.pooled,
        pairs: field.couplings.pairs.map(({ from, to, ...pair }) => ({
          from: domainName(domains[from]!),
          to: domainName(domains[to]!),
          ...pair,
        })),
      },
      flows,
      notes: field.notes,
      out: options.out ?? null,
      seconds: (performance.now() - begin) / 1000,
    },
    [
      `${count(rows.length)} copies of entities with risk or harm of ${options.least} or more in ${count(domains.length)} domains; no risk is off by more than ${field.bound.toExponential(1)}.`,
      textTable(
        ['role', 'copies'],
        [...roles].sort().map(([role, copies]) => [role, count(copies)]),
        [1],
      ),
      ...(options.out === undefined ? [] : [`Written to ${options.out}.`]),
    ].join('\n'),
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

const entityIn = (snapshot: Snapshot, name: string): number => {
  const colon = name.indexOf(':')
  const kind = name.slice(0, colon)
  if (colon < 1 || colon + 1 === name.length || !isEntityKind(kind))
    throw new RingfenceError('usage', `"${name}" is not kind:id, as in user:u1.`)
  const entity = findEntity(snapshot, kind, name.slice(colon + 1))
  if (entity < 0) throw new RingfenceError('entity.unknown', `The graph does not have ${name}.`)
  return entity
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

const runRisk = async (context: Context, name: string, options: RiskOptions): Promise<void> => {
  const whatIf = whatIfOf(options.whatIf)
  const { run, snapshot, field } = await propagate(context, options)
  const entity = entityIn(snapshot, name)
  const supposed = whatIf && { ...whatIf, entity: entityIn(snapshot, whatIf.name) }
  const all = explainRisk(snapshot, field, entity)
  const domains = options.domain === undefined ? all : all.filter(({ domain }) => domain === options.domain)
  if (options.domain !== undefined && domains.length === 0)
    throw new RingfenceError(
      'risk.domain',
      `${name} does not act in ${options.domain}, but in ${all.map(({ domain }) => domain).join(', ') || 'none'}.`,
    )
  let after: readonly { readonly domain: string; readonly risk: number }[] = []
  if (supposed) {
    const live = new LiveRisk(snapshot, field, TOLERANCE)
    live.suppose(supposed.entity, supposed.decision)
    after = live
      .copiesOf(entity)
      .map(({ node, domain }) => ({ domain: domainName(field.layers.domains[domain]!), risk: live.riskOf(node) }))
      .filter(({ domain }) => domains.some((each) => each.domain === domain))
  }
  await context.result(
    {
      run: run?.id ?? null,
      entity: name,
      domains,
      ...(supposed ? { whatIf: { decision: supposed.decision, entity: supposed.name, domains: after } } : {}),
      notes: field.notes,
    },
    [
      ...(all.length === 0 ? [`${name} acts in no domain, so no risk can reach it.`] : domains.map(domainText)),
      ...after.map(
        ({ domain, risk }) => `${domain}: risk ${short(risk)} if ${supposed!.name} were ${supposed!.decision}`,
      ),
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
    .option('--run <id>', 'the run whose rings are sources (default: the latest)')
    .option('--labels <file>', 'CSV with entity and label: bad is a source, good is the allow list')
    .option('--share <share>', 'how much of what reaches an entity goes on from it (default 0.85)', sharePassed)
    .option('--strict', 'refuse couplings that would not converge instead of scaling them down')

export const addPropagate = (program: Command, act: Act): void => {
  withSources(program.command('propagate'))
    .description(
      'Spreads risk from rings, labels and decisions over all entities in all domains, and says how much flowed from domain to domain. Nothing is written but --out.',
    )
    .option('--least <risk>', 'rows with less are left out', share, 0.01)
    .option('--out <file>', 'write entity, domain, role and risk there as CSV')
    .addHelpText(
      'after',
      '\nExamples:\n  ringfence propagate --labels labels.csv --out risk.csv\n  ringfence propagate --json',
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
