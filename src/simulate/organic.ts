/**
 * What ordinary people do: sessions at the times of day that people keep, a feed of fresh and popular videos of their topics and
 * of creators they follow, reactions by temperament, and purchases with reviews and refunds days later.
 */
import { type EntityKind, entityKinds, interactionTypes, scenarios } from '../../graph-schema/schema.js'
import type { Random } from '../kernels/random.js'
import { AliasGroups, AliasTable, between, chance, exponential, geometric, unit } from './distributions.js'
import { DAY, type EventQueue, HOUR, MINUTE, OWN_SCENARIO, SECOND } from './events.js'
import { type IdentifierKind, type Identities, identifierCode } from './identities.js'
import { type Persona, personaOf } from './personas.js'
import { busyness } from './rhythm.js'
import { ACQUAINTANCES, type World } from './world.js'

/** How the feed is filled: creators followed, the user's topics, another market, and the rest from all topics of the market. */
const FEED_FOLLOWED = 0.15
const FEED_TOPICS = 0.65
const FEED_ABROAD = 0.06
/** A video is shown mostly in its first days, and for ever a little. */
const FRESH_DAYS = 3
const EVERGREEN = 0.06
/** How often the feed is made anew. */
const FEED_HOURS = 6

const RECENT = 8
const FOLLOWED = 4

const SEEN_WITH_DEVICE = 0.2
const SEEN_WITH_NETWORK = 0.15
const SEEN_AT_ORDER = 0.25
const REVIEWED = 0.22
const REFUNDED = 0.05
const GIFT = 0.015
/** One comment in so many is a set phrase that everybody uses. */
const SET_PHRASE = 0.15
const SET_PHRASES = 40

const type = {
  follow: interactionTypes.follow.code,
  view: interactionTypes.view.code,
  like: interactionTypes.like.code,
  comment: interactionTypes.comment.code,
  share: interactionTypes.share.code,
  favorite: interactionTypes.favorite.code,
  click: interactionTypes.click.code,
  cart: interactionTypes.cart.code,
  order: interactionTypes.order.code,
  review: interactionTypes.review.code,
  refund: interactionTypes.refund.code,
  uses: interactionTypes.uses.code,
  transfer: interactionTypes.transfer.code,
} as const

const code = (kind: EntityKind): number => entityKinds[kind].code
const CREATOR = code('creator')
const USER = code('user')
const VIDEO = code('video')
const PRODUCT = code('product')
const CONTENT = scenarios.content.code

/** Honest ratings are mostly good, with a bump at the bottom. */
export const honestRating = (random: Random): number => {
  const x = unit(random)
  return x < 0.58 ? 5 : x < 0.79 ? 4 : x < 0.87 ? 3 : x < 0.92 ? 2 : 1
}

export class Organic {
  readonly #world: World
  readonly #queue: EventQueue
  readonly #identities: Identities
  readonly #random: Random
  readonly #usersByMarket: Int32Array
  readonly #someUser: AliasGroups
  readonly #productsByMarket: Int32Array
  readonly #someProduct: AliasGroups
  /** Videos by market and topic of their creators. */
  readonly #videosByGroup: Int32Array
  readonly #feed: AliasGroups
  readonly #feedWeights: Float64Array
  readonly #someTopic: (AliasTable | null)[] = []
  readonly #latest: Int32Array
  readonly #recent: Int32Array
  readonly #followed: Int32Array

