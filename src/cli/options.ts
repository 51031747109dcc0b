/** Options that several commands read, each checked where it is parsed: commander turns the error into a usage error. */
import { InvalidArgumentError } from 'commander'

export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
    return value
  }

/** 10000, 10k, 1.5M. */
export const amount = (text: string): number => {
  const match = /^(\d+(?:\.\d+)?)\s*([kKmM]?)$/.exec(text.replaceAll('_', ''))
  if (!match) throw new InvalidArgumentError('It must be a number such as 10000, 150k or 2M.')
  const unit = match[2]!.toLowerCase()
  return Math.round(Number(match[1]) * (unit === 'k' ? 1e3 : unit === 'm' ? 1e6 : 1))
}

export const share = (text: string): number => {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('It must be from 0 to 1.')
  return value
}

export const list = (text: string): string[] => {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
  if (items.length === 0) throw new InvalidArgumentError('It must name at least one.')
  return items
}

/** ISO 8601: a day (midnight UTC), or a moment with its zone. Gives epoch milliseconds. */
export const moment = (text: string): number => {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text)
  const zoned = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/.test(text)
  const value = Date.parse(text)
  if ((!day && !zoned) || Number.isNaN(value))
    throw new InvalidArgumentError('It must be a day (2026-01-31) or a moment with zone (2026-01-31T12:00:00Z).')
  return value
}

const NEVER = 'never'

/** ISO 8601 of a day or a moment, or `never`: commander takes an option that is null for one without a value. */
export const endOrNever = (text: string): string => (text === NEVER ? NEVER : new Date(moment(text)).toISOString())

/** Null where there is none. */
export const endOf = (text: string): string | null => (text === NEVER ? null : text)

export const port = wholeNumber(0, 65535)
