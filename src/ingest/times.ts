/**
 * Times as bytes to epoch milliseconds. A time without a zone is no time unless the mapping names the zone: a guess would
 * shift whole markets by hours.
 */
import { limits } from '../../graph-schema/schema.js'
import { COLON, DOT, MINUS, PLUS, SPACE, ZERO } from './bytes.js'

export interface TimeFormat {
  readonly kind: 'iso' | 'epoch-seconds' | 'epoch-milliseconds' | 'pattern'
  /** Minutes east of UTC for times that carry no zone; null where they are rejected. */
  readonly zone: number | null
  readonly pattern: readonly PatternStep[]
}

/** `field` reads digits (or a month's name, or a zone) into a part of the time; `literal` is one byte that must be there. */
export type PatternStep =
  | { readonly field: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'millisecond'; readonly width: number }
  | { readonly field: 'month-name' | 'day-name' | 'zone'; readonly width: 0 }
  | { readonly literal: number }

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const MONTH_NAMES = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
/** Digits in an epoch number; more would be outside every unit. */
const LONGEST_NUMBER = 16

const leap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

const daysInMonth = (year: number, month: number): number =>
  month === 2 && leap(year) ? 29 : (MONTH_DAYS[month - 1] ?? 0)

/** Days from 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant, chrono-compatible low-level date algorithms, 2013). */
const daysFromCivil = (year: number, month: number, day: number): number => {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = (((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) | 0) + day - 1
  const dayOfEra = yearOfEra * 365 + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0) + dayOfYear
  return era * 146097 + dayOfEra - 719468
}

