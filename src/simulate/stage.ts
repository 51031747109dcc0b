/**
 * Where a planted ring or an innocent group is played: it casts ordinary accounts of the world, each for one story only, and
 * puts what they do in the queue.
 */
import {
  type EntityKind,
  entityKinds,
  type InteractionType,
  interactionTypes,
  type Scenario,
  scenarios,
} from '../../graph-schema/schema.js'
import { RingfenceError } from '../errors.js'
import type { Random } from '../kernels/random.js'
import { between, chance, exponential, gaussian, logNormal, sample, wholeBetween } from './distributions.js'
import { DAY, type EventQueue, HOUR, MINUTE, OWN_SCENARIO, SECOND } from './events.js'
import type { Identities } from './identities.js'
import { type Hiding, hiding } from './parameters.js'
import { nextLocalHour } from './rhythm.js'
import type { Difficulty } from './truth.js'
import { BACKLOG_DAYS, type World } from './world.js'

/** Users of a world in which rings have their usual size; smaller worlds have smaller rings. */
const USUAL_USERS = 4000
const SMALLEST_SCALE = 0.4
const LARGEST_SCALE = 1.5

/** Appeal is log-normal with median 1: a tenth of the products is above, and stays what everybody wants. */
const HOT_APPEAL = 6
const WEAK_APPEAL = 1

/** Hands out accounts, products and creators, each once, so that stories do not blur into each other. */
export class Casting {
  readonly #random: Random
  readonly #world: World
  readonly #users: Int32Array
  readonly #creators: Int32Array
  readonly #products: Int32Array
  #nextUser = 0
  #nextCreator = 0
  #nextProduct = 0

  constructor(world: World, random: Random) {
    this.#world = world
    this.#random = random
    const shuffled = (count: number): Int32Array => {
      const order = Int32Array.from({ length: count }, (_, i) => i)
      random.shuffle(order)
      return order
    }
    this.#users = shuffled(world.users.count)
    this.#creators = shuffled(world.creators.count)
    this.#products = shuffled(world.products.count)
  }

  /** The next `count` of a shuffled list that fit; what is taken moves in front of `from`. */
  #take(list: Int32Array, from: number, count: number, what: string, fits: (item: number) => boolean): number[] {
    const taken: number[] = []
    for (let i = from; i < list.length && taken.length < count; i++) {
      const item = list[i]!
      if (!fits(item)) continue
      list[i] = list[from + taken.length]!
      list[from + taken.length] = item
      taken.push(item)
    }
    if (taken.length < count)
      throw new RingfenceError('usage', `The simulated platform has too few ${what} for so many rings and groups.`, {
        field: 'interactions',
      })
    return taken
  }

  usersOf(market: number, count: number): number[] {
    const own = this.#world.users.market
    const taken = this.#take(this.#users, this.#nextUser, count, 'users', (user) => own[user] === market)
    this.#nextUser += count
    return taken
  }

  creatorsOf(market: number, count: number): number[] {
    const own = this.#world.creators.market
    const taken = this.#take(this.#creators, this.#nextCreator, count, 'creators', (creator) => own[creator] === market)
    this.#nextCreator += count
    return taken
  }

  /** Products that few people want: what is cast is not wanted from then on, unless it was hot. */
  weakProductsOf(market: number, count: number): number[] {
    const { market: own, appeal } = this.#world.products
    const fits = (product: number): boolean => own[product] === market && appeal[product]! < HOT_APPEAL
    const taken = this.#take(this.#products, this.#nextProduct, count, 'products', fits)
    for (const product of taken) appeal[product] = Math.min(WEAK_APPEAL, appeal[product]!)
    this.#nextProduct += count
    return taken
  }

  /** Users whom no story has yet, drawn without taking them: bystanders in a crowd. */
  crowdOf(market: number, count: number): number[] {
    const { users } = this.#world
    const free = this.#users.length - this.#nextUser
    const crowd = new Set<number>()
    for (let tries = 0; crowd.size < count && tries < count * 20 && free > 0; tries++) {
      const user = this.#users[this.#nextUser + this.#random.below(free)]!
      if (users.market[user] === market) crowd.add(user)
    }
    return [...crowd]
  }
}

export class Stage {
  readonly random: Random
  readonly world: World
  readonly queue: EventQueue
  readonly cast: Casting
  readonly identities: Identities
  readonly hiding: Hiding
  /** Size of groups relative to the usual one. */
  readonly scale: number
  readonly market: number

