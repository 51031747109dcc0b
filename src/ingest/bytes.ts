/** Names of the bytes that the readers and writers treat specially, and the table of control characters. */
export const TAB = 9
export const LF = 10
export const CR = 13
export const SPACE = 32
export const QUOTE = 34
export const PLUS = 43
export const MINUS = 45
export const DOT = 46
export const ZERO = 48
export const COLON = 58
export const BACKSLASH = 92

export const CONTROL = 1
/** First byte of U+0080 to U+00BF in UTF-8: the characters up to U+009F are control characters too. */
export const MAYBE_CONTROL = 2

/** For each byte: 0, CONTROL or MAYBE_CONTROL. */
export const controlTable: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte === 0x7f ? CONTROL : byte === 0xc2 ? MAYBE_CONTROL : 0,
)

/** Whether data[start, end) holds a C1 control character, U+0080 to U+009F. */
export const hasC1 = (data: Uint8Array, start: number, end: number): boolean => {
  for (let i = start; i < end - 1; i++) if (data[i] === 0xc2 && data[i + 1]! < 0xa0) return true
  return false
}

/** Whether data[start, end) holds any control character. */
export const hasControl = (data: Uint8Array, start: number, end: number): boolean => {
  let flags = 0
  for (let i = start; i < end; i++) flags |= controlTable[data[i]!]!
  return (flags & CONTROL) !== 0 || ((flags & MAYBE_CONTROL) !== 0 && hasC1(data, start, end))
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

export const utf8 = (text: string): Uint8Array => encoder.encode(text)
export const text = (data: Uint8Array, start: number, end: number): string => decoder.decode(data.subarray(start, end))

export const sameBytes = (data: Uint8Array, start: number, end: number, other: Uint8Array): boolean => {
  if (end - start !== other.length) return false
  for (let i = 0; i < other.length; i++) if (data[start + i] !== other[i]) return false
  return true
}
