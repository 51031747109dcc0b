import { expect, test } from '@jest/globals'
import { matcherOf } from '#src/graph/allowed.js'

test.each([
  ['user:u1', 'u1', true],
  ['user:u1', 'u11', false],
  ['user:shop-*', 'shop-1', true],
  ['user:shop-*', 'my-shop-1', false],
  ['user:*-test', 'a-test', true],
  ['user:a*bcd*e', 'a..bcd..e', true],
  ['user:a*bcd*e', 'abcde', true],
  ['user:aba*aba', 'aba', false],
  ['user:aba*aba', 'ababa', false],
  ['user:aba*aba', 'abaaba', true],
  ['user:*abc*', 'xabcx', true],
  ['user:x.c*.', 'xbcd.', false],
  ['user:🧿🧿🧿*', '🧿🧿🧿1', true],
])('%s and %s: %s', (name, id, wanted) => {
  const { kind, matches } = matcherOf(name)
  expect([kind, matches(id)]).toEqual(['user', wanted])
})

test('a pattern agrees with a regular expression', () => {
  const letters = ['a', 'b', '*']
  let checked = 0
  for (let code = 0; code < 3 ** 6; code++) {
    const pattern = Array.from({ length: 6 }, (_, i) => letters[Math.floor(code / 3 ** i) % 3]).join('')
    if (pattern.replaceAll('*', '').length < 3) continue
    const { matches } = matcherOf(`user:${pattern}`)
    const wanted = new RegExp(`^${pattern.replaceAll('*', '.*')}$`)
    for (let id = 0; id < 2 ** 7; id++) {
      const text = id
        .toString(2)
        .padStart(7, '0')
        .slice(id % 4)
        .replaceAll('0', 'a')
        .replaceAll('1', 'b')
      if (matches(text) !== wanted.test(text)) throw new Error(`${pattern} and ${text}`)
      checked++
    }
  }
  expect(checked).toBeGreaterThan(50_000)
})

test.each(['user:*', 'user:a*b', 'user:', 'planet:abc', 'abc'])('%s is refused', (name) => {
  expect(() => matcherOf(name)).toThrow(expect.objectContaining({ code: 'request.invalid' }))
})
