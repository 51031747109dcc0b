/**
 * Who and what lives in the simulated ecosystem before anything happens: users with a taste, a daily rhythm and identifiers,
 * creators with videos, sellers with products. Popularity and activity have heavy tails; homes share a network and an address,
 * mobile carriers put hundreds behind one network.
 */
import { type EntityKind, entityKinds } from '../../graph-schema/schema.js'
import { Random } from '../kernels/random.js'
import { between, chance, logNormal, unit, wholeBetween } from './distributions.js'
import { DAY } from './events.js'
import { knownMarkets, type SimulationParameters } from './parameters.js'
import { VideoTable } from './videos.js'

/** Of a platform of short videos: some forty interactions a user in a month, one creator for thirty users. */
const INTERACTIONS_PER_USER = 40
const USERS_PER_CREATOR = 30
const USERS_PER_PRODUCT = 15
const USERS_PER_VIDEO = 3
/** People behind one network of a mobile carrier. */
const USERS_PER_CARRIER_NETWORK = 150
/** Videos a topic needs in a market before it is worth a topic. */
const VIDEOS_PER_TOPIC = 40
/**
 * People whom a person knows well enough to give something to: R. I. M. Dunbar, "Neocortex size as a constraint on group size in
 * primates", Journal of Human Evolution 22(6), 1992.
 */
export const ACQUAINTANCES = 150
/** How long before the first day the platform's history starts. */
export const BACKLOG_DAYS = 14

/** Per market, so that small worlds can still cast their rings. */
const LEAST_CREATORS = 40
const LEAST_PRODUCTS = 80

const ACTIVITY_SIGMA = 1.1
/** A day has 24 hours: nobody does more than so many times the median. */
const MOST_ACTIVITY = 12
const PRODUCT_SIGMA = 1.4
const VIDEO_SIGMA = 1.5

const NONE = -1

/** Seeds of independent sequences, so that one more ring leaves the rest of the world as it was. */
export const streams = { world: 1, videos: 2, casting: 3, organic: 4, history: 5, groups: 1000 } as const

export interface Accounts {
  readonly count: number
  /** Position in `markets`. */
  readonly market: Uint8Array
  readonly topic: Uint8Array
  /** Indices of identifiers. */
  readonly device: Int32Array
  readonly network: Int32Array
  readonly payment: Int32Array
  readonly contact: Int32Array
  readonly address: Int32Array
}

export interface Users extends Accounts {
  /** Relative number of sessions. */
  readonly activity: Float64Array
  /** Position in the table of personas of organic.ts. */
  readonly persona: Uint8Array
  readonly secondTopic: Uint8Array
  /** Network of the mobile carrier. */
  readonly carrier: Int32Array
}

export interface Products {
  readonly count: number
  readonly seller: Int32Array
  readonly market: Uint8Array
  readonly appeal: Float64Array
  /** Price in hundredths of the currency. */
  readonly price: Int32Array
}

const accounts = (count: number): Accounts => ({
  count,
  market: new Uint8Array(count),
  topic: new Uint8Array(count),
  device: new Int32Array(count).fill(NONE),
  network: new Int32Array(count).fill(NONE),
  payment: new Int32Array(count).fill(NONE),
  contact: new Int32Array(count).fill(NONE),
  address: new Int32Array(count).fill(NONE),
})

export class World {
  readonly parameters: SimulationParameters
  readonly start: number
  readonly end: number
  readonly backlog: number
  readonly markets: readonly string[]
  /** Share of the users in each market, summing to 1. */
  readonly shares: Float64Array
  /** Milliseconds that local time is ahead of UTC. */
  readonly offsets: Float64Array
  readonly topics: number
  readonly users: Users
  readonly creators: Accounts
  readonly products: Products
  readonly videos: VideoTable
  readonly #counts = new Map<EntityKind, number>()

  constructor(parameters: SimulationParameters) {
    const { interactions, start, days, seed } = parameters
    this.parameters = parameters
    this.start = start
    this.end = start + days * DAY
    this.backlog = start - BACKLOG_DAYS * DAY
    this.markets = parameters.markets
    const shares = this.markets.map((market) => knownMarkets[market]!.share)
    const sum = shares.reduce((total, share) => total + share, 0)
    this.shares = Float64Array.from(shares, (share) => share / sum)
    this.offsets = Float64Array.from(this.markets, (market) => (knownMarkets[market]!.offset * DAY) / 24)

    const users = Math.ceil(interactions / INTERACTIONS_PER_USER)
    const videos = Math.ceil(users / USERS_PER_VIDEO)
    this.topics = Math.min(24, Math.max(2, Math.round(videos / this.markets.length / VIDEOS_PER_TOPIC)))
    this.users = {
      ...accounts(users),
      activity: new Float64Array(users),
      persona: new Uint8Array(users),
      secondTopic: new Uint8Array(users),
      carrier: new Int32Array(users),
    }
    this.creators = accounts(Math.max(LEAST_CREATORS * this.markets.length, Math.ceil(users / USERS_PER_CREATOR)))
    const products = Math.max(LEAST_PRODUCTS * this.markets.length, Math.ceil(users / USERS_PER_PRODUCT))
    this.products = {
      count: products,
      seller: new Int32Array(products),
      market: new Uint8Array(products),
      appeal: new Float64Array(products),
      price: new Int32Array(products),
    }
    const random = new Random(seed, streams.world)
    this.#settleUsers(random)
    this.#settleCreators(random)
    this.#stockProducts(random)
    this.videos = new VideoTable(videos)
    this.#publishVideos(new Random(seed, streams.videos), videos)
  }

