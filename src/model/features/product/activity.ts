/** How much, with how many and when, for one side of an entity. */
import type { Check } from '../../../kernels/check.js'
import { checkInterval } from '../../../kernels/check.js'
import { type ConstantColumns, columnsOf, type Measure } from '../measure.js'
import type { SideRows } from './sides.js'
import { DAY, TimeCollector, type TimeSummary } from './times.js'

interface Activity {
  count: number
  partners: number
  weight: number
  times: TimeSummary
  /** The scoring time, epoch milliseconds. */
  now: number
}

export const activityMeasures: readonly Measure<Activity>[] = [
  { name: 'count', unit: 'interactions', sentence: (of) => `Number of ${of}.`, value: ({ count }) => count },
  {
    name: 'partners',
    unit: 'entities',
    sentence: (of) => `Number of distinct entities at the other end of ${of}.`,
    value: ({ partners }) => partners,
  },
  {
    name: 'log-degree',
    unit: 'log count',
    sentence: (of) => `Natural logarithm of one more than the number of distinct entities at the other end of ${of}.`,
    value: ({ partners }) => Math.log1p(partners),
  },
  {
    name: 'weight',
    unit: 'weight',
    sentence: (of) => `Mean weight of ${of}.`,
    value: ({ weight, count }) => weight / count,
  },
  {
    name: 'burst',
    unit: 'share',
    sentence: (of) => `The largest share of ${of} that lies within one hour.`,
    value: ({ times }) => (times.known ? times.mostInHour / times.known : Number.NaN),
  },
  {
    name: 'gap',
    unit: 'log seconds',
    sentence: (of) => `Logarithm of one more than the median time between one and the next of ${of}.`,
    value: ({ times }) => Math.log1p(times.medianGap / 1000),
  },
  {
    name: 'span',
    unit: 'days',
    sentence: (of) => `Time from the first to the last of ${of}.`,
    value: ({ times }) => (times.last - times.first) / DAY,
  },
  {
    name: 'since',
    unit: 'days',
    sentence: (of) => `Time from the last of ${of} to the scoring time.`,
    value: ({ times, now }) => (now - times.last) / DAY,
  },
]

const nothing = (now: number): Activity => ({
  count: 0,
  partners: 0,
  weight: 0,
  times: new TimeCollector().summary(),
  now,
})

export const activityColumns = (
  side: SideRows | null,
  rows: number,
  now: number,
  constants: ConstantColumns,
  check: Check,
): readonly Float32Array[] => {
  const activity = nothing(now)
  if (side === null) return activityMeasures.map((measure) => constants.of(measure.value(activity)))
  const { relation, offsets, neighbour, edge } = side
  const collector = new TimeCollector()
  return columnsOf(activityMeasures, rows, (row) => {
    if (row % checkInterval === 0) check()
    const start = offsets[row]!
    const end = offsets[row + 1]!
    let partners = 0
    let weight = 0
    collector.clear()
    for (let k = start; k < end; k++) {
      if (k === start || neighbour[k] !== neighbour[k - 1]) partners++
      weight += relation.weight[edge[k]!]!
      collector.add(relation.at[edge[k]!]!)
    }
    activity.count = end - start
    activity.partners = partners
    activity.weight = weight
    activity.times = collector.summary()
    return activity
  })
}
