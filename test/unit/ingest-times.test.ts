import { describe, expect, test } from '@jest/globals'
import { compilePattern, parseTime, type TimeFormat } from '#src/ingest/times.js'

const parse = (text: string, format: TimeFormat): number => {
  const bytes = Buffer.from(`..${text}..`)
  return parseTime(bytes, 2, bytes.length - 2, format)
}
const iso: TimeFormat = { kind: 'iso', zone: null, pattern: [] }
const isoIn = (zone: number): TimeFormat => ({ kind: 'iso', zone, pattern: [] })
const pattern = (source: string, zone: number | null): TimeFormat => ({
  kind: 'pattern',
  zone,
  pattern: compilePattern(source)!,
})

describe('ISO 8601', () => {
  test.each([
    '1970-01-01T00:00:00Z',
    '2024-02-29T23:59:59.999Z',
    '2024-05-01T12:34:56+07:00',
    '2024-05-01T12:34:56-03:30',
    '2099-12-31T23:59:59.999Z',
    '2000-03-01T00:00:00.5Z',
  ])('%s is what Date.parse says', (text) => {
    expect(parse(text, iso)).toBe(Date.parse(text))
  })

  test.each([
    ['2024-05-01 12:34:56Z', '2024-05-01T12:34:56Z'],
    ['2024-05-01t12:34:56z', '2024-05-01T12:34:56Z'],
    ['2024-05-01T12:34Z', '2024-05-01T12:34:00Z'],
    ['2024-05-01T12:34:56,25Z', '2024-05-01T12:34:56.250Z'],
    ['2024-05-01T12:34:56.123456789Z', '2024-05-01T12:34:56.123Z'],
    ['2024-05-01T12:34:56+0700', '2024-05-01T12:34:56+07:00'],
    ['2024-05-01T12:34:56+07', '2024-05-01T12:34:56+07:00'],
  ])('%s', (text, same) => {
    expect(parse(text, iso)).toBe(Date.parse(same))
  })

  test('every day of four centuries has the number that Date gives it', () => {
    for (let day = 0; day * 86_400_000 < Date.UTC(2099, 11, 31); day += 1) {
      const text = new Date(day * 86_400_000).toISOString()
      if (parse(text, iso) !== day * 86_400_000) throw new Error(text)
    }
  })

  test.each([
    '',
    '2024',
    '2024-05-01',
    '2024-05-01T12:34:56',
    '2024-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2100-02-29T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-04-31T00:00:00Z',
    '2024-05-01T24:00:00Z',
    '2024-05-01T12:60:00Z',
    '2024-05-01T12:00:60Z',
    '2024-05-01T12:00:00.Z',
    '2024-05-01T12:00:00 Z',
    '2024-05-01T12:00:00Zx',
    '2024-05-01T12:00:00+7',
    '2024-05-01T12:00:00+24:00',
    '2024-05-01T12:00:00+07:60',
    '2024/05/01T12:00:00Z',
    '20240501T120000Z',
    '1969-12-31T23:59:59Z',
    '2100-01-01T00:00:00Z',
    '02024-05-01T12:00:00Z',
    ' 2024-05-01T12:00:00Z',
  ])('"%s" is no time', (text) => {
    expect(parse(text, iso)).toBeNaN()
  })

  test('a zone of the mapping is for times that carry none', () => {
    expect(parse('2024-05-01T12:00:00', isoIn(420))).toBe(Date.parse('2024-05-01T12:00:00+07:00'))
    expect(parse('2024-05-01 12:00', isoIn(420))).toBe(Date.parse('2024-05-01T12:00:00+07:00'))
    expect(parse('2024-05-01', isoIn(0))).toBe(Date.UTC(2024, 4, 1))
    expect(parse('2024-05-01T12:00:00Z', isoIn(420))).toBe(Date.parse('2024-05-01T12:00:00Z'))
  })
})

describe('epoch numbers', () => {
  const seconds: TimeFormat = { kind: 'epoch-seconds', zone: null, pattern: [] }
  const milliseconds: TimeFormat = { kind: 'epoch-milliseconds', zone: null, pattern: [] }

  test.each<[string, number, number]>([
    ['0', 0, 0],
    ['1700000000', 1_700_000_000_000, 1_700_000_000],
    ['1700000000.5', 1_700_000_000_500, 1_700_000_000],
    ['1700000000.1239', 1_700_000_000_123, 1_700_000_000],
    ['1714564800123', Number.NaN, 1_714_564_800_123],
    ['-1', Number.NaN, Number.NaN],
    ['1e9', Number.NaN, Number.NaN],
    ['1.', Number.NaN, Number.NaN],
    ['.5', Number.NaN, Number.NaN],
    ['99999999999999999999', Number.NaN, Number.NaN],
  ])('%s', (text, asSeconds, asMilliseconds) => {
    expect(parse(text, seconds)).toBe(asSeconds)
    expect(parse(text, milliseconds)).toBe(asMilliseconds)
  })
})

describe('patterns', () => {
  test.each<[string, string, number | null, string]>([
    ['DD/MM/YYYY HH:mm:ss', '01/02/2024 03:04:05', 0, '2024-02-01T03:04:05Z'],
    ['MM-DD-YYYY', '02-01-2024', -300, '2024-02-01T00:00:00-05:00'],
    ['YYYYMMDDHHmmssSSS', '20240201030405678', 60, '2024-02-01T03:04:05.678+01:00'],
    ['ddd MMM DD HH:mm:ss Z YYYY', 'Thu Feb 01 03:04:05 +0700 2024', null, '2024-02-01T03:04:05+07:00'],
    ['DD MMM YYYY', '01 FEB 2024', 0, '2024-02-01T00:00:00Z'],
  ])('%s', (source, text, zone, same) => {
    expect(parse(text, pattern(source, zone))).toBe(Date.parse(same))
    for (const wrong of [text.slice(0, -1), `${text}0`, text.replace('01', '41'), ''])
      expect(parse(wrong, pattern(source, zone))).toBeNaN()
  })

  test('a pattern must give a year, a month and a day', () => {
    for (const source of ['HH:mm', 'YYYY-MM', 'YYYY-DD', 'é YYYY-MM-DD']) expect(compilePattern(source)).toBeNull()
  })
})
