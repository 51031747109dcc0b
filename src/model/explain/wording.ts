/** Numbers and shares of a score as plain sentences. They say what was observed and how it moves the score, and name no guilt. */
import type { FeatureDefinition } from '../features/definition.js'

const short = (value: number): string => String(Number(value.toPrecision(3)))

export const perCent = (value: number): string => `${short(100 * value)} %`

const duration = (seconds: number): string => {
  if (seconds < 60) return `${short(seconds)} s`
  if (seconds < 3600) return `${short(seconds / 60)} min`
  return seconds < 86_400 ? `${short(seconds / 3600)} h` : `${short(seconds / 86_400)} days`
}

const one = (value: number, unit: string): string => {
  switch (unit) {
    case 'share':
    case 'rate':
      return perCent(value)
    case 'log count':
      return `${short(value)} (a count of ${short(Math.expm1(value))})`
    case 'log seconds':
      return `${short(value)} (${duration(Math.expm1(value))})`
    default:
      return `${short(value)} ${unit}`
  }
}

/** A value with its unit; counts and times behind a logarithm are given as such too. */
export const valueText = (value: number | null, unit: string): string =>
  value === null ? 'not known' : one(value, unit)

export const signed = (value: number): string => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(2)}`

/** A probability as in .82. */
export const probabilityText = (p: number): string => {
  const text = p.toFixed(2)
  return text.startsWith('0') ? text.slice(1) : text
}

export interface Wording {
  /** The sentence without who stands behind it. */
  readonly words: string
  readonly ids: readonly string[]
  readonly more: number
}

/** `name` says how an id may be shown to whoever reads it. */
export const sentenceOf = ({ words, ids, more }: Wording, name: (id: string) => string = (id) => id): string => {
  if (ids.length === 0) return words
  const rest = more > 0 ? ` and ${more} more` : ''
  return `${words} Behind it: ${ids.map(name).join(', ')}${rest}.`
}

/** What a change of log-odds does, as in "raises the score (+0.42 log-odds)". */
export const effectWords = (contribution: number): string =>
  `${contribution < 0 ? 'lowers' : 'raises'} the score (${signed(contribution)} log-odds)`

export const featureWords = (
  { sentence, unit }: FeatureDefinition,
  {
    value,
    typical,
    contribution,
    kind,
    part,
  }: {
    readonly value: number | null
    readonly typical: number | null
    readonly contribution: number
    readonly kind: string
    readonly part: string
  },
): string => {
  const usual = typical === null ? 'mostly not known' : valueText(typical, unit)
  const by = part === 'graphsage' ? 'In GraphSAGE it' : 'It'
  return `${sentence.replace(/\.$/, '')}: ${valueText(value, unit)}; the median of a sample of ${kind}s is ${usual}. ${by} ${effectWords(contribution)}.`
}
