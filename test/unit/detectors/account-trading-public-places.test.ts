import { expect, test } from '@jest/globals'
import { learnPopulation } from '#src/detectors/account-trading/population.js'
import { entityName, relationOf } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'
import { DAY, START, uses } from './account-trading-worlds.js'

const publicPlaces = (lines: readonly InteractionLine[]): string[] => {
  const snapshot = snapshotFrom(lines)
  const relation = relationOf(snapshot, 'uses')!
  const { isPublic } = learnPopulation(snapshot, relation, () => {})!
  return [...isPublic].flatMap((flag, place) => (flag ? [entityName(snapshot, relation.targetFrom + place)] : []))
}

/** Each of `accounts` is seen once a day, where `place` says. */
const days = (accounts: number, place: (account: number) => string): InteractionLine[] =>
  Array.from({ length: accounts * 20 }, (_, i) => {
    const account = Math.floor(i / 20)
    return uses(`user:u${account}`, 'network', place(account), START + (i % 20) * DAY + account)
  })

test('carriers that people roam over are public, their homes, offices and a farm are not', () => {
  const random = new Random(1)
  const lines = days(600, (account) => {
    if (random.float() < 0.4) return `carrier${random.below(20)}`
    if (account < 100 && random.float() < 0.5) return 'office'
    return account >= 570 ? 'farm' : `home${Math.floor(account / 3)}`
  })
  expect(publicPlaces(lines).sort()).toEqual(Array.from({ length: 20 }, (_, i) => `network:carrier${i}`).sort())
})

test('a carrier that its customers keep to is not: coming back to it says who is there', () => {
  const random = new Random(2)
  const lines = days(600, (account) => (random.float() < 0.4 ? `carrier${account % 20}` : `home${account}`))
  expect(publicPlaces(lines)).toEqual([])
})

test('where each is recorded when first seen only, nobody can come back and nothing is public', () => {
  const random = new Random(3)
  const seen = new Set<string>()
  const lines = days(600, () => `carrier${random.below(20)}`).filter(({ actor, target }) => {
    const fresh = !seen.has(`${actor} ${target}`)
    seen.add(`${actor} ${target}`)
    return fresh
  })
  expect(publicPlaces(lines)).toEqual([])
})
