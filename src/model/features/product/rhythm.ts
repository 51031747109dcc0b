/** When an entity is active, over all that it does or over all that is done to it. */
import { interactionType } from '../../../../graph-schema/schema.js'
import type { Relation, Snapshot } from '../../../graph/snapshot.js'
import { type Check, checkInterval } from '../../../kernels/check.js'
import { columnsOf, type Measure } from '../measure.js'
import { type Half, halfOf, type Range, rowEnd, rowStart } from './sides.js'
import { DAY, HOUR, TimeCollector, type TimeSummary } from './times.js'

interface Rhythm {
  readonly hours: Int32Array
  readonly weekdays: Int32Array
  night: number
  markets: number
  times: TimeSummary
  now: number
  start: number
}

const entropy = (counts: Int32Array, total: number): number => {
  if (total === 0) return Number.NaN
  let sum = 0
  for (const count of counts) if (count > 0) sum -= (count / total) * Math.log(count / total)
  return sum
}

export const rhythmMeasures: readonly Measure<Rhythm>[] = [
  {
    name: 'hours',
    unit: 'nats',
    sentence: (of) => `Entropy of the hours of the day (UTC) of ${of}: 0 for one hour only, 3.18 for all alike.`,
    value: ({ hours, times }) => entropy(hours, times.known),
  },
  {
    name: 'weekdays',
    unit: 'nats',
    sentence: (of) => `Entropy of the days of the week (UTC) of ${of}: 0 for one day only, 1.95 for all alike.`,
    value: ({ weekdays, times }) => entropy(weekdays, times.known),
  },
  {
    name: 'night',
    unit: 'share',
    sentence: (of) => `Share of ${of} that lies in the six hours in which their market is quietest.`,
    value: ({ night, times }) => night / times.known,
  },
  {
    name: 'burst',
    unit: 'share',
    sentence: (of) => `The largest share of ${of} that lies within one hour.`,
    value: ({ times }) => times.mostInHour / times.known,
  },
  {
    name: 'gap',
    unit: 'log seconds',
    sentence: (of) => `Logarithm of one more than the median time between one and the next of ${of}.`,
    value: ({ times }) => Math.log1p(times.medianGap / 1000),
  },
  {
    name: 'gap-variation',
    unit: 'ratio',
    sentence: (of) => `Standard deviation over mean of the times between one and the next of ${of}.`,
    value: ({ times }) => times.gapVariation,
  },
  {
    name: 'active-days',
    unit: 'share',
    sentence: (of) => `Share of the days from the first to the last of ${of} that have one.`,
    value: ({ times }) => times.days / (Math.floor(times.last / DAY) - Math.floor(times.first / DAY) + 1),
  },
  {
    name: 'span',
    unit: 'days',
    sentence: (of) => `Time from the first to the last of ${of}.`,
    value: ({ times }) => (times.last - times.first) / DAY,
  },
  {
    name: 'first-seen',
    unit: 'days',
    sentence: (of) => `Time from the first interaction in the data to the first of ${of}.`,
    value: ({ times, start }) => (times.first - start) / DAY,
  },
  {
    name: 'since',
    unit: 'days',
    sentence: (of) => `Time from the last of ${of} to the scoring time.`,
    value: ({ times, now }) => (now - times.last) / DAY,
  },
  {
    name: 'markets',
    unit: 'markets',
    sentence: (of) => `Number of known markets of ${of}.`,
    value: ({ markets }) => markets,
  },
]

/** Times and quiet hours of the data, up to the scoring time. */
export interface Clock {
  /** First interaction of the data, epoch milliseconds; NaN where no time is known. */
  readonly start: number
  /** Latest interaction of the data, epoch milliseconds; NaN where no time is known. */
  readonly last: number
  /** The scoring time: the snapshot's, or the latest time in the data. */
  readonly now: number
  /** Per market, 1 for each of 24 hours (UTC) that are its night. */
  readonly night: Uint8Array
}

const nightHours = 6
/** A market with fewer interactions than this has no rhythm of its own that could be told from chance; it gets that of all. */
const enoughForRhythm = 2400

