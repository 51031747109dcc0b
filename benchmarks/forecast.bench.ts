/**
 * Forecasts of where rings come next, looking back from date to date, beside three rules that anybody could use: over simulated worlds whose rules the forecaster
 * is not built on, and over one without any, where it must say that it knows nothing; and in a real table of two platforms.
 *
 *   npm run bench -- forecast [worlds] [election-shares] [--seeds N] [--every DAYS]
 *   npm run bench -- forecast --map FILE    a migration map of the first world of pressure, for scripts/migration-map.ts
 *
 * In `election-shares` the platform is the market. At each origin rings are those found up to then; the event is the first account of the other platform
 * that shares what at least two and a tenth of a ring's accounts have shared, where none had before. Six weeks: two horizons, few rings.
 */
import { writeFile } from 'node:fs/promises'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { snapshotAt } from '#src/graph/past.js'
import { defaultDetectParameters, runDetect } from '#src/jobs/detect.js'
import { type Backtest, backtest, baselines } from '#src/risk/forecast/backtest.js'
import { forecast } from '#src/risk/forecast/forecast.js'
import { DAY_MS, historyOf } from '#src/risk/forecast/from-graph.js'
import { fitHazard, within } from '#src/risk/forecast/hazard.js'
import { domainName, type ForecastHistory } from '#src/risk/forecast/history.js'
import { knowsOf } from '#src/risk/forecast/knows.js'
import { type HorizonOutcome, outcomeOf } from '#src/risk/forecast/outcome.js'
import { WEEK } from '#src/risk/forecast/person-weeks.js'
import { datasetPath, requireFiles } from './lib/datasets.js'
import type { Bench, Figure } from './lib/figure.js'
import { withMapped } from './lib/mapped.js'
import { type Mechanism, mechanisms, migrationWorld } from './lib/migration-worlds.js'
import { countOption, option } from './lib/options.js'

/** As the task states it. */
const CALIBRATION = 0.03

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const deviation = (values: readonly number[]): number => {
  const middle = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / Math.max(1, values.length - 1))
}

const worldFigures = (mechanism: Mechanism, looks: readonly Backtest[], silent: readonly boolean[]): Figure[] => {
  const month = looks.map(({ horizons }) => horizons.at(-1)!)
  const figure = (
    metric: string,
    runs: readonly number[],
    unit: string,
    model = 'forecast',
    reference: number | null = null,
    referenceName: string | null = null,
  ): Figure => ({
    bench: 'forecast',
    model: `${mechanism}, ${model}`,
    metric,
    value: mean(runs),
    unit,
    spread: deviation(runs),
    reference,
    referenceName,
    runs,
  })
  const ranks = (['auroc', 'precision'] as const).flatMap((metric) => {
    const of = (rule: 'forecast' | (typeof baselines)[number]): number[] =>
      month.map((look) => 100 * (metric === 'auroc' ? (look.auc[rule] ?? 0.5) : look.precisionAtK[rule]))
    const rules = baselines.map((rule) => ({ rule, runs: of(rule) }))
    const best = rules.reduce((a, b) => (mean(a.runs) >= mean(b.runs) ? a : b))
    const name = metric === 'precision' ? `precision-at-${month[0]!.k}` : metric
    return [
      figure(name, of('forecast'), '%', 'forecast', mean(best.runs), `best rule: ${best.rule}`),
      ...rules.map(({ rule, runs }) => figure(name, runs, '%', rule)),
    ]
  })
  const share = (flags: readonly boolean[]): number[] => flags.map((flag) => (flag ? 100 : 0))
  return [
    ...ranks,
    figure(
      'brier-skill',
      month.map(({ skill }) => skill),
      '',
      'forecast',
      0,
      'base rate',
    ),
    figure(
      'calibration-error',
      month.map((look) => look.calibrationError ?? 0),
      '',
      'forecast',
      CALIBRATION,
      'goal',
    ),
    figure(
      'lead',
      looks.flatMap(({ leadDays }) => leadDays ?? []),
      'days',
    ),
    figure(
      'arrivals',
      month.map(({ arrivals, pairs }) => (100 * arrivals) / pairs),
      '% of pairs',
    ),
    figure('says-beats-base-rate', share(looks.map(({ beatsBaseRate }) => beatsBaseRate)), '% of seeds'),
    figure('says-beats-rules', share(looks.map(({ beatsRules }) => beatsRules)), '% of seeds'),
    figure('says-knows-nothing', share(silent), '% of seeds'),
  ]
}

const worlds = (seeds: number, everyDays: number, note: (line: string) => void): Figure[] =>
  mechanisms.flatMap((mechanism) => {
    const looks: Backtest[] = []
    const silent: boolean[] = []
    for (let seed = 1; seed <= seeds; seed++) {
      const history = migrationWorld(mechanism, seed)
      const look = backtest(history, { everyDays })
      if (look === null) throw new Error(`${mechanism}, seed ${seed}: nothing to look back from`)
      looks.push(look)
      silent.push(fitHazard(history).knowsNothing)
      const month = look.horizons.at(-1)!
      note(
        `${mechanism}, seed ${seed}: AUC ${month.auc.forecast?.toFixed(3)} beside ${baselines.map((rule) => `${rule} ${month.auc[rule]?.toFixed(3)}`).join(', ')}; skill ${month.skill.toFixed(4)}`,
      )
    }
    return worldFigures(mechanism, looks, silent)
  })

