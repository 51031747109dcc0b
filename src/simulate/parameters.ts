/** What a simulated ecosystem is made by: a handful of numbers and a seed. */
import { RingfenceError } from '../errors.js'
import { type Behaviour, behaviours, type Difficulty, difficulties } from './truth.js'

export interface SimulationParameters {
  /** How many interactions come out, exactly. */
  readonly interactions: number
  readonly days: number
  /** Epoch milliseconds, midnight UTC. */
  readonly start: number
  readonly seed: number
  readonly markets: readonly string[]
  readonly behaviours: readonly Behaviour[]
  readonly difficulties: readonly Difficulty[]
  /** Rings of each behaviour at each difficulty. */
  readonly ringsEach: number
  /** Groups that look organized and are not, of each kind. */
  readonly innocentsEach: number
}

/**
 * How well a planted ring hides. `camouflage`: organic activity of its accounts beside an ordinary account's. `jitterMinutes`:
 * spread of moments that were meant to be one. `participation`: share of the accounts that take part in each action. `density`:
 * share of the block that is filled. `sharing`: share of the accounts whose identifiers are shared.
 */
export interface Hiding {
  readonly camouflage: number
  readonly jitterMinutes: number
  readonly participation: number
  readonly density: number
  readonly sharing: number
}

export const hiding: Readonly<Record<Difficulty, Hiding>> = {
  easy: { camouflage: 0.2, jitterMinutes: 3, participation: 0.95, density: 0.85, sharing: 0.95 },
  medium: { camouflage: 0.7, jitterMinutes: 20, participation: 0.75, density: 0.6, sharing: 0.75 },
  hard: { camouflage: 1.2, jitterMinutes: 120, participation: 0.5, density: 0.4, sharing: 0.5 },
}

/** Offset of local time from UTC in hours, share of the users, currency. */
export const knownMarkets: Readonly<Record<string, { offset: number; share: number; currency: string }>> = {
  US: { offset: -5, share: 0.35, currency: 'USD' },
  ID: { offset: 7, share: 0.3, currency: 'IDR' },
  GB: { offset: 0, share: 0.15, currency: 'GBP' },
  VN: { offset: 7, share: 0.2, currency: 'VND' },
  TH: { offset: 7, share: 0.15, currency: 'THB' },
  BR: { offset: -3, share: 0.25, currency: 'BRL' },
}

const MILLION = 1e6
/** Below this the population would be too small to hide a ring of eight in. */
export const LEAST_INTERACTIONS = 10_000
/** Indices of interactions are written as decimal numbers from 32-bit counters. */
export const MOST_INTERACTIONS = 1e9

/** A Monday, so that weekends fall where people expect them. */
const DEFAULT_START = Date.UTC(2026, 0, 5)

export const defaultSimulation = (interactions: number): SimulationParameters => ({
  interactions,
  days: 28,
  start: DEFAULT_START,
  seed: 1,
  markets: interactions < 50_000 ? ['US', 'ID'] : ['US', 'ID', 'GB', 'VN'],
  behaviours,
  difficulties: interactions < 100_000 ? ['medium'] : difficulties,
  // Rings grow more slowly than the platform: a hundred times the traffic, ten times the rings.
  ringsEach: Math.max(1, Math.round(2 * Math.sqrt(interactions / MILLION))),
  innocentsEach: Math.max(1, Math.round(2 * Math.sqrt(interactions / MILLION))),
})

const wrong = (field: string, value: unknown, wanted: string): never => {
  throw new RingfenceError('usage', `${field} is ${String(value)}; it must be ${wanted}.`, { field })
}

const requireWhole = (field: string, value: number, least: number, most: number): void => {
  if (!Number.isInteger(value) || value < least || value > most)
    wrong(field, value, `a whole number from ${least} to ${most}`)
}

/** Throws `usage`, naming the parameter. */
export const checkSimulation = (parameters: SimulationParameters): void => {
  requireWhole('interactions', parameters.interactions, LEAST_INTERACTIONS, MOST_INTERACTIONS)
  requireWhole('days', parameters.days, 14, 366)
  requireWhole('seed', parameters.seed, 0, Number.MAX_SAFE_INTEGER)
  requireWhole('rings', parameters.ringsEach, 0, 1000)
  requireWhole('innocents', parameters.innocentsEach, 0, 1000)
  if (!Number.isInteger(parameters.start / 86_400_000) || parameters.start < Date.UTC(1971, 0, 1))
    wrong('start', parameters.start, 'a day from 1971 on')
  if (parameters.markets.length === 0) wrong('markets', '', 'at least one market')
  for (const market of parameters.markets)
    if (!Object.hasOwn(knownMarkets, market)) wrong('markets', market, `of ${Object.keys(knownMarkets).join(', ')}`)
  for (const behaviour of parameters.behaviours)
    if (!behaviours.includes(behaviour)) wrong('behaviours', behaviour, `of ${behaviours.join(', ')}`)
  for (const difficulty of parameters.difficulties)
    if (!difficulties.includes(difficulty)) wrong('difficulty', difficulty, `of ${difficulties.join(', ')}`)
}
