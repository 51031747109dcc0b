/** Filters and order of the table of rings, as they stand in the address. */
import type { RingSummary } from '../api/shapes.js'

export const facets = ['behaviour', 'market', 'scenario', 'decision'] as const
export type Facet = (typeof facets)[number]

export const numbers = ['minScore', 'maxFdr', 'minAccounts', 'maxAge'] as const
export type NumberFilter = (typeof numbers)[number]

export const orders = ['score', 'fdr', 'accounts', 'targets', 'end', 'id'] as const
export type Order = (typeof orders)[number]

export interface RingFilter {
  readonly behaviour: readonly string[]
  readonly market: readonly string[]
  readonly scenario: readonly string[]
  /** What is held of it; `none` where nobody has decided. */
  readonly decision: readonly string[]
  readonly minScore: number | null
  readonly maxFdr: number | null
  readonly minAccounts: number | null
  /** Its last known action is at most so many days before the run's as-of. */
  readonly maxAge: number | null
  readonly text: string
  readonly order: Order
  readonly falling: boolean
}

const numberOf = (text: string | null): number | null => {
  const value = Number(text)
  return text === null || text === '' || !Number.isFinite(value) ? null : value
}

export const readFilter = (query: URLSearchParams): RingFilter => {
  const [name = 'score', direction] = (query.get('sort') ?? '').split('.')
  const order = orders.find((each) => each === name) ?? 'score'
  return {
    behaviour: query.getAll('behaviour'),
    market: query.getAll('market'),
    scenario: query.getAll('scenario'),
    decision: query.getAll('decision'),
    minScore: numberOf(query.get('minScore')),
    maxFdr: numberOf(query.get('maxFdr')),
    minAccounts: numberOf(query.get('minAccounts')),
    maxAge: numberOf(query.get('maxAge')),
    text: query.get('q') ?? '',
    order,
    falling: direction === undefined ? fallsFirst(order) : direction === 'down',
  }
}

export const fallsFirst = (order: Order): boolean => order !== 'fdr' && order !== 'id'

const valuesOf = (ring: RingSummary, facet: Facet): readonly string[] =>
  facet === 'behaviour'
    ? ring.behaviours
    : facet === 'market'
      ? ring.markets.map((each) => each || 'unknown')
      : facet === 'scenario'
        ? ring.scenarios
        : [ring.decision ?? 'none']

const DAY_MS = 86_400_000

/** Days from a ring's last known action to `asOf`; null where no time is known. */
export const ageOf = (ring: RingSummary, asOf: number): number | null =>
  ring.window === null ? null : Math.max(0, (asOf - Date.parse(ring.window.to)) / DAY_MS)

const isWithin = (ring: RingSummary, name: NumberFilter, limit: number, asOf: number): boolean => {
  if (name === 'minScore') return ring.score >= limit
  if (name === 'maxFdr') return ring.fdr <= limit
  if (name === 'minAccounts') return ring.accounts >= limit
  const age = ageOf(ring, asOf)
  return age !== null && age <= limit
}

const passes = (ring: RingSummary, filter: RingFilter, asOf: number, except: Facet | NumberFilter | null): boolean => {
  for (const facet of facets)
    if (
      facet !== except &&
      filter[facet].length > 0 &&
      !valuesOf(ring, facet).some((each) => filter[facet].includes(each))
    )
      return false
  for (const name of numbers) {
    const limit = filter[name]
    if (name !== except && limit !== null && !isWithin(ring, name, limit, asOf)) return false
  }
  return filter.text === '' || ring.id.toLowerCase().includes(filter.text.toLowerCase())
}

/** Of the rings that pass the other filters, how many pass this one too. */
export const numberCounts = (
  rings: readonly RingSummary[],
  filter: RingFilter,
  asOf: number,
  name: NumberFilter,
): { readonly pass: number; readonly others: number } => {
  const others = rings.filter((ring) => passes(ring, filter, asOf, name))
  const limit = filter[name]
  const pass = limit === null ? others : others.filter((ring) => isWithin(ring, name, limit, asOf))
  return { pass: pass.length, others: others.length }
}

const keyOf: Readonly<Record<Order, (ring: RingSummary) => number | string>> = {
  score: (ring) => ring.score,
  fdr: (ring) => ring.fdr,
  accounts: (ring) => ring.accounts,
  targets: (ring) => ring.targets,
  end: (ring) => ring.window?.to ?? '',
  id: (ring) => ring.id,
}

export const filterRings = (
  rings: readonly RingSummary[],
  filter: RingFilter,
  asOf: number,
): readonly RingSummary[] => {
  const key = keyOf[filter.order]
  const sign = filter.falling ? -1 : 1
  return rings
    .filter((ring) => passes(ring, filter, asOf, null))
    .map((ring) => ({ ring, at: key(ring) }))
    .sort((a, b) => (a.at < b.at ? -sign : a.at > b.at ? sign : 0))
    .map(({ ring }) => ring)
}

/** For each value of a facet how many rings there would be with it, under the other filters; also of values that are chosen and have none. */
export const facetCounts = (
  rings: readonly RingSummary[],
  filter: RingFilter,
  asOf: number,
  facet: Facet,
): readonly (readonly [string, number])[] => {
  const counts = new Map<string, number>(filter[facet].map((value) => [value, 0]))
  for (const ring of rings) {
    const fits = passes(ring, filter, asOf, facet)
    for (const value of valuesOf(ring, facet)) counts.set(value, (counts.get(value) ?? 0) + (fits ? 1 : 0))
  }
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
}
