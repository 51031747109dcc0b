/**
 * Features of every creator, user, video and product, with labels of one entity in ten known. `npm run bench -- features`
 * [--count N interactions, default one million; a tenth as many entities]. The goal is a minute for ten million.
 */
import { performance } from 'node:perf_hooks'
import { buildSnapshot } from '#src/graph/build-snapshot.js'
import { productFeatures } from '#src/model/features/product/product-features.js'
import type { Bench } from './lib/figure.js'
import { countOption } from './lib/options.js'
import { syntheticPlatform } from './lib/synthetic-platform.js'

const goal = { interactions: 10_000_000, seconds: 60, gigabytes: 4 }
/** One entity in twenty is known bad, one known good. */
const known = (entities: number) => ({
  label: Int8Array.from({ length: entities }, (_, v) => (v % 20 === 0 ? 1 : v % 20 === 10 ? 0 : -1)),
  fold: null,
})

export const bench: Bench = {
  title: 'Features of every creator, user, video and product',
  async run({ args, note }) {
    const count = countOption(args, 1_000_000)
    const snapshot = buildSnapshot(syntheticPlatform(count))
    const entities = snapshot.entities.count
    const cpu = process.cpuUsage()
    const start = performance.now()
    let step = ''
    let stepStart = start
    const features = productFeatures({
      snapshot,
      rings: null,
      labels: known(entities),
      seed: 1,
      progress: (name) => {
        const now = performance.now()
        if (step) note(`${step}: ${((now - stepStart) / 1000).toFixed(2)} s`)
        step = name
        stepStart = now
      },
    })
    const seconds = (performance.now() - start) / 1000
    const { user, system } = process.cpuUsage(cpu)
    const peak = process.resourceUsage().maxRSS / 2 ** 20
    const columns = features.map(({ kind, matrix }) => `${kind} ${matrix.rows} x ${matrix.names.length}`)
    note(`${entities} entities, ${count} interactions; ${columns.join(', ')}`)
    const model = `${entities} entities, ${count} interactions`
    const scaled = (whole: number) => (whole * count) / goal.interactions
    return [
      {
        bench: 'features',
        model,
        metric: 'processor time',
        value: (user + system) / 1e6,
        unit: 's',
        spread: null,
        reference: scaled(goal.seconds),
        referenceName: 'goal, in proportion',
      },
      {
        bench: 'features',
        model,
        metric: 'time',
        value: seconds,
        unit: 's',
        spread: null,
        reference: scaled(goal.seconds),
        referenceName: 'goal, in proportion',
      },
      {
        bench: 'features',
        model,
        metric: 'peak memory',
        value: peak,
        unit: 'GB',
        spread: null,
        reference: goal.gigabytes,
        referenceName: 'goal for ten million',
      },
    ]
  },
}
