/**
 * A labelled synthetic ecosystem, hour by hour: organic life, planted rings at several difficulties, and innocent groups that look
 * organized. It proves that the machinery works and how it behaves at size; it is no evidence about a real platform, and no detector
 * is tuned to it.
 */
import { RingfenceError } from '../errors.js'
import { Random } from '../kernels/random.js'
import { Names } from './encode.js'
import { EventQueue, HOUR, type Hour } from './events.js'
import { recordHistory } from './history.js'
import { Identities } from './identities.js'
import { agency, campus, family, newPhone, staffChange } from './innocent/accounts.js'
import { fanClub, flashSale, liveRoom, reviewersClub, viralVideo } from './innocent/crowds.js'
import { Organic } from './organic.js'
import { checkSimulation, type SimulationParameters } from './parameters.js'
import { plantAccountTrading } from './planted/account-trading.js'
import { plantCoattail } from './planted/coattail.js'
import { plantDenseBlock } from './planted/dense-block.js'
import { plantLockstep } from './planted/lockstep.js'
import { plantMatrix } from './planted/matrix.js'
import { plantSybil } from './planted/sybil.js'
import { busyness } from './rhythm.js'
import { Casting, Stage } from './stage.js'
import type { Behaviour, Difficulty, InnocentGroup, PlantedMember, PlantedRing } from './truth.js'
import { streams, World } from './world.js'

const plants: Readonly<Record<Behaviour, (stage: Stage) => PlantedMember[]>> = {
  lockstep: plantLockstep,
  'dense-block': plantDenseBlock,
  sybil: plantSybil,
  'account-trading': plantAccountTrading,
  matrix: plantMatrix,
  coattail: plantCoattail,
}

const stories: Readonly<Record<string, (stage: Stage) => InnocentGroup['members']>> = {
  'viral-video': viralVideo,
  'flash-sale': flashSale,
  'fan-club': fanClub,
  'live-room': liveRoom,
  'reviewers-club': reviewersClub,
  family,
  campus,
  agency,
  'new-phone': newPhone,
  'staff-change': staffChange,
}

export const innocentStories: readonly string[] = Object.keys(stories)

/** Organic life must be most of what happens, or the rings are the platform. */
const MOST_PLANTED = 0.6

/** The market that is furthest behind its share of the groups, so that no small market has to cast more than it has. */
const marketFor = (shares: Float64Array, groupsIn: Int32Array): number => {
  let best = 0
  for (let market = 1; market < shares.length; market++)
    if ((groupsIn[market]! + 0.5) / shares[market]! < (groupsIn[best]! + 0.5) / shares[best]!) best = market
  return best
}

export class Simulation {
  readonly world: World
  readonly names: Names
  readonly rings: readonly PlantedRing[]
  readonly innocents: readonly InnocentGroup[]
  readonly #queue: EventQueue
  readonly #organic: Organic

  /** Plans everything but the organic life. Throws `usage` for parameters out of bounds or a world too small for its rings. */
  constructor(parameters: SimulationParameters) {
    checkSimulation(parameters)
    const world = new World(parameters)
    const queue = new EventQueue(world.backlog, world.end)
    const identities = new Identities(world)
    const cast = new Casting(world, new Random(parameters.seed, streams.casting))
    let group: number = streams.groups
    const groupsIn = new Int32Array(world.markets.length)
    const stage = (difficulty: Difficulty): Stage => {
      const market = marketFor(world.shares, groupsIn)
      groupsIn[market] = groupsIn[market]! + 1
      return new Stage(world, queue, cast, identities, new Random(parameters.seed, group++), difficulty, market)
    }

    const rings: PlantedRing[] = []
    for (const behaviour of parameters.behaviours)
      for (const difficulty of parameters.difficulties)
        for (let n = 1; n <= parameters.ringsEach; n++) {
          const members = plants[behaviour](stage(difficulty))
          rings.push({ id: `${behaviour}-${difficulty}-${n}`, behaviour, difficulty, members })
        }
    const innocents: InnocentGroup[] = []
    for (const [story, play] of Object.entries(stories))
      for (let n = 1; n <= parameters.innocentsEach; n++)
        innocents.push({ id: `${story}-${n}`, story, members: play(stage('medium')) })
    recordHistory(world, queue, identities, rings, new Random(parameters.seed, streams.history))
    if (queue.kept > parameters.interactions * MOST_PLANTED)
      throw new RingfenceError(
        'usage',
        `${parameters.interactions} interactions are too few for ${rings.length} rings and ${innocents.length} innocent groups; they alone make ${queue.kept}.`,
        { field: 'interactions' },
      )
    this.world = world
    this.rings = rings
    this.innocents = innocents
    this.names = new Names(world)
    this.#queue = queue
    this.#organic = new Organic(world, queue, identities, new Random(parameters.seed, streams.organic))
  }

  /** All interactions, hour by hour in order of time, exactly as many as were asked for. Can be run through once. */
  *hours(): Generator<Hour> {
    const { world } = this
    const queue = this.#queue
    const { interactions } = world.parameters
    const planned = queue.kept
    const first = Math.round((world.start - world.backlog) / HOUR)
    const traffic = Float64Array.from({ length: queue.hours - first }, (_, hour) =>
      world.shares.reduce(
        (sum, share, market) => sum + share * busyness(world.start + hour * HOUR, world.offsets[market]!),
        0,
      ),
    )
    const total = traffic.reduce((sum, each) => sum + each, 0)
    let passed = 0
    for (let hour = 0; hour < queue.hours; hour++) {
      const from = world.backlog + hour * HOUR
      if (hour >= first) {
        passed += traffic[hour - first]!
        const last = hour === queue.hours - 1
        this.#organic.hour(
          from,
          last ? interactions : Math.floor(planned + ((interactions - planned) * passed) / total),
        )
      }
      const events = queue.take()
      if (events) yield { from, events, order: events.order(from) }
    }
  }
}
