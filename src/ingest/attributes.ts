/** Attributes: a JSON object with sorted keys at every depth, so that equal content is equal bytes, and the keys with a fixed form. */
import { interactionType, interactionTypeByCode, type ReservedAttribute } from '../../graph-schema/schema.js'

const FINGERPRINT = /^[0-9a-f]{16}$/
/** Control characters that JSON.stringify leaves as they are. */
const UNESCAPED_CONTROL = /[\x7f-\x9f]/g
/** Deeper nesting is refused, so that a crafted record cannot exhaust the stack. */
const DEEPEST = 64

/** False where a text holds half of a surrogate pair, which UTF-8 cannot write. The method is ES2024 and in Node.js 20. */
export const wellFormed = (text: string): boolean => (text as unknown as { isWellFormed(): boolean }).isWellFormed()

/** JSON.parse rounds whole numbers beyond 2^53 and makes Infinity of what is too large: both would change what was meant. */
export const isExact = (value: number): boolean =>
  Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))

const sorted = (value: unknown, depth: number): unknown => {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'string' && !wellFormed(value)) throw new RangeError('half of a surrogate pair')
    if (typeof value === 'number' && !isExact(value)) throw new RangeError('a number that has lost digits')
    return value
  }
  if (depth > DEEPEST) throw new RangeError('nested too deep')
  if (Array.isArray(value)) return value.map((item) => sorted(item, depth + 1))
  // No prototype, so that a key named __proto__ stays a key.
  const result: Record<string, unknown> = Object.create(null)
  for (const key of Object.keys(value).sort()) {
    if (!wellFormed(key)) throw new RangeError('half of a surrogate pair')
    result[key] = sorted((value as Record<string, unknown>)[key], depth + 1)
  }
  return result
}

/**
 * The canonical text of a JSON value; null where it holds half a surrogate pair or an inexact number, or is nested too deep. Keys that are whole
 * numbers come first, in numeric order, as JavaScript objects keep them; the others follow by UTF-16 code units.
 */
export const canonicalJson = (value: unknown): string | null => {
  try {
    return JSON.stringify(sorted(value, 0)).replace(
      UNESCAPED_CONTROL,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isText = (value: unknown): boolean => typeof value === 'string'
const isFiniteNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value)
const isRating = (value: unknown): boolean => typeof value === 'number' && value >= 1 && value <= 5
const isFingerprint = (value: unknown): boolean => typeof value === 'string' && FINGERPRINT.test(value)

interface ReservedKey {
  readonly on: (typeName: string, enforcement: boolean) => boolean
  readonly valid: (value: unknown) => boolean
}

const onAnyOf =
  (...names: readonly string[]) =>
  (typeName: string): boolean =>
    names.includes(typeName)

const reservedKeys: Readonly<Record<ReservedAttribute, ReservedKey>> = {
  fingerprint: { on: onAnyOf('publish'), valid: isFingerprint },
  rating: { on: onAnyOf('review'), valid: isRating },
  text_hash: { on: onAnyOf('comment', 'review'), valid: isText },
  amount: { on: onAnyOf('order', 'transfer'), valid: isFiniteNumber },
  currency: { on: onAnyOf('order', 'transfer'), valid: isText },
  reason: { on: (_, enforcement) => enforcement, valid: isText },
}

export const isReservedKey = (key: string): key is ReservedAttribute => Object.hasOwn(reservedKeys, key)

/** Whether `value` has the form that a reserved key must have on this interaction type (by code); other keys are free. */
export const reservedFormFits = (typeCode: number, key: string, value: unknown): boolean => {
  if (!isReservedKey(key)) return true
  const name = interactionTypeByCode[typeCode]!
  const reserved = reservedKeys[key]
  return !reserved.on(name, interactionType(name).enforcement === true) || reserved.valid(value)
}

/** The first key that has not its reserved form; null where all fit. */
export const unfitReservedKey = (typeCode: number, attributes: Readonly<Record<string, unknown>>): string | null =>
  Object.keys(attributes).find((key) => !reservedFormFits(typeCode, key, attributes[key])) ?? null