const hourOf = (time: number): number => Math.floor(time / HOUR) % 24
/** 1970-01-01 was a Thursday. */
const weekdayOf = (time: number): number => (Math.floor(time / DAY) + 4) % 7

const quietest = (counts: Float64Array): number => {
  let best = 0
  let least = Infinity
  for (let hour = 0; hour < 24; hour++) {
    let sum = 0
    for (let i = 0; i < nightHours; i++) sum += counts[(hour + i) % 24]!
    if (sum < least) {
      least = sum
      best = hour
    }
  }
  return best
}

export const clockOf = ({ asOf, markets, relations }: Snapshot): Clock => {
  let start = Infinity
  let last = -Infinity
  const counts = markets.map(() => new Float64Array(24))
  for (const { type, at, market, count } of relations) {
    if (interactionType(type).enforcement) continue
    for (let e = 0; e < count; e++) {
      const time = at[e]!
      if (Number.isNaN(time)) continue
      if (time < start) start = time
      if (time > last) last = time
      counts[market[e]!]![hourOf(time)]!++
    }
  }
  const all = new Float64Array(24)
  for (const one of counts) for (let hour = 0; hour < 24; hour++) all[hour]! += one[hour]!
  const night = new Uint8Array(24 * markets.length)
  counts.forEach((one, m) => {
    const from = quietest(m > 0 && one.reduce((a, b) => a + b, 0) >= enoughForRhythm ? one : all)
    for (let i = 0; i < nightHours; i++) night[24 * m + ((from + i) % 24)] = 1
  })
  const isEmpty = start > last
  const known = isEmpty ? { start: Number.NaN, last: Number.NaN } : { start, last }
  return { ...known, now: asOf ?? known.last, night }
}

interface TimedHalf extends Half {
  readonly relation: Relation
}

/** Types without direction count as what an entity does. */
const halvesOf = ({ relations }: Snapshot, direction: 'out' | 'in'): readonly TimedHalf[] =>
  relations.flatMap((relation) => {
    const { enforcement, undirected } = interactionType(relation.type)
    if (enforcement || (undirected && direction === 'in')) return []
    const directions = undirected ? (['out', 'in'] as const) : [direction]
    return directions.map((each) => ({ ...halfOf(relation, each), relation }))
  })

/** One column a measure for the entities in the range. */
export const rhythmColumns = (
  snapshot: Snapshot,
  { start, now, night }: Clock,
  direction: 'out' | 'in',
  { from, to }: Range,
  check: Check,
): readonly Float32Array[] => {
  const halves = halvesOf(snapshot, direction)
  const collector = new TimeCollector()
  const seen = new Int32Array(snapshot.markets.length).fill(-1)
  const rhythm: Rhythm = {
    hours: new Int32Array(24),
    weekdays: new Int32Array(7),
    night: 0,
    markets: 0,
    times: collector.summary(),
    now,
    start,
  }
  const { hours, weekdays } = rhythm
  let steps = 0
  return columnsOf(rhythmMeasures, to - from, (row) => {
    collector.clear()
    hours.fill(0)
    weekdays.fill(0)
    rhythm.night = 0
    rhythm.markets = 0
    const v = from + row
    for (const half of halves) {
      const { at, market } = half.relation
      const end = rowEnd(half, v)
      for (let k = rowStart(half, v); k < end; k++) {
        if (half.neighbour[k] === v) continue
        const e = half.edge === null ? k : half.edge[k]!
        const m = market[e]!
        if (m > 0 && seen[m] !== row) {
          seen[m] = row
          rhythm.markets++
        }
        const time = at[e]!
        if (Number.isNaN(time)) continue
        collector.add(time)
        const hour = hourOf(time)
        hours[hour]!++
        weekdays[weekdayOf(time)]!++
        rhythm.night += night[24 * m + hour]!
        steps++
      }
    }
    if (++steps >= checkInterval) {
      steps = 0
      check()
    }
    rhythm.times = collector.summary()
    return rhythm
  })
}
