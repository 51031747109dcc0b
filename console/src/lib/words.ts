/** Plain words for codes and numbers. A ring is a lead, never a verdict, and every number comes with how sure it is. */

const behaviours: Readonly<Record<string, string>> = {
  lockstep: 'Acting in step',
  'dense-block': 'Unusually dense block',
  sybil: 'Accounts of one hand',
  'account-trading': 'Accounts changing hands',
  matrix: 'Creators run as one',
  coattail: 'Riding on a hot product',
}
export const behaviourWord = (code: string): string => behaviours[code] ?? code

const roles: Readonly<Record<string, string>> = {
  core: 'in the middle of it',
  broker: 'ties others together',
  amplifier: 'adds reach',
  mule: 'at the edge, passes things on',
  beneficiary: 'what it acts on',
}
export const roleMeaning = (role: string): string => roles[role] ?? ''

const events: Readonly<Record<string, string>> = {
  born: 'New',
  grown: 'Grew',
  shrunk: 'Shrank',
  split: 'Split off',
  merged: 'Merged',
  dormant: 'Not found',
  back: 'Back',
  dissolved: 'Dissolved',
}
export const eventWord = (event: string): string => events[event] ?? event

const decided: Readonly<Record<string, readonly [string, string]>> = {
  confirmed: ['Confirmed', 'it acts as one, against the rules'],
  cleared: ['Cleared', 'there is an honest explanation'],
  unsure: ['Unsure', 'it was looked at, and stays open'],
  escalated: ['Escalated', 'somebody else is to decide'],
}
export const decisionWord = (decision: string): string => decided[decision]?.[0] ?? decision
export const decisionMeaning = (decision: string): string => decided[decision]?.[1] ?? ''

const labelStates: Readonly<Record<string, string>> = {
  replaced: 'somebody decided later',
  expired: 'its time is over',
  'taken-back': 'taken back',
  later: 'not yet',
}
export const stateWord = (state: string): string => labelStates[state] ?? state

const caseStates: Readonly<Record<string, string>> = { open: 'Open', 'in-review': 'In review', closed: 'Closed' }
export const statusWord = (status: string): string => caseStates[status] ?? status

const plural = (count: number, one: string, many = `${one}s`): string => `${whole(count)} ${count === 1 ? one : many}`

export const whole = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 })
export const accounts = (count: number): string => plural(count, 'account')
export const counted = plural

/** A ring's event as a sentence about it. */
export const eventSentence = (event: {
  readonly event: string
  readonly accounts: number
  readonly other: string | null
}): string => {
  switch (event.event) {
    case 'born':
      return `Found for the first time, with ${accounts(event.accounts)}.`
    case 'grown':
      return `${accounts(event.accounts)} joined.`
    case 'shrunk':
      return `${accounts(event.accounts)} left.`
    case 'split':
      return `Split off from ${event.other}, with ${accounts(event.accounts)}.`
    case 'merged':
      return `Merged into ${event.other}, which goes on.`
    case 'dormant':
      return 'A run that looked for it did not find it.'
    case 'back':
      return `Found again, with ${accounts(event.accounts)}.`
    case 'dissolved':
      return 'Not found for many runs; counts as dissolved.'
    default:
      return event.event
  }
}

/** A share as a percentage of two digits, never rounded to nothing nor to all. */
export const percent = (share: number): string => {
  if (share === 0) return '0 %'
  if (share > 0.999 && share < 1) return 'over 99.9 %'
  if (share > 0.99 && share < 1) return `${(100 * share).toFixed(1)} %`
  if (share < 0.001) return 'under 0.1 %'
  return `${Number((100 * share).toPrecision(2))} %`
}

/** What a false-discovery rate means to somebody who decides. */
export const rateSentence = (fdr: number): string =>
  fdr < 0.001
    ? 'Of 1,000 leads this strong, chance alone would give less than one.'
    : `Of 100 leads this strong, chance alone would give about ${Number((100 * fdr).toPrecision(2))}.`

export const nats = (score: number): string => score.toLocaleString('en-US', { maximumFractionDigits: 1 })

/** A surprise in nats as odds, which people know better. */
export const oddsSentence = (score: number): string => {
  const digits = score / Math.LN10
  return digits < 3
    ? `about 1 in ${whole(Math.exp(score))} by chance`
    : `about 1 in 10${superscript(Math.round(digits))} by chance`
}

const superscript = (value: number): string =>
  [...String(value)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)] ?? digit).join('')

/** A time in UTC, as in every answer and export, to the minute. */
export const time = (iso: string | null): string =>
  iso === null ? 'time not known' : `${iso.slice(0, 10)} ${iso.slice(11, 16)}`
export const exactTime = (iso: string | null): string =>
  iso === null ? 'time not known' : `${iso.slice(0, 10)} ${iso.slice(11, 19)}`
export const day = (iso: string | null): string => (iso === null ? 'not known' : iso.slice(0, 10))

const UNITS = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const

export const duration = (seconds: number): string => {
  const [size, unit] = UNITS.find(([each]) => seconds >= each * 1.5) ?? UNITS[3]
  return plural(Math.round(seconds / size), unit)
}

export const windowSentence = (window: { readonly from: string; readonly to: string } | null): string =>
  window === null
    ? 'No times are known.'
    : `${time(window.from)} to ${time(window.to)} UTC (${duration((Date.parse(window.to) - Date.parse(window.from)) / 1000)})`

export const marketWord = (market: string | null): string => (market === null || market === '' ? 'unknown' : market)
