/**
 * The pictures of docs/model.md, of rings that were held out whole in simulated ecosystems: how often what is said comes true, and precision
 * against recall of the stack and of each of its parts. Rows of all worlds together.
 *
 *   npm run bench -- plots [--seeds 3] [--interactions 100000] [--rings 2] [--rounds 1]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadBackend } from '#src/model/backend.js'
import { averagePrecision, calibrationError, type Scored } from '#src/model/metrics.js'
import { type Judgement, judgeHeldOut } from '#src/model/product/evaluate.js'
import { calibrationPlot, precisionRecall, precisionRecallPlot } from './lib/curves.js'
import type { Bench, Figure } from './lib/figure.js'
import { labelledWorld } from './lib/labelled-world.js'
import { countOption } from './lib/options.js'

const folder = fileURLToPath(new URL('../../docs/pictures/', import.meta.url))
/** With fewer bad among the held out a curve is mostly chance. */
const fewestBad = 30

const together = (judged: readonly Judgement[], kind: string, model: string): Scored => {
  const own = judged.filter((each) => each.kind === kind)
  return {
    labels: Uint8Array.from(own.flatMap(({ labels }) => [...labels])),
    scores: Float64Array.from(
      own.flatMap(({ said }) => [...(said.find((each) => each.model === model)?.scores ?? [])]),
    ),
  }
}

const countBad = ({ labels }: Scored): number => labels.reduce((sum, label) => sum + label, 0)

export const bench: Bench = {
  title: 'Calibration and precision against recall, as pictures',
  run: async ({ args, note }) => {
    const seeds = countOption(args, 3, 'seeds')
    const interactions = countOption(args, 100_000, 'interactions')
    const ringsEach = countOption(args, 2, 'rings')
    const rounds = countOption(args, 1, 'rounds')
    const backend = await loadBackend()
    const judged: Judgement[] = []
    for (let seed = 1; seed <= seeds; seed++) {
      const { snapshot, rings, records } = await labelledWorld(interactions, seed, ringsEach)
      judged.push(...judgeHeldOut({ snapshot, rings, records, seed, backend, rounds }).flat())
      note(`seed ${seed} is judged`)
    }
    const kinds = [...new Set(judged.map(({ kind }) => kind))].filter(
      (kind) => countBad(together(judged, kind, 'stack')) >= fewestBad,
    )
    const from = `Simulated: ${seeds} worlds of ${interactions.toLocaleString('en')} interactions, rings held out whole.`
    const stacks = kinds.map((kind) => ({ name: `${kind}s`, rows: together(judged, kind, 'stack') }))
    mkdirSync(folder, { recursive: true })
    const write = (name: string, content: string): void => {
      writeFileSync(`${folder}${name}`, content)
      note(`docs/pictures/${name}: ${(content.length / 1024).toFixed(0)} kB`)
    }
    write('model-calibration.svg', calibrationPlot(stacks, { title: 'Said and come true', from }))
    // One picture, of the kind with most bad: the others have too few to compare parts by.
    const kind = kinds.reduce((best, each) =>
      countBad(together(judged, each, 'stack')) > countBad(together(judged, best, 'stack')) ? each : best,
    )
    const models = judged.find((each) => each.kind === kind)!.said.map(({ model }) => model)
    const curves = models.map((model) => {
      const rows = together(judged, kind, model)
      return { name: `${model} (AP ${averagePrecision(rows).toFixed(2)})`, points: precisionRecall(rows) }
    })
    const stack = together(judged, kind, 'stack')
    const bad = countBad(stack)
    const title = `Precision and recall of ${kind}s: ${bad} bad of ${stack.labels.length}`
    write('model-precision-recall.svg', precisionRecallPlot(curves, bad / stack.labels.length, { title, from }))
    return stacks.flatMap(({ name, rows }): readonly Figure[] => {
      const figure = (metric: string, value: number, unit: string): Figure => ({
        bench: 'plots',
        model: `stack of ${name} (simulated)`,
        metric,
        value,
        unit,
        spread: null,
        reference: null,
        referenceName: null,
      })
      return [
        figure('ap', 100 * averagePrecision(rows), 'percent'),
        figure('ece', calibrationError(rows).debiased, 'probability'),
      ]
    })
  },
}
