/** The daily and weekly rhythm: how busy an hour is, in a market's local time. */
import { DAY, HOUR } from './events.js'

/** Relative traffic by local hour: lowest before dawn, a bump at lunch, highest in the evening. */
const BY_HOUR = Float64Array.of(
  0.55,
  0.32,
  0.2,
  0.14,
  0.12,
  0.16,
  0.3,
  0.5,
  0.65,
  0.72,
  0.78,
  0.88,
  1.05,
  0.98,
  0.85,
  0.85,
  0.92,
  1.05,
  1.25,
  1.5,
  1.7,
  1.75,
  1.45,
  0.95,
)
/** Saturday and Sunday beside a working day. */
const WEEKEND = 1.25

/** Relative traffic at `at` (epoch milliseconds) where local time is `offset` milliseconds ahead of UTC. */
export const busyness = (at: number, offset: number): number => {
  const local = at + offset
  const weekday = (Math.floor(local / DAY) + 4) % 7 // 1970-01-01 was a Thursday; 0 is Sunday.
  const weekend = weekday === 0 || weekday === 6
  return BY_HOUR[Math.floor((local % DAY) / HOUR)]! * (weekend ? WEEKEND : 1)
}

/** The first moment at or after `at` whose local time of day is `hour` (may have a fraction). */
export const nextLocalHour = (at: number, offset: number, hour: number): number => {
  const local = at + offset
  const day = Math.floor(local / DAY) * DAY
  const wanted = day + hour * HOUR
  return (wanted >= local ? wanted : wanted + DAY) - offset
}