  /** The index of a new identifier. */
  identifier(kind: EntityKind): number {
    const index = this.#counts.get(kind) ?? 0
    this.#counts.set(kind, index + 1)
    return index
  }

  count(kind: EntityKind): number {
    if (kind === 'user') return this.users.count
    if (kind === 'creator') return this.creators.count
    if (kind === 'product') return this.products.count
    if (kind === 'video') return this.videos.count
    return this.#counts.get(kind) ?? 0
  }

  accountsOf(kind: number): Accounts {
    return kind === entityKinds.creator.code ? this.creators : this.users
  }

  #marketOf(random: Random): number {
    let rest = unit(random)
    for (let market = 0; market < this.shares.length - 1; market++) {
      rest -= this.shares[market]!
      if (rest < 0) return market
    }
    return this.shares.length - 1
  }

  #settleUsers(random: Random): void {
    const { users } = this
    const carriers = this.markets.map((_, market) => {
      const wanted = Math.ceil((users.count * this.shares[market]!) / USERS_PER_CARRIER_NETWORK)
      return Array.from({ length: wanted }, () => this.identifier('network'))
    })
    for (let u = 0; u < users.count; ) {
      const market = this.#marketOf(random)
      // Nearly half live alone; the rest in homes of two to five, whose network and address they share.
      const home = Math.min(users.count - u, chance(random, 0.55) ? 1 : wholeBetween(random, 2, 5))
      const network = this.identifier('network')
      const address = this.identifier('address')
      for (const from = u; u < from + home; u++) {
        users.market[u] = market
        users.topic[u] = random.below(this.topics)
        users.secondTopic[u] = random.below(this.topics)
        users.activity[u] = Math.min(MOST_ACTIVITY, logNormal(random, ACTIVITY_SIGMA))
        users.persona[u] = random.below(256)
        users.network[u] = network
        users.address[u] = address
        users.device[u] = this.identifier('device')
        users.payment[u] = this.identifier('payment')
        users.contact[u] = this.identifier('contact')
        const own = carriers[market]!
        users.carrier[u] = own[random.below(own.length)]!
      }
    }
  }

  #settleCreators(random: Random): void {
    const { creators } = this
    for (let c = 0; c < creators.count; c++) {
      // The first ones make sure that every market has some.
      creators.market[c] = c < this.markets.length * 10 ? c % this.markets.length : this.#marketOf(random)
      creators.topic[c] = random.below(this.topics)
      creators.device[c] = this.identifier('device')
      creators.network[c] = this.identifier('network')
      creators.payment[c] = this.identifier('payment')
      creators.contact[c] = this.identifier('contact')
      creators.address[c] = this.identifier('address')
    }
  }

  #stockProducts(random: Random): void {
    const { products, creators } = this
    for (let p = 0; p < products.count; p++) {
      const seller = random.below(creators.count)
      products.seller[p] = seller
      products.market[p] = creators.market[seller]!
      products.appeal[p] = logNormal(random, PRODUCT_SIGMA)
      products.price[p] = Math.round(1500 * logNormal(random, 0.8))
    }
  }

  /** A third was there before the first day; creators differ widely in how much they publish. */
  #publishVideos(random: Random, count: number): void {
    const { creators, videos } = this
    const byMarket = this.markets.map((): number[] => [])
    for (let p = 0; p < this.products.count; p++) byMarket[this.products.market[p]!]!.push(p)
    const diligence = Float64Array.from({ length: creators.count }, () => logNormal(random, 0.9))
    const sum = diligence.reduce((total, each) => total + each, 0)
    let owed = 0
    for (let c = 0; c < creators.count; c++) {
      const fame = logNormal(random, 0.8)
      const shelf = byMarket[creators.market[c]!]!
      const favourites = shelf.length > 0 ? [0, 1, 2, 3].map(() => shelf[random.below(shelf.length)]!) : []
      owed += (count * diligence[c]!) / sum
      for (; owed >= 1 || videos.count < (c === creators.count - 1 ? count : 0); owed--) {
        const old = chance(random, 1 / 3)
        const at = old ? between(random, this.backlog, this.start) : between(random, this.start, this.end - DAY / 2)
        const product =
          chance(random, 0.5) && favourites.length > 0 ? favourites[random.below(favourites.length)]! : NONE
        videos.add(c, at, fame * logNormal(random, VIDEO_SIGMA), product, random.uint32(), random.uint32())
      }
    }
  }
}