const originDays = [21, 24, 28]
const realHorizons = [7, 14] as const

/** What is forecast of a ring in a domain where it is not: that others join its targets there. */
const joinsOf = (history: ForecastHistory): ForecastHistory => ({
  ...history,
  rings: history.rings.map((ring) => ({
    ...ring,
    arrivals: ring.arrivals.map((day, domain) => (Number.isNaN(day) ? (ring.footholds[domain]![0] ?? day) : day)),
    footholds: ring.footholds.map(() => new Float64Array()),
  })),
})

const electionShares = async (note: (line: string) => void): Promise<Figure[]> => {
  const path = datasetPath('election-shares/posts.csv.gz')
  requireFiles(path)
  return withMapped(path, 'election-shares', async (store) => {
    const snapshot = buildSnapshot(await store.readGraph(null))
    const first = historyOf(snapshot, []).start
    const outcomes: { readonly day: number; readonly scores: readonly HorizonOutcome[]; readonly silent: boolean }[] =
      []
    for (const day of originDays) {
      const asOf = first + day * DAY_MS
      const { rings } = await runDetect(store, { ...defaultDetectParameters(), asOf }, { mode: 'dry-run' })
      const known = joinsOf(historyOf({ ...snapshotAt(snapshot, asOf), asOf }, rings).history)
      const then = joinsOf(historyOf(snapshot, rings).history)
      const model = fitHazard(known)
      const { pairs } = forecast(known, model)
      const chance = (horizon: number): number => within(horizon / WEEK, model.base, model.end)
      const names = then.domains.map(domainName)
      const { horizons } = outcomeOf(
        pairs,
        { 7: chance(7), 14: chance(14), 28: chance(28) },
        known.days,
        (id) => then.rings.find((ring) => ring.id === id),
        (name) => names.indexOf(name),
      )
      outcomes.push({ day, scores: horizons, silent: model.knowsNothing })
      note(
        `election-shares, day ${day}: ${rings.length} rings, ${pairs.length} pairs, ${horizons.map(({ horizon, arrivals }) => `${arrivals} joined within ${horizon} days`).join(', ')}; learned from ${model.events} of ${model.rows}`,
      )
    }
    const figure = (
      metric: string,
      runs: readonly number[],
      unit: string,
      reference: number | null,
      name: string | null,
    ): Figure => ({
      bench: 'forecast',
      model: 'election-shares',
      metric,
      value: runs.length === 0 ? Number.NaN : mean(runs),
      unit,
      spread: runs.length < 2 ? null : deviation(runs),
      reference,
      referenceName: name,
      runs,
    })
    return [
      ...realHorizons.flatMap((horizon) => {
        const scores = outcomes.map(({ scores }) => scores.find((each) => each.horizon === horizon)!)
        const judged = scores.filter(({ auc }) => auc !== null)
        return [
          figure(
            `pairs-${horizon}`,
            scores.map(({ pairs }) => pairs),
            'pairs',
            null,
            null,
          ),
          figure(
            `joined-${horizon}`,
            scores.map(({ arrivals }) => arrivals),
            'pairs',
            mean(scores.map(({ expected }) => expected)),
            'expected',
          ),
          ...(judged.length === 0
            ? []
            : [
                figure(
                  `auroc-${horizon}`,
                  judged.map(({ auc }) => 100 * auc!),
                  '%',
                  50,
                  'chance',
                ),
              ]),
          figure(
            `brier-${horizon}`,
            scores.map(({ brier }) => brier),
            '',
            mean(scores.map(({ baseBrier }) => baseBrier)),
            'base rate',
          ),
        ]
      }),
      figure(
        'says-knows-nothing',
        outcomes.map(({ silent }) => (silent ? 100 : 0)),
        '% of origins',
        null,
        null,
      ),
    ]
  })
}

/** What `scripts/migration-map.ts` draws, of a simulated world. */
const mapOf = (history: ForecastHistory, asOf: string): string => {
  const { map, flows, model } = forecast(history)
  return `${JSON.stringify({ asOf, knows: knowsOf(backtest(history, { everyDays: 28 }), model.knowsNothing), map, flows })}\n`
}

export const bench: Bench = {
  title: 'Forecasts of moves beside simple rules',
  async run({ args, note }) {
    const named = args.filter((arg) => arg === 'worlds' || arg === 'election-shares')
    const map = option(args, 'map')
    if (map !== undefined) {
      await writeFile(map, mapOf(migrationWorld('pressure', 1), '2026-12-30T00:00:00.000Z'))
      return []
    }
    const wanted = named.length === 0 ? ['worlds', 'election-shares'] : named
    const seeds = countOption(args, 10, 'seeds')
    const everyDays = countOption(args, 28, 'every')
    return [
      ...(wanted.includes('worlds') ? worlds(seeds, everyDays, note) : []),
      ...(wanted.includes('election-shares') ? await electionShares(note) : []),
    ]
  },
}
