/**
 * Accounts beside a list that belong to it, though they came too seldom to be what it is told by: they ride with it more than their own
 * visits and the list's share of all explain, the number of onlookers accounted for.
 *
 * An onlooker is looked at because it came, so that its first ride says nothing, unless it was on the hot targets of the find itself, which
 * others who look at something little known hardly ever have beside it.
 */
import { poissonSurprise } from '../../kernels/gamma-poisson.js'
import { BELONGS, type Judged } from './judge.js'
import { eachRide, orderOf, type RideOptions, type Rides } from './rides.js'

const ridesOn = (
  { relation, audience }: Rides,
  account: number,
  list: ReadonlySet<number>,
  hot: ReadonlySet<number>,
  options: RideOptions,
): boolean => {
  const { target, targetFrom } = relation
  let found = false
  eachRide(relation, orderOf(relation, account), audience, options, (weak, other) => {
    if (list.has(target[weak]! - targetFrom) && hot.has(target[other]! - targetFrom)) found = true
  })
  return found
}

export const withJoiners = (rides: Rides, judged: Judged, options: RideOptions): Judged => {
  const { sessions, sessionCount, holdings } = rides
  const { rows, columns } = holdings.graph
  const inside = new Set(judged.accounts)
  const list = new Set(judged.weak)
  const hot = new Set(judged.hot.map(({ target }) => target))
  const onlookers = new Set<number>()
  for (const thing of list)
    for (let k = columns.offsets[thing]!; k < columns.offsets[thing + 1]!; k++)
      if (!inside.has(columns.columns[k]!)) onlookers.add(columns.columns[k]!)
  const counted = [...onlookers].map((account) => {
    let came = 0
    let visits = 0
    for (let k = rows.offsets[account]!; k < rows.offsets[account + 1]!; k++) {
      visits += sessions[k]!
      if (list.has(rows.columns[k]!)) came += sessions[k]!
    }
    return { account, came, visits }
  })
  const share = counted.reduce((sum, { came }) => sum + came, 0) / sessionCount
  const least = Math.log(Math.max(1, counted.length)) + BELONGS
  const joiners = counted.filter(({ account, came, visits }) => {
    options.check()
    if (poissonSurprise(came, visits * share) < least) return false
    return poissonSurprise(came - 1, visits * share) >= least || ridesOn(rides, account, list, hot, options)
  })
  return {
    ...judged,
    accounts: [...inside, ...joiners.map(({ account }) => account)].sort((a, b) => a - b),
  }
}