  constructor(
    world: World,
    queue: EventQueue,
    cast: Casting,
    identities: Identities,
    random: Random,
    difficulty: Difficulty,
    market: number,
  ) {
    this.world = world
    this.queue = queue
    this.cast = cast
    this.identities = identities
    this.random = random
    this.hiding = hiding[difficulty]
    this.scale = Math.min(LARGEST_SCALE, Math.max(SMALLEST_SCALE, Math.sqrt(world.users.count / USUAL_USERS)))
    this.market = market
  }

  /** A group's size from..to, scaled to the world, never below `least`. */
  size(from: number, to: number, least: number): number {
    return Math.max(least, Math.round(wholeBetween(this.random, from, to) * this.scale))
  }

  chance(probability: number): boolean {
    return chance(this.random, probability)
  }

  between(from: number, to: number): number {
    return between(this.random, from, to)
  }

  exponential(mean: number): number {
    return exponential(this.random, mean)
  }

  pick<T>(values: readonly T[]): T {
    return values[this.random.below(values.length)]!
  }

  sample<T>(values: readonly T[], count: number): T[] {
    return sample(this.random, values, count)
  }

  /** Off the moment that was meant, by the difficulty's jitter. */
  jitter(): number {
    return gaussian(this.random) * this.hiding.jitterMinutes * MINUTE
  }

  /** A moment between two shares of the simulated time. */
  moment(from: number, to: number): number {
    return this.between(this.world.start + from * this.span, this.world.start + to * this.span)
  }

  /** A moment at which people of the market are awake, mostly in the evening. */
  awake(at: number, market = this.market): number {
    const hour = Math.min(23.9, Math.max(7, 19 + 3 * gaussian(this.random)))
    return nextLocalHour(at, this.world.offsets[market]!, hour)
  }

  get span(): number {
    return this.world.end - this.world.start
  }

  /** Sets how much else the accounts of a ring do, so that they do not stand out as empty shells or as machines. */
  camouflage(users: readonly number[]): void {
    // The mean of ordinary activity is exp(1.1^2 / 2) = 1.8 times its median of 1.
    for (const user of users) this.world.users.activity[user] = this.hiding.camouflage * logNormal(this.random, 0.5)
  }

  act(
    type: InteractionType,
    actorKind: EntityKind,
    actor: number,
    targetKind: EntityKind,
    target: number,
    at: number,
    a = 0,
    b = 0,
    scenario: Scenario | null = null,
  ): void {
    const market = actorKind === 'creator' || actorKind === 'user' ? this.marketOf(actorKind, actor) : this.market
    this.queue.add(
      interactionTypes[type].code,
      entityKinds[actorKind].code,
      actor,
      entityKinds[targetKind].code,
      target,
      at,
      market,
      a,
      b,
      scenario === null ? OWN_SCENARIO : scenarios[scenario].code,
    )
  }

  marketOf(kind: 'creator' | 'user', index: number): number {
    return kind === 'creator' ? this.world.creators.market[index]! : this.world.users.market[index]!
  }

  /** Watches a video; returns when the user is ready to react to it. */
  view(user: number, video: number, at: number): number {
    this.act('view', 'user', user, 'video', video, at)
    return at + this.between(5, 45) * SECOND
  }

  /** Orders a product after a look at it, and reviews it some days later when `rating` is given. */
  buy(user: number, product: number, at: number, rating: number | null, textHash = this.random.uint32()): void {
    this.act('click', 'user', user, 'product', product, at)
    const ordered = at + this.between(20, 240) * SECOND
    this.act('order', 'user', user, 'product', product, ordered, this.world.products.price[product]!)
    if (rating === null) return
    const reviewed = ordered + this.between(1, 5) * DAY
    this.act('review', 'user', user, 'product', product, reviewed, rating, textHash)
  }

  /** A new video of a creator; published with all others when the simulation starts. */
  film(creator: number, at: number, quality: number, product = -1): number {
    return this.world.videos.add(creator, at, quality, product, this.random.uint32(), this.random.uint32())
  }

  /** A moment in the history before the first day. */
  before(): number {
    return this.world.start - this.between(1 * HOUR, BACKLOG_DAYS * DAY)
  }
}
