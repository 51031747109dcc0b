/** Crowds that act together for honest reasons: something went viral, was cheap for an hour, is loved, or was live. */
import { DAY, HOUR, MINUTE, SECOND } from '../events.js'
import { honestRating } from '../organic.js'
import type { Stage } from '../stage.js'
import type { InnocentGroup } from '../truth.js'

type Members = InnocentGroup['members']

const people = (users: readonly number[]): Members => users.map((index) => ({ kind: 'user', index }))

/** A video is shown to a good part of the market within some hours, and people react as people do. */
export const viralVideo = (stage: Stage): Members => {
  const [creator] = stage.cast.creatorsOf(stage.market, 1)
  if (creator === undefined) return []
  const from = stage.awake(stage.moment(0.1, 0.85))
  const video = stage.film(creator, from - 5 * HOUR, 3)
  const crowd = stage.cast.crowdOf(stage.market, stage.size(150, 250, 25))
  for (const user of crowd) {
    const after = stage.view(user, video, from + stage.exponential(3 * HOUR))
    if (stage.chance(0.3)) stage.act('like', 'user', user, 'video', video, after)
    if (stage.chance(0.12)) stage.act('share', 'user', user, 'video', video, after + 8 * SECOND)
    if (stage.chance(0.06)) stage.act('follow', 'user', user, 'creator', creator, after + 15 * SECOND)
  }
  return [...people(crowd), { kind: 'video', index: video }]
}

/** Many buy one product in the same quarter of an hour. */
export const flashSale = (stage: Stage): Members => {
  const [product] = stage.cast.weakProductsOf(stage.market, 1)
  if (product === undefined) return []
  const from = stage.awake(stage.moment(0.1, 0.85))
  const crowd = stage.cast.crowdOf(stage.market, stage.size(80, 140, 20))
  for (const user of crowd) {
    const rating = stage.chance(0.25) ? honestRating(stage.random) : null
    const at = from + stage.exponential(6 * MINUTE)
    if (stage.chance(0.75)) stage.buy(user, product, at, rating)
    else stage.act('click', 'user', user, 'product', product, at)
  }
  return [...people(crowd), { kind: 'product', index: product }]
}

/** People who love one creator and are there for most videos, each when the evening allows. */
export const fanClub = (stage: Stage): Members => {
  const [creator] = stage.cast.creatorsOf(stage.market, 1)
  if (creator === undefined) return []
  const fans = stage.cast.usersOf(stage.market, stage.size(25, 45, 10))
  for (const fan of fans) stage.act('follow', 'user', fan, 'creator', creator, stage.moment(0, 0.3))
  for (let episode = stage.size(8, 14, 6); episode > 0; episode--) {
    const published = stage.awake(stage.moment(0.05, 0.9))
    const video = stage.film(creator, published, 1.5)
    for (const fan of fans) {
      if (!stage.chance(0.55)) continue
      const later = stage.exponential(9 * HOUR)
      const at = later < 3 * HOUR ? published + later : stage.awake(published + later)
      const after = stage.view(fan, video, at)
      if (stage.chance(0.7)) stage.act('like', 'user', fan, 'video', video, after)
      if (stage.chance(0.3))
        stage.act(
          'comment',
          'user',
          fan,
          'video',
          video,
          after + 20 * SECOND,
          stage.random.uint32(),
          stage.random.uint32(),
        )
    }
  }
  return [...people(fans), { kind: 'creator', index: creator }]
}

/** Regulars of a weekly live room, who come within the same half hour and buy what is shown. */
export const liveRoom = (stage: Stage): Members => {
  const [host] = stage.cast.creatorsOf(stage.market, 1)
  if (host === undefined) return []
  const regulars = stage.cast.usersOf(stage.market, stage.size(30, 60, 12))
  const first = stage.awake(stage.moment(0, 0.1))
  for (let at = first; at < stage.world.end - 2 * HOUR; at += 7 * DAY) {
    const [product] = stage.cast.weakProductsOf(stage.market, 1)
    const room = stage.film(host, at, 0.5, product ?? -1)
    for (const regular of regulars) {
      if (!stage.chance(0.45)) continue
      const came = at + stage.exponential(15 * MINUTE)
      const after = stage.view(regular, room, came) + stage.between(1, 30) * MINUTE
      if (stage.chance(0.4)) stage.act('like', 'user', regular, 'video', room, after)
      if (stage.chance(0.25))
        stage.act('comment', 'user', regular, 'video', room, after, stage.random.uint32(), stage.random.uint32())
      if (product !== undefined && stage.chance(0.2)) stage.buy(regular, product, after, null)
    }
  }
  return [...people(regulars), { kind: 'creator', index: host }]
}

/** A club that tries new products and says what it thinks, good or bad, among many other customers. */
export const reviewersClub = (stage: Stage): Members => {
  const club = stage.cast.usersOf(stage.market, stage.size(18, 28, 8))
  const { products } = stage.world
  const all: number[] = []
  for (let p = 0; p < products.count; p++) if (products.market[p] === stage.market) all.push(p)
  // Each member chooses from a wide programme: any two share a few products, not a list.
  const programme = stage.sample(all, 30)
  for (const member of club)
    for (const product of stage.sample(programme, 5 + stage.random.below(4)))
      stage.buy(member, product, stage.awake(stage.moment(0.05, 0.8)), honestRating(stage.random))
  return people(club)
}
