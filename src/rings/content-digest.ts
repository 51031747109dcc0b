/** A digest of what an interaction says, so that a later change is seen. Short: it guards against mistakes, not against forgers. */
import { createHash } from 'node:crypto'
import type { InteractionRecord } from '../store/store.js'

/** Hex digits: among a million interactions two share a digest once in 37 million times. */
const DIGITS = 16

/** Objects with their keys in order, so that how a store keeps them does not matter. */
const ordered = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(ordered)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, ordered(each)]),
  )
}

export const contentDigest = (record: InteractionRecord): string => {
  const { type, id, actor, target, at, market, scenario, weight, attributes } = record
  const content = [
    type,
    id,
    actor.kind,
    actor.id,
    target.kind,
    target.id,
    at,
    market,
    scenario,
    weight,
    ordered(attributes),
  ]
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, DIGITS)
}
