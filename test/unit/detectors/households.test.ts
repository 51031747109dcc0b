import { expect, test } from '@jest/globals'
import { HOUSEHOLD, householdsOf, outnumberHousehold } from '#src/detectors/households.js'
import { entityName } from '#src/graph/snapshot.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'

const uses = (user: string, target: string): InteractionLine => ({ type: 'uses', actor: `user:${user}`, target })

/** Names of the accounts of each household of two or more. */
const homes = (lines: readonly InteractionLine[]): string[][] => {
  const snapshot = snapshotFrom(lines)
  const households = householdsOf(snapshot)
  const members = new Map<number, string[]>()
  households.forEach((home, entity) => {
    members.set(home, [...(members.get(home) ?? []), entityName(snapshot, entity)])
  })
  return [...members.values()].filter(({ length }) => length > 1).map((names) => names.sort())
}

test('accounts that share a phone, a card or a home are one household, through one another', () => {
  expect(
    homes([
      uses('a', 'device:tablet'),
      uses('b', 'device:tablet'),
      uses('b', 'payment:card'),
      uses('c', 'payment:card'),
      uses('d', 'payment:other'),
    ]),
  ).toEqual([['user:a', 'user:b', 'user:c']])
})

test('what more accounts share is a place, and a chain of more is no home', () => {
  const crowd = Array.from({ length: HOUSEHOLD + 1 }, (_, k) => uses(`u${k}`, 'network:campus'))
  expect(homes(crowd)).toEqual([])
  expect(homes(crowd.slice(1))).toHaveLength(1)
  const chain = Array.from({ length: HOUSEHOLD }, (_, k) => [
    uses(`u${k}`, `device:d${k}`),
    uses(`u${k + 1}`, `device:d${k}`),
  ]).flat()
  expect(homes(chain)).toEqual([])
  expect(homes(chain.slice(2))).toHaveLength(1)
})

test('seen twice is one account, and without identifiers everybody is alone', () => {
  expect(homes([uses('a', 'device:d'), uses('a', 'device:d')])).toEqual([])
  expect(homes([{ type: 'like', actor: 'user:a', target: 'video:v' }])).toEqual([])
})

test('a few accounts must be of so many households; more than one holds need not', () => {
  const households = Int32Array.of(0, 0, 0, 3, 4, 5, 0)
  expect(outnumberHousehold([0, 1, 2], households, 2)).toBe(false)
  expect(outnumberHousehold([0, 1, 3, 4], households, 3)).toBe(true)
  expect(outnumberHousehold([0, 1, 2, 6, 0, 1, 2], households, 5)).toBe(true)
})
