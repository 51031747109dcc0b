/** Names of simulated entities, and interactions as text: lines of native CSV, or lines of a record batch. */
import {
  type EntityKind,
  entityKindNames,
  entityKinds,
  interactionType,
  interactionTypeByCode,
  interactionTypes,
  type Scenario,
  scenarioByCode,
  scenarios,
} from '../../graph-schema/schema.js'
import { HOUR, type Hour, OWN_SCENARIO } from './events.js'
import { knownMarkets } from './parameters.js'
import type { World } from './world.js'

const PREFIX: Readonly<Record<EntityKind, string>> = {
  creator: 'c',
  user: 'u',
  video: 'v',
  product: 'p',
  device: 'd',
  network: 'n',
  payment: 'w',
  contact: 't',
  address: 'a',
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

/**
 * `c12` for a creator, and so on. Numbers are the entity's index under a fixed permutation, so that members of a group, which were
 * often made one after the other, do not have neighbouring names.
 */
export class Names {
  readonly prefixes: readonly string[]
  readonly #counts: Float64Array
  readonly #factors: Float64Array

  constructor(world: World) {
    this.prefixes = entityKindNames.map((kind) => PREFIX[kind])
    this.#counts = Float64Array.from(entityKindNames, (kind) => Math.max(1, world.count(kind)))
    this.#factors = this.#counts.map((count) => {
      // Near the golden section of the range, which scatters neighbours widest.
      let factor = Math.max(1, Math.round(count * 0.6180339887))
      while (gcd(factor, count) !== 1) factor++
      return factor
    })
  }

  /** From 1; `kind` is the schema's code. */
  number(kind: number, index: number): number {
    const count = this.#counts[kind]!
    return ((index * this.#factors[kind]! + 7) % count) + 1
  }

  id(kind: EntityKind, index: number): string {
    const code = entityKinds[kind].code
    return `${this.prefixes[code]}${this.number(code, index)}`
  }

  /** `kind:id`. */
  name(kind: EntityKind, index: number): string {
    return `${kind}:${this.id(kind, index)}`
  }
}

const REASONS = ['spam', 'organized-activity'] as const
const SLASH_FREE_DIGITS = '0123456789abcdef'

const hex8 = (value: number): string => {
  let text = ''
  for (let shift = 28; shift >= 0; shift -= 4) text += SLASH_FREE_DIGITS[(value >>> shift) & 15]
  return text
}

const scenarioOf = (type: number, scenario: number): Scenario =>
  scenario === OWN_SCENARIO ? interactionType(interactionTypeByCode[type]!).scenario : scenarioByCode[scenario]!

/** Attributes as canonical JSON (sorted keys), or empty. */
const attributesOf = (type: number, a: number, b: number, currency: string): string => {
  switch (type) {
    case interactionTypes.publish.code:
      return `{"fingerprint":"${hex8(a)}${hex8(b)}"}`
    case interactionTypes.comment.code:
      return `{"text_hash":"${hex8(a)}${hex8(b)}"}`
    case interactionTypes.review.code:
      return `{"rating":${a},"text_hash":"${hex8(b)}${hex8(Math.imul(b, 0x9e3779b1))}"}`
    case interactionTypes.order.code:
    case interactionTypes.transfer.code:
      return `{"amount":${a / 100},"currency":"${currency}"}`
    case interactionTypes.warn.code:
    case interactionTypes.restrict.code:
      return `{"reason":"${REASONS[a]}"}`
    default:
      return ''
  }
}

/** The longest line: names of at most 12 digits, and the attributes of a review. */
const LINE_BYTES = 256

const two = (value: number): string => (value < 10 ? `0${value}` : String(value))
const secondsText: readonly string[] = Array.from({ length: 60 }, (_, i) => two(i))

export const NATIVE_HEADER = 'id,type,actor,target,at,market,scenario,weight,attributes\n'

/** Turns hours into text. Ids are `e1`, `e2` … in the order of the output; the same world gives the same bytes. */
export class Encoder {
  /** Interactions so far. */
  written = 0
  readonly #names: Names
  readonly #markets: readonly string[]
  readonly #currencies: readonly string[]
  #bytes = new Uint8Array(1 << 16)
  #length = 0

  constructor(world: World, names: Names) {
    this.#names = names
    this.#markets = world.markets
    this.#currencies = world.markets.map((market) => knownMarkets[market]!.currency)
  }

  /** Lines under NATIVE_HEADER. The bytes are good until the next call. */
  csv({ from, events, order }: Hour): Uint8Array {
    this.#begin(events.count)
    const hourText = new Date(from).toISOString().slice(0, 14)
    for (const i of order) {
      const type = events.type[i]!
      const market = events.market[i]!
      this.#text('e')
      this.#number(++this.written)
      this.#text(csvType[type]!)
      this.#entity(csvKind[events.actorKind[i]!]!, events.actorKind[i]!, events.actor[i]!)
      this.#text(',')
      this.#entity(csvKind[events.targetKind[i]!]!, events.targetKind[i]!, events.target[i]!)
      const inHour = events.at[i]! % HOUR
      this.#text(',')
      this.#text(hourText)
      this.#text(secondsText[Math.floor(inHour / 60_000)]!)
      this.#text(':')
      this.#text(secondsText[Math.floor((inHour % 60_000) / 1000)]!)
      this.#text('.')
      this.#text(String(1000 + (inHour % 1000)).slice(1))
      this.#text('Z,')
      this.#text(this.#markets[market]!)
      this.#text(',')
      if (events.scenario[i] !== OWN_SCENARIO) this.#text(scenarioOf(type, events.scenario[i]!))
      this.#text(',,')
      const attributes = attributesOf(type, events.a[i]!, events.b[i]!, this.#currencies[market]!)
      if (attributes !== '') this.#text(`"${attributes.replaceAll('"', '""')}"`)
      this.#text('\n')
    }
    return this.#bytes.subarray(0, this.#length)
  }

  /** Lines of a record batch (INTERACTION_COLUMNS). The bytes are good until the next call. */
  batchLines({ events, order }: Hour): Uint8Array {
    this.#begin(events.count)
    for (const i of order) {
      const type = events.type[i]!
      const market = events.market[i]!
      this.#number(++this.written)
      this.#text('\t')
      this.#number(type)
      this.#text('\te')
      this.#number(this.written)
      this.#entity(batchKind[events.actorKind[i]!]!, events.actorKind[i]!, events.actor[i]!)
      this.#entity(batchKind[events.targetKind[i]!]!, events.targetKind[i]!, events.target[i]!)
      this.#text('\t')
      this.#number(events.at[i]!)
      this.#text('\t')
      this.#text(this.#markets[market]!)
      this.#text('\t')
      this.#number(scenarios[scenarioOf(type, events.scenario[i]!)].code)
      this.#text('\t1\t')
      this.#text(attributesOf(type, events.a[i]!, events.b[i]!, this.#currencies[market]!))
      this.#text('\n')
    }
    return this.#bytes.subarray(0, this.#length)
  }

  #begin(lines: number): void {
    this.#length = 0
    if (this.#bytes.length < lines * LINE_BYTES) this.#bytes = new Uint8Array(lines * LINE_BYTES * 1.5)
  }

  #entity(head: string, kind: number, index: number): void {
    this.#text(head)
    this.#text(this.#names.prefixes[kind]!)
    this.#number(this.#names.number(kind, index))
  }

  /** ASCII only: every name, market and attribute here is. */
  #text(text: string): void {
    const bytes = this.#bytes
    let at = this.#length
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i)
    this.#length = at
  }

  /** A whole number of 0 or more. */
  #number(value: number): void {
    const bytes = this.#bytes
    let digits = 1
    for (let limit = 10; value >= limit; limit *= 10) digits++
    let at = this.#length + digits
    this.#length = at
    let rest = value
    // Beyond 32 bits division is in floating point; whole numbers stay exact.
    while (rest > 0x7fffffff) {
      const next = Math.floor(rest / 10)
      bytes[--at] = 48 + (rest - next * 10)
      rest = next
    }
    do {
      const next = (rest / 10) | 0
      bytes[--at] = 48 + (rest - next * 10)
      rest = next
    } while (at > this.#length - digits)
  }
}

const csvType = interactionTypeByCode.map((type) => `,${type},`)
const csvKind = entityKindNames.map((kind) => `${kind}:`)
const batchKind = entityKindNames.map((kind) => `\t${entityKinds[kind].code}\t`)
