/** The graph's schema by code, as the row encoder needs it: names as bytes, kinds of each type's ends as bits. */
import {
  entityKindByCode,
  interactionType,
  interactionTypeByCode,
  scenarioByCode,
  scenarios,
} from '../../graph-schema/schema.js'
import { sameBytes, utf8 } from './bytes.js'

/** Names as bytes; the index is the code. */
export const kindNames = entityKindByCode.map((name) => utf8(name ?? ''))
export const typeNames = interactionTypeByCode.map((name) => utf8(name ?? ''))
export const scenarioNames = scenarioByCode.map((name) => utf8(name ?? ''))

const bits = (kinds: readonly string[]): number =>
  kindNames.reduce((mask, _, code) => (kinds.includes(entityKindByCode[code] ?? '') ? mask | (1 << code) : mask), 0)

const entryOf = (code: number) => interactionType(interactionTypeByCode[code]!)
const known = typeNames.map((_, code) => interactionTypeByCode[code] !== undefined)
/** Kinds that the ends of a type may have, one bit a kind's code; the index is the type's code. */
export const actorKinds = Int32Array.from(typeNames, (_, code) => (known[code] ? bits(entryOf(code).actors) : 0))
export const targetKinds = Int32Array.from(typeNames, (_, code) => (known[code] ? bits(entryOf(code).targets) : 0))
export const isEnforcement = typeNames.map((_, code) => known[code] === true && entryOf(code).enforcement === true)
export const ownScenario = Int32Array.from(typeNames, (_, code) =>
  known[code] ? scenarios[entryOf(code).scenario].code : -1,
)

/** The code whose name is data[start, end), or -1. */
export const lookup = (names: readonly Uint8Array[], data: Uint8Array, start: number, end: number): number => {
  for (let code = 0; code < names.length; code++)
    if (end > start && sameBytes(data, start, end, names[code]!)) return code
  return -1
}
