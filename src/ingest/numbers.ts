import { ZERO } from './bytes.js'

/** A plain decimal, as JSON and every CSV exporter write it: no hexadecimal, no NaN, no Infinity, no thousands separators. */
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/
/** Whole numbers of up to so many digits are exact as they stand. */
const EXACT_DIGITS = 15
/** Longer texts are no numbers that a person meant. */
const LONGEST = 64

/** Whether data[start, end) is a whole number without sign or leading zero that can be copied as its own canonical form. */
export const isPlainInteger = (data: Uint8Array, start: number, end: number): boolean => {
  const length = end - start
  if (length === 0 || length > EXACT_DIGITS) return false
  if (length > 1 && data[start] === ZERO) return false
  for (let i = start; i < end; i++) {
    const digit = data[i]! - ZERO
    if (digit < 0 || digit > 9) return false
  }
  return true
}

/** The finite number that data[start, end) writes, or NaN. */
export const parseNumber = (data: Uint8Array, start: number, end: number): number => {
  if (end - start > LONGEST) return Number.NaN
  let text = ''
  for (let i = start; i < end; i++) text += String.fromCharCode(data[i]!)
  if (!DECIMAL.test(text)) return Number.NaN
  const value = Number(text)
  return Number.isFinite(value) ? value : Number.NaN
}

/** What NumPy, pandas, R and spreadsheets write where there is no number, and infinities, which say no more than that it could not be worked out. */
const NO_NUMBER = /^([+-]?(nan|inf|infinity)|na|n\/a|#n\/a|null|none|<na>)$/i

/** Whether data[start, end) is a word for "no number". */
export const isNoNumber = (data: Uint8Array, start: number, end: number): boolean =>
  end - start <= LONGEST &&
  NO_NUMBER.test(Buffer.from(data.buffer, data.byteOffset + start, end - start).toString('latin1'))

/** The canonical decimal of a finite number: the shortest that reads back the same; there is no minus zero. */
export const canonicalNumber = (value: number): string => String(value === 0 ? 0 : value)