  constructor(world: World, queue: EventQueue, identities: Identities, random: Random) {
    const { users, products, videos, creators, markets, topics } = world
    this.#world = world
    this.#queue = queue
    this.#identities = identities
    this.#random = random
    const byUser = groupBy(users.count, markets.length, (u) => users.market[u]!)
    this.#usersByMarket = byUser.items
    this.#someUser = new AliasGroups(byUser.offsets).build(Float64Array.from(byUser.items, (u) => users.activity[u]!))
    const byProduct = groupBy(products.count, markets.length, (p) => products.market[p]!)
    this.#productsByMarket = byProduct.items
    this.#someProduct = new AliasGroups(byProduct.offsets).build(
      Float64Array.from(byProduct.items, (p) => products.appeal[p]!),
    )
    const groupOfVideo = (v: number) =>
      creators.market[videos.creator[v]!]! * topics + creators.topic[videos.creator[v]!]!
    const byVideo = groupBy(videos.count, markets.length * topics, groupOfVideo)
    this.#videosByGroup = byVideo.items
    this.#feed = new AliasGroups(byVideo.offsets)
    this.#feedWeights = new Float64Array(videos.count)
    this.#latest = new Int32Array(creators.count).fill(-1)
    this.#recent = new Int32Array(users.count * RECENT).fill(-1)
    this.#followed = new Int32Array(users.count * FOLLOWED).fill(-1)
  }

  /** Fills the queue with sessions that start in the hour at `from`, until it has kept `until` events in all. */
  hour(from: number, until: number): void {
    if (Math.round((from - this.#world.start) / HOUR) % FEED_HOURS === 0) this.#refreshFeed(from)
    const { shares, offsets } = this.#world
    const someMarket = new AliasTable(shares.map((share, market) => share * busyness(from, offsets[market]!)))
    while (this.#queue.kept < until) {
      const market = someMarket.draw(this.#random)
      const place = this.#someUser.draw(this.#random, market)
      if (place >= 0) this.#session(this.#usersByMarket[place]!, market, from + unit(this.#random) * HOUR, until)
    }
  }

  #refreshFeed(now: number): void {
    const { videos, creators, markets, topics } = this.#world
    const published = new Float64Array(creators.count).fill(Number.NEGATIVE_INFINITY)
    for (let i = 0; i < this.#feedWeights.length; i++) {
      const v = this.#videosByGroup[i]!
      const at = videos.publishedAt[v]!
      if (at > now) {
        this.#feedWeights[i] = 0
        continue
      }
      const age = (now - at) / (FRESH_DAYS * DAY)
      this.#feedWeights[i] = videos.quality[v]! * (EVERGREEN + Math.exp(-age))
      const creator = videos.creator[v]!
      if (at < published[creator]!) continue
      published[creator] = at
      this.#latest[creator] = v
    }
    this.#feed.build(this.#feedWeights)
    for (let market = 0; market < markets.length; market++) {
      const totals = this.#feed.totals.slice(market * topics, (market + 1) * topics)
      this.#someTopic[market] = totals.some((total) => total > 0) ? new AliasTable(totals) : null
    }
  }

  /** The next video of a user's feed; -1 where the market has none yet. */
  #nextVideo(user: number, market: number): number {
    const random = this.#random
    const { users, topics, markets } = this.#world
    const x = unit(random)
    if (x < FEED_FOLLOWED) {
      const creator = this.#followed[user * FOLLOWED + random.below(FOLLOWED)]!
      if (creator >= 0 && this.#latest[creator]! >= 0) return this.#latest[creator]!
    }
    const shown = x > 1 - FEED_ABROAD ? random.below(markets.length) : market
    const inTopic = x < FEED_FOLLOWED + FEED_TOPICS
    const topic = inTopic
      ? chance(random, 0.6)
        ? users.topic[user]!
        : users.secondTopic[user]!
      : (this.#someTopic[shown]?.draw(random) ?? 0)
    const place = this.#feed.draw(random, shown * topics + topic)
    return place < 0 ? -1 : this.#videosByGroup[place]!
  }

  #add(code: number, user: number, kind: number, target: number, at: number, market: number, a = 0, b = 0): void {
    this.#queue.add(code, USER, user, kind, target, at, market, a, b)
  }

  #seenWith(user: number, kind: IdentifierKind, at: number, market: number): void {
    this.#add(type.uses, user, identifierCode(kind), this.#identities.at('user', user, kind, at), at, market)
  }

  #session(user: number, market: number, from: number, until: number): void {
    const random = this.#random
    const queue = this.#queue
    const persona = personaOf(this.#world.users.persona[user]!)
    if (chance(random, SEEN_WITH_DEVICE)) this.#seenWith(user, 'device', from, market)
    if (chance(random, SEEN_WITH_NETWORK)) {
      if (chance(random, 0.6)) this.#seenWith(user, 'network', from, market)
      else this.#add(type.uses, user, code('network'), this.#world.users.carrier[user]!, from, market)
    }
    let at = from
    for (let left = geometric(random, persona.views); left > 0 && queue.kept < until; left--) {
      at = this.#watch(user, market, persona, at + SECOND * (4 + exponential(random, 25)), until)
    }
    for (let left = geometric(random, persona.shelf); left > 0 && queue.kept < until; left--) {
      at += SECOND * (8 + exponential(random, 60))
      const place = this.#someProduct.draw(random, market)
      if (place >= 0) this.#consider(user, market, persona, this.#productsByMarket[place]!, at, OWN_SCENARIO, until)
    }
    if (chance(random, GIFT) && queue.kept < until) {
      const friend = user + 1 + random.below(ACQUAINTANCES)
      const amount = 100 + Math.floor(exponential(random, 3000))
      if (friend < this.#world.users.count) this.#add(type.transfer, user, USER, friend, at, market, amount)
    }
  }

  #watch(user: number, market: number, persona: Persona, at: number, until: number): number {
    const random = this.#random
    const queue = this.#queue
    const video = this.#nextVideo(user, market)
    if (video < 0) return at
    const recent = this.#recent.subarray(user * RECENT, (user + 1) * RECENT)
    if (recent.includes(video)) return at
    recent[random.below(RECENT)] = video
    this.#add(type.view, user, VIDEO, video, at, market)
    const after = at + SECOND * exponential(random, 20)
    if (chance(random, persona.like) && queue.kept < until) this.#add(type.like, user, VIDEO, video, after, market)
    if (chance(random, persona.comment) && queue.kept < until) {
      const set = chance(random, SET_PHRASE)
      const text = set ? random.below(SET_PHRASES) : random.uint32()
      this.#add(type.comment, user, VIDEO, video, after + 9 * SECOND, market, text, set ? 0 : random.uint32())
    }
    if (chance(random, persona.pass) && queue.kept < until) this.#add(type.share, user, VIDEO, video, after, market)
    if (chance(random, persona.favorite) && queue.kept < until)
      this.#add(type.favorite, user, VIDEO, video, after, market)
    const creator = this.#world.videos.creator[video]!
    if (chance(random, persona.follow) && queue.kept < until) {
      const followed = this.#followed.subarray(user * FOLLOWED, (user + 1) * FOLLOWED)
      if (!followed.includes(creator)) {
        followed[random.below(FOLLOWED)] = creator
        this.#add(type.follow, user, CREATOR, creator, after, market)
      }
    }
    const product = this.#world.videos.product[video]!
    if (product >= 0 && chance(random, persona.click))
      this.#consider(user, market, persona, product, after + 3 * SECOND, CONTENT, until)
    return after
  }

  /** Opens a product page, and may buy. `scenario`: from a video, or on the shelf. */
  #consider(
    user: number,
    market: number,
    persona: Persona,
    product: number,
    at: number,
    scenario: number,
    until: number,
  ): void {
    const random = this.#random
    const queue = this.#queue
    if (queue.kept >= until) return
    queue.add(type.click, USER, user, PRODUCT, product, at, market, 0, 0, scenario)
    if (!chance(random, persona.order)) return
    if (queue.kept < until && chance(random, 0.6))
      queue.add(type.cart, USER, user, PRODUCT, product, at + 20 * SECOND, market, 0, 0, scenario)
    if (queue.kept >= until || !chance(random, 0.5)) return
    const ordered = at + MINUTE * between(random, 1, 6)
    const price = this.#world.products.price[product]!
    queue.add(type.order, USER, user, PRODUCT, product, ordered, market, price, 0, scenario)
    if (queue.kept < until && chance(random, SEEN_AT_ORDER)) this.#seenWith(user, 'payment', ordered, market)
    if (queue.kept < until && chance(random, SEEN_AT_ORDER)) this.#seenWith(user, 'address', ordered, market)
    if (queue.kept < until && chance(random, REVIEWED))
      this.#add(
        type.review,
        user,
        PRODUCT,
        product,
        ordered + DAY * between(random, 2, 9),
        market,
        honestRating(random),
        random.uint32(),
      )
    if (queue.kept < until && chance(random, REFUNDED))
      this.#add(type.refund, user, PRODUCT, product, ordered + DAY * between(random, 2, 12), market, price)
  }
}

/** Items 0..count-1 by group, with the positions at which groups start. */
const groupBy = (
  count: number,
  groups: number,
  groupOf: (item: number) => number,
): { readonly items: Int32Array; readonly offsets: Int32Array } => {
  const offsets = new Int32Array(groups + 1)
  for (let i = 0; i < count; i++) offsets[groupOf(i) + 1]!++
  for (let g = 0; g < groups; g++) offsets[g + 1] = offsets[g + 1]! + offsets[g]!
  const next = offsets.slice()
  const items = new Int32Array(count)
  for (let i = 0; i < count; i++) items[next[groupOf(i)]!++] = i
  return { items, offsets }
}
