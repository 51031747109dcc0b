/** `ringfence forecast`: which ring comes to which domain next, how far that is known, and what came of earlier forecasts. */
import { type Command, InvalidArgumentError } from 'commander'
import { chosenPairs, ForecastDesk, type ForecastFilter, forecastHead } from '../../jobs/forecast-desk.js'
import { runForecast } from '../../jobs/forecasting.js'
import type { PairForecast } from '../../risk/forecast/forecast.js'
import { type Act, type Context, isService } from '../context.js'
import { openProgress } from '../progress.js'
import { ServiceClient } from '../service/client.js'
import { runServiceJob } from '../service/detect.js'
import { withStore } from '../store.js'
import { count, textTable } from '../table.js'

interface ForecastOptions extends ForecastFilter {
  readonly run?: string
  readonly limit: number
  readonly last?: true
  readonly dryRun?: true
}

type Head = ReturnType<typeof forecastHead>
type Told = Omit<Head, 'forecast'> & {
  readonly forecast: string | null
  readonly forecasts: readonly PairForecast[]
  readonly total: number
}

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`

const textOf = (told: Told): string => {
  const { knows, past, map, forecasts, total, rest } = told
  return [
    knows.sentence,
    ...(past === null
      ? ['No earlier forecast has come to its end yet.']
      : [
          `Of ${count(past.forecasts)} earlier forecasts ${count(past.arrivals)} arrivals came true, ${past.expected.toFixed(1)} were expected; skill over the base rate ${past.skill.toFixed(2)}.`,
        ]),
    textTable(
      ['domain', 'rings within 28 days', '90 %'],
      map.map(({ domain, expected, interval }) => [
        domain,
        expected.toFixed(1),
        `${interval.low.toFixed(1)} to ${interval.high.toFixed(1)}`,
      ]),
      [1],
    ),
    textTable(
      ['ring', 'domain', '7 days', '14 days', '28 days', 'because'],
      forecasts.map(({ ring, domain, chance, reasons }) => [
        ring,
        domain,
        percent(chance[7]),
        percent(chance[14]),
        percent(chance[28]),
        reasons[0]?.sentence ?? '-',
      ]),
      [2, 3, 4],
    ),
    `${count(forecasts.length)} of ${count(total)} pairs; ${count(rest.pairs)} more with less chance are not kept (${rest.expected.toFixed(1)} of them expected).`,
  ].join('\n')
}

const say = async (context: Context, told: Told, more: Readonly<Record<string, unknown>>): Promise<void> => {
  for (const { message } of told.notes) context.say(message)
  await context.result({ ...told, ...more }, textOf(told))
}

const queryOf = ({ ring, domain, minChance, limit }: ForecastOptions): string =>
  new URLSearchParams({
    limit: String(limit),
    ...(ring === undefined ? {} : { ring }),
    ...(domain === undefined ? {} : { domain }),
    ...(minChance === undefined ? {} : { minChance: String(minChance) }),
  }).toString()

const inService = async (context: Context, options: ForecastOptions): Promise<void> => {
  const client = new ServiceClient(context.store, context.signal)
  const parameters = options.run === undefined ? {} : { run: options.run }
  if (options.dryRun) {
    const progress = openProgress(context.quiet)
    const result = await runServiceJob(client, { type: 'forecast', mode: 'dry-run', parameters }, progress).finally(
      progress.stop,
    )
    const { knows } = result as { knows: Head['knows'] }
    return context.result(result, `${knows.sentence}\nNothing was written.`)
  }
  if (!options.last) {
    const progress = openProgress(context.quiet)
    await runServiceJob(client, { type: 'forecast', mode: 'write', parameters }, progress).finally(progress.stop)
  }
  await say(context, (await client.json(`/v1/forecasts?${queryOf(options)}`)) as Told, {})
}

const run = async (context: Context, options: ForecastOptions): Promise<void> => {
  if (isService(context.store)) return inService(context, options)
  const begin = performance.now()
  const progress = openProgress(context.quiet)
  const mode = options.dryRun ? 'dry-run' : 'write'
  const { shown, more } = await withStore(context, { create: false }, async (store) => {
    if (options.last) return { shown: await new ForecastDesk(store).latest(), more: {} }
    const { change, scored, ...made } = await runForecast(store, {
      run: options.run === undefined ? 'published' : { id: options.run },
      mode,
      signal: context.signal,
      progress: progress.update,
    })
    return { shown: made, more: { changes: change, scored } }
  }).finally(progress.stop)
  const fitting = chosenPairs(shown, options)
  const head = forecastHead(shown)
  const told = {
    ...head,
    forecast: options.dryRun ? null : head.forecast,
    forecasts: fitting.slice(0, options.limit),
    total: fitting.length,
  }
  await say(context, told, { ...more, seconds: (performance.now() - begin) / 1000 })
}

const chance = (text: string): number => {
  const value = Number(text)
  if (text === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('It must be a number from 0 to 1.')
  return value
}

const whole = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 500)
    throw new InvalidArgumentError('It must be a whole number from 1 to 500.')
  return value
}

export const addForecast = (program: Command, act: Act): void => {
  program
    .command('forecast')
    .description(
      'Which ring comes to which domain within 7, 14 and 28 days, from the rings of a run; how far that beats simple rules, looking back; and what came of earlier forecasts, which are scored as their time comes.',
    )
    .option('--run <run>', 'the run whose rings it is about; default: the one that queries see')
    .option('--ring <ring>', 'only this ring')
    .option('--domain <domain>', 'only this domain, as in content/US')
    .option('--min-chance <chance>', 'only pairs with such a chance within 28 days, or more', chance)
    .option('--limit <pairs>', 'how many pairs to show', whole, 20)
    .option('--last', 'show the latest forecast, make none')
    .option('--dry-run', 'make one and compare it with the latest, write nothing')
    .addHelpText('after', '\nExamples:\n  ringfence forecast\n  ringfence forecast --last --domain shelf/ID --json')
    .action((options: ForecastOptions, command: Command) => act(command, (context) => run(context, options)))
}
