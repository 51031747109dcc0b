/**
 * Account trading: accounts that change hands, several of them through the same people or things.
 *
 * One account whose device, network, payment and contact change at one time and never change back may have been sold, or its owner
 * moved and bought a phone. So a handover alone (account-trading/handovers.ts) is no candidate. Several that share what they came from
 * (a farm), what they went to (a buyer), or whom they dealt with in those days (a broker) are: account-trading/bundles.ts holds
 * the null model and the bound.
 *
 *   Thomas, K., McCoy, D., Grier, C., Kolcz, A. and Paxson, V. (2013): Trafficking fraudulent accounts: the role of the underground
 *   market in Twitter spam and abuse. USENIX Security 2013.
 *   Lee, E., Woo, J., Kim, H. and Kim, H. K. (2018): No Silk Road for online gamers! Using social network analysis to unveil black
 *   markets in online games. WWW 2018.
 */
import { type Static, Type } from 'typebox'
import { relationOf } from '../graph/snapshot.js'
import { activeUsers, timelineOf } from './account-trading/brokers.js'
import { findBundles, judgeBundles, type Marks } from './account-trading/bundles.js'
import { candidateOf, type Trade } from './account-trading/candidates.js'
import { findHandovers } from './account-trading/handovers.js'
import { Hubs } from './account-trading/hubs.js'
import { PartyFinder } from './account-trading/parties.js'
import { AccountReader, learnPopulation } from './account-trading/population.js'
import {
  extendTrades,
  isHousehold,
  isRenewal,
  isTakeover,
  joinTrades,
  type Search,
  tradeOf,
} from './account-trading/trades.js'
import type { Candidate, Detector, Note } from './detector.js'
import { leastNats } from './sybil/calibrate.js'

const parameters = Type.Object(
  {
    tolerance: Type.Number({
      default: 3,
      exclusiveMinimum: 0,
      maximum: 60,
      description:
        'Days within which device, network, payment and contact change hands together, and in which transfers go with it. In data of less than a month, at most a tenth of its time.',
    }),
    minHandovers: Type.Integer({
      default: 3,
      minimum: 2,
      maximum: 1000,
      description: 'Fewest accounts handed over that make a group.',
    }),
    household: Type.Integer({
      default: 5,
      minimum: 0,
      maximum: 1000,
      description:
        'Up to so many accounts that share one identifier before and one after are a family or a small team that moved, not a sale.',
    }),
    contested: Type.Number({
      default: 0.33,
      minimum: 0,
      maximum: 1,
      description:
        'Where more than this share of the accounts that came to the same new hands went back to the old, it is a takeover or an agency, not a sale.',
    }),
  },
  { additionalProperties: false },
)

export type AccountTradingParameters = Static<typeof parameters>

const DAY = 86_400_000
const MOST_OF_SPAN = 1 / 10

/** Counts for each account, user and identifier; the rest is one account at a time. Time as measured at 10 M interactions. */
const bytesFixed = 12e6
const bytesPerEntity = 14
const secondsFixed = 0.1
const secondsPerInteraction = 6e-8

const nothing = (code: string, message: string): { candidates: readonly Candidate[]; notes: readonly Note[] } => ({
  candidates: [],
  notes: [{ code: `account-trading.${code}`, message }],
})

export const accountTrading: Detector<AccountTradingParameters> = {
  id: 'account-trading',
  title: 'Account trading',
  behaviour: 'account-trading',
  finds:
    'Accounts whose device, network, payment and contact change hands together for good, several of them out of one farm, to one buyer or through one broker.',
  papers: [
    'Thomas, K. et al. (2013): Trafficking fraudulent accounts: the role of the underground market in Twitter spam and abuse. USENIX Security 2013.',
    'Lee, E. et al. (2018): No Silk Road for online gamers! Using social network analysis to unveil black markets in online games. WWW 2018.',
    'Kaplan, E. L. and Meier, P. (1958): Nonparametric estimation from incomplete observations. Journal of the American Statistical Association 53(282).',
  ],
  parameters,
  estimate: ({ entities, interactions }) => ({
    bytes: bytesFixed + bytesPerEntity * entities,
    seconds: secondsFixed + secondsPerInteraction * interactions,
  }),
  run: (context, options) => {
    const { snapshot, seed, checkCancelled } = context
    const uses = relationOf(snapshot, 'uses')
    if (!uses)
      return nothing('no-uses', 'No account is seen with any identifier, so handovers of accounts were not looked for.')
    const population = learnPopulation(snapshot, uses, checkCancelled)
    if (!population)
      return nothing('no-times', `None of ${uses.count} uses has a time, so handovers of accounts were not looked for.`)
    const notes: Note[] = []
    if (population.untimed > 0)
      notes.push({
        code: 'account-trading.no-times',
        message: `${population.untimed} of ${uses.count} uses have no time and were left out.`,
      })
    if (population.eligibleCount === 0)
      return nothing(
        'one-sided',
        'No account is seen both with a device or network and with a payment or contact; a sale cannot be told from a new phone or a change of staff.',
      )
    context.progress('handovers', 0.3)
    const near = Math.min(options.tolerance * DAY, (population.to - population.from) * MOST_OF_SPAN)
    const handovers = findHandovers(snapshot, population, near, checkCancelled)
    context.progress('handovers', 0.6)
    if (handovers.length < options.minHandovers) return { candidates: [], notes }
    const marks: Marks = {
      rows: Int32Array.from(handovers, ({ row }) => row),
      at: Float64Array.from(handovers, ({ to }) => to),
    }
    const hubs = new Hubs(snapshot, population, near, checkCancelled)
    const bundles = findBundles(hubs, marks, population.eligibleCount, checkCancelled)
    const rows = new Int32Array(population.eligibleCount)
    let next = 0
    for (let row = 0; row < population.eligible.length; row++) if (population.eligible[row] === 1) rows[next++] = row
    const nats = judgeBundles(bundles, hubs, marks, rows, seed, checkCancelled, (done) =>
      context.progress('bundles', 0.6 + 0.35 * done),
    )
    const reader = new AccountReader(snapshot, uses, population.session, population.isPublic)
    const transfers = relationOf(snapshot, 'transfer')
    const search: Search = {
      snapshot,
      population,
      handovers,
      hubs,
      near,
      finder: new PartyFinder(population, hubs, reader, near),
      users: transfers ? activeUsers(transfers) : 0,
      timeline: transfers ? timelineOf(transfers) : { edges: new Int32Array(0), at: new Float64Array(0) },
    }
    const trades: Trade[] = []
    let takeovers = 0
    bundles.forEach((bundle, i) => {
      if (nats[i]! < leastNats) return
      checkCancelled()
      const trade = tradeOf(search, bundle, nats[i]!)
      const { parties, brokers } = trade
      if (isHousehold(bundle, parties, hubs, brokers, options.household)) return
      if (isRenewal(trade.handovers, parties, bundle, hubs, brokers)) return
      if (isTakeover(trade.handovers, parties, bundle, hubs, brokers, options.contested)) takeovers++
      else trades.push(trade)
    })
    if (takeovers > 0)
      notes.push({
        code: 'account-trading.takeover',
        message: `${takeovers} groups of accounts came into the same new hands as in takeovers or agencies (old owners still there, or the credential first and nobody paid); they are not named as trades.`,
      })
    const large = extendTrades(search, joinTrades(search, trades)).filter(
      (trade) => trade.handovers.length >= options.minHandovers,
    )
    const view = { snapshot, population, reader, total: handovers.length }
    const candidates = large.map((trade) => candidateOf(view, trade))
    context.progress('bundles', 1)
    return { candidates, notes }
  },
}