/** The number in `width` digits at `start`, or -1. */
const digits = (data: Uint8Array, start: number, width: number, end: number): number => {
  if (start + width > end) return -1
  let value = 0
  for (let i = start; i < start + width; i++) {
    const digit = data[i]! - ZERO
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

const checkedTime = (
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  millisecond: number,
  zone: number,
): number => {
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return Number.NaN
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return Number.NaN
  return (
    daysFromCivil(year, month, day) * DAY_MS +
    hour * 3_600_000 +
    (minute - zone) * MINUTE_MS +
    second * 1000 +
    millisecond
  )
}

/** Minutes east of UTC in all of data[start, end): Z, +hh, +hhmm or +hh:mm. NaN for anything else. */
export const parseZone = (data: Uint8Array, start: number, end: number): number => {
  const first = data[start]!
  if (end - start === 1 && (first === 0x5a || first === 0x7a)) return 0
  if (first !== PLUS && first !== MINUS) return Number.NaN
  const length = end - start
  if (length !== 3 && length !== 5 && length !== 6) return Number.NaN
  if (length === 6 && data[start + 3] !== COLON) return Number.NaN
  const hours = digits(data, start + 1, 2, end)
  const minutes = length === 3 ? 0 : digits(data, end - 2, 2, end)
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return Number.NaN
  return (first === MINUS ? -1 : 1) * (hours * 60 + minutes)
}

/**
 * ISO 8601: YYYY-MM-DD, then T or a blank, HH:MM, optionally :SS and a fraction (cut to milliseconds), then the zone. With a
 * default zone the date alone is its midnight.
 */
const parseIso = (data: Uint8Array, start: number, end: number, defaultZone: number | null): number => {
  const year = digits(data, start, 4, end)
  const month = digits(data, start + 5, 2, end)
  const day = digits(data, start + 8, 2, end)
  if (year < 0 || month < 0 || day < 0 || data[start + 4] !== MINUS || data[start + 7] !== MINUS) return Number.NaN
  let p = start + 10
  let hour = 0
  let minute = 0
  let second = 0
  let millisecond = 0
  if (p < end) {
    const separator = data[p]
    if (separator !== 0x54 && separator !== 0x74 && separator !== SPACE) return Number.NaN
    hour = digits(data, p + 1, 2, end)
    minute = digits(data, p + 4, 2, end)
    if (hour < 0 || minute < 0 || data[p + 3] !== COLON) return Number.NaN
    p += 6
    if (p < end && data[p] === COLON) {
      second = digits(data, p + 1, 2, end)
      if (second < 0) return Number.NaN
      p += 3
      if (p < end && (data[p] === DOT || data[p] === 44)) {
        let scale = 100
        const from = ++p
        for (; p < end; p++) {
          const digit = data[p]! - ZERO
          if (digit < 0 || digit > 9) break
          millisecond += digit * scale
          scale = scale === 1 ? 0 : scale / 10
        }
        if (p === from) return Number.NaN
      }
    }
  }
  let zone = defaultZone
  if (p < end) zone = parseZone(data, p, end)
  if (zone === null) return Number.NaN
  return checkedTime(year, month, day, hour, minute, second, millisecond, zone)
}

/** Digits, optionally with a fraction, in units of `unit` milliseconds; what is finer than a millisecond is cut. */
const parseEpoch = (data: Uint8Array, start: number, end: number, unit: 1 | 1000): number => {
  let p = start
  let whole = 0
  for (; p < end; p++) {
    const digit = data[p]! - ZERO
    if (digit < 0 || digit > 9) break
    whole = whole * 10 + digit
  }
  if (p === start || p - start > LONGEST_NUMBER) return Number.NaN
  let result = whole * unit
  if (p < end) {
    if (data[p] !== DOT || p + 1 === end) return Number.NaN
    let scale = unit / 10
    for (p++; p < end; p++) {
      const digit = data[p]! - ZERO
      if (digit < 0 || digit > 9) return Number.NaN
      if (scale >= 1) result += digit * scale
      scale /= 10
    }
  }
  return result
}

const monthByName = (data: Uint8Array, start: number, end: number): number => {
  if (start + 3 > end) return -1
  const name = String.fromCharCode(data[start]! | 32, data[start + 1]! | 32, data[start + 2]! | 32)
  return MONTH_NAMES.indexOf(name) + 1 || -1
}

const parsePattern = (data: Uint8Array, start: number, end: number, format: TimeFormat): number => {
  const parts = { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, millisecond: 0 }
  let zone = format.zone
  let p = start
  for (const step of format.pattern) {
    if ('literal' in step) {
      if (p >= end || data[p++] !== step.literal) return Number.NaN
    } else if (step.field === 'month-name') {
      parts.month = monthByName(data, p, end)
      p += 3
    } else if (step.field === 'day-name') {
      p += 3
    } else if (step.field === 'zone') {
      let stop = p
      while (stop < end && data[stop] !== SPACE) stop++
      zone = parseZone(data, p, stop)
      p = stop
    } else {
      const value = digits(data, p, step.width, end)
      if (value < 0) return Number.NaN
      parts[step.field] = value
      p += step.width
    }
  }
  if (p !== end || zone === null) return Number.NaN
  const { year, month, day, hour, minute, second, millisecond } = parts
  return checkedTime(year, month, day, hour, minute, second, millisecond, zone)
}

/** Epoch milliseconds of data[start, end), a whole number within the schema's limits; NaN where it is no such time. */
export const parseTime = (data: Uint8Array, start: number, end: number, format: TimeFormat): number => {
  const kind = format.kind
  const time =
    kind === 'iso'
      ? parseIso(data, start, end, format.zone)
      : kind === 'pattern'
        ? parsePattern(data, start, end, format)
        : parseEpoch(data, start, end, kind === 'epoch-seconds' ? 1000 : 1)
  return time >= limits.earliest && time <= limits.latest ? time : Number.NaN
}

const PATTERN_TOKENS: readonly (readonly [string, PatternStep])[] = [
  ['YYYY', { field: 'year', width: 4 }],
  ['MMM', { field: 'month-name', width: 0 }],
  ['MM', { field: 'month', width: 2 }],
  ['DD', { field: 'day', width: 2 }],
  ['ddd', { field: 'day-name', width: 0 }],
  ['HH', { field: 'hour', width: 2 }],
  ['mm', { field: 'minute', width: 2 }],
  ['SSS', { field: 'millisecond', width: 3 }],
  ['ss', { field: 'second', width: 2 }],
  ['Z', { field: 'zone', width: 0 }],
]

/** Steps of a pattern such as `DD/MM/YYYY HH:mm:ss`; null where it does not give a whole date. */
export const compilePattern = (pattern: string): readonly PatternStep[] | null => {
  const steps: PatternStep[] = []
  let rest = pattern
  while (rest !== '') {
    const token = PATTERN_TOKENS.find(([name]) => rest.startsWith(name))
    if (token) {
      steps.push(token[1])
      rest = rest.slice(token[0].length)
    } else {
      const literal = rest.charCodeAt(0)
      if (literal > 126) return null
      steps.push({ literal })
      rest = rest.slice(1)
    }
  }
  const has = (...names: string[]) => steps.some((step) => 'field' in step && names.includes(step.field))
  return has('year') && has('month', 'month-name') && has('day') ? steps : null
}

export const patternHasZone = (steps: readonly PatternStep[]): boolean =>
  steps.some((step) => 'field' in step && step.field === 'zone')

export const ISO_TIME: TimeFormat = { kind: 'iso', zone: null, pattern: [] }
