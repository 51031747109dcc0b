import { describe, expect, test } from '@jest/globals'
import { membersCsv } from '#src/cli/commands/rings.js'
import { amount, list, moment, share, wholeNumber } from '#src/cli/options.js'
import { csvField, csvLine, shortNumber, textTable } from '#src/cli/table.js'
import type { MemberRecord, RingRecord } from '#src/store/store.js'

describe('options', () => {
  test.each([
    ['10000', 10_000],
    ['150k', 150_000],
    ['1.5M', 1_500_000],
    ['2_000', 2000],
  ])('amount %s is %d', (text, value) => {
    expect(amount(text)).toBe(value)
  })

  test.each(['', 'k', '-5', '1e5', '10 x', '٣'])('amount refuses %j', (text) => {
    expect(() => amount(text)).toThrow(/must be a number/)
  })

  test('a moment is a day or has a zone', () => {
    expect(moment('2026-01-31')).toBe(Date.UTC(2026, 0, 31))
    expect(moment('2026-01-31T12:00:00Z')).toBe(Date.UTC(2026, 0, 31, 12))
    expect(moment('2026-01-31T12:00+07:00')).toBe(Date.UTC(2026, 0, 31, 5))
    for (const text of ['2026-01-31T12:00:00', 'yesterday', '2026-13-01', '1767600000'])
      expect(() => moment(text)).toThrow()
  })

  test('whole numbers, shares and lists keep to their bounds', () => {
    expect(wholeNumber(1, 8)('8')).toBe(8)
    for (const text of ['0', '9', '1.5', '', '+3', '0x1']) expect(() => wholeNumber(1, 8)(text)).toThrow(/from 1 to 8/)
    expect(share('0.05')).toBe(0.05)
    for (const text of ['', '1.1', '-0.1', 'x']) expect(() => share(text)).toThrow()
    expect(list(' a, b,,c')).toEqual(['a', 'b', 'c'])
    expect(() => list(' , ')).toThrow()
  })
})

describe('tables', () => {
  test('CSV fields are quoted as RFC 4180 says', () => {
    expect(csvField('plain')).toBe('plain')
    expect(csvLine(['a,b', 'say "hi"', 'two\nlines', 'back\r'])).toBe('"a,b","say ""hi""","two\nlines","back\r"\r\n')
  })

  test('text tables line up, numbers flush right', () => {
    expect(
      textTable(
        ['name', 'n'],
        [
          ['a', '5'],
          ['long', '1000'],
        ],
        [1],
      ),
    ).toBe('name     n\na        5\nlong  1000')
  })

  test('numbers keep three digits', () => {
    expect(shortNumber(0.012345)).toBe('0.0123')
    expect(shortNumber(3.2e-117)).toBe('3.2e-117')
    expect(shortNumber(0)).toBe('0')
  })
})

test('members are sorted by ring then entity, bytewise, and an empty list is the header alone', () => {
  const member = (id: string): MemberRecord => ({ kind: 'user', id, role: 'core', score: 1 / 3 })
  const ring = (id: string, ids: readonly string[]): RingRecord => ({
    id,
    score: 9,
    fdr: 0.01,
    behaviours: ['lockstep'],
    detectors: ['lockstep'],
    window: null,
    types: [],
    markets: [],
    scenarios: [],
    members: ids.map(member),
    facts: [],
  })
  expect(membersCsv([])).toBe('ring,entity,kind,role,score\r\n')
  const third = String(1 / 3)
  expect(membersCsv([ring('r-b', ['z', 'Z', 'é']), ring('r-a', ['a,b'])])).toBe(
    [
      'ring,entity,kind,role,score',
      `r-a,"user:a,b",user,core,${third}`,
      `r-b,user:Z,user,core,${third}`,
      `r-b,user:z,user,core,${third}`,
      `r-b,user:é,user,core,${third}`,
      '',
    ].join('\r\n'),
  )
})
