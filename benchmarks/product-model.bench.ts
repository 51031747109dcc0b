/**
 * The product model on simulated ecosystems: the stack beside each of its parts, on rings that were held out whole and one month forward
 * in time. It shows that the parts add to one another on what the project's own makers planted, and is no evidence about a platform.
 *
 *   npm run bench -- product-model [--seeds 5] [--first-seed 1] [--interactions 100000] [--rings 2] [--rounds 1]
 *
 * A world a seed. Calibration error: debiased, ten bins of equal mass, over the rows of all worlds together.
 */
import { loadBackend } from '#src/model/backend.js'
import { type Evaluated, evaluated, type Judgement, judgeHeldOut } from '#src/model/product/evaluate.js'
import { judgeForward } from '#src/model/product/forward.js'
import type { Bench, Figure } from './lib/figure.js'
import { labelledWorld } from './lib/labelled-world.js'
import { countOption } from './lib/options.js'

const calibrationGoal = 0.02

const names: Readonly<Record<string, readonly [string, string]>> = {
  'average precision': ['ap', 'percent'],
  AUROC: ['auroc', 'percent'],
  'recall at K': ['recall-at-k', 'percent'],
  'recall at 1 % false positives': ['recall-at-1-percent', 'percent'],
  'recall at 0.1 % false positives': ['recall-at-0.1-percent', 'percent'],
  'Brier score': ['brier', 'probability'],
  'calibration error': ['ece', 'probability'],
}

const figuresOf = (split: string, all: readonly Evaluated[]): readonly Figure[] =>
  all.flatMap(({ kind, model, measured }) => {
    const partsBest = (metric: string) =>
      all
        .filter((each) => each.kind === kind && each.model !== 'stack')
        .map((each) => ({
          name: each.model,
          value: each.measured.find((own) => own.metric === metric)?.value ?? 0,
        }))
        .reduce((best, each) => (each.value > best.value ? each : best))
    return measured.flatMap(({ metric, value, spread }): readonly Figure[] => {
      const [name, unit] = names[metric] ?? []
      if (name === undefined || unit === undefined) return []
      const scale = unit === 'percent' ? 100 : 1
      const best = model === 'stack' && unit === 'percent' ? partsBest(metric) : null
      return [
        {
          bench: 'product-model',
          model: `${model} of ${kind}s, ${split} (simulated)`,
          metric: name,
          value: scale * value,
          unit,
          spread: spread === null ? null : scale * spread,
          reference: best ? scale * best.value : name === 'ece' ? calibrationGoal : null,
          referenceName: best ? `best part: ${best.name}` : name === 'ece' ? 'goal' : null,
        },
      ]
    })
  })

const text = (judged: readonly Judgement[]): string =>
  evaluated([judged])
    .map(({ kind, model, bad, measured }) => `${kind} ${model} ${bad} bad: AP ${measured[0]?.value.toFixed(4) ?? '-'}`)
    .join('; ')

export const bench: Bench = {
  title: 'The stack and its parts on simulated ecosystems: rings held out whole, and one month forward',
  run: async ({ args, note }) => {
    const first = countOption(args, 1, 'first-seed')
    const seeds = Array.from({ length: countOption(args, 5, 'seeds') }, (_, i) => first + i)
    const interactions = countOption(args, 100_000, 'interactions')
    const ringsEach = countOption(args, 2, 'rings')
    const rounds = countOption(args, 1, 'rounds')
    const backend = await loadBackend()
    note(backend.title)
    const held: (readonly Judgement[])[] = []
    const forward: (readonly Judgement[])[] = []
    for (const seed of seeds) {
      const { snapshot, rings, records, then, ringsThen } = await labelledWorld(interactions, seed, ringsEach)
      const started = performance.now()
      const work = { snapshot, rings, records, seed, backend }
      const own = judgeHeldOut({ ...work, rounds })
      held.push(...own)
      for (const each of own) note(`seed ${seed}, held out: ${text(each)}`)
      const ahead = judgeForward({ ...work, from: then, earlierRings: ringsThen })
      forward.push(ahead)
      note(`seed ${seed}, forward: ${text(ahead)}; ${((performance.now() - started) / 1000).toFixed(0)} s`)
    }
    return [...figuresOf('rings held out', evaluated(held)), ...figuresOf('one month forward', evaluated(forward))]
  },
}
