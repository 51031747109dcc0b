import { BACKSLASH, controlTable, hasC1, MAYBE_CONTROL, QUOTE, ZERO } from './bytes.js'

const HEX = new TextEncoder().encode('0123456789abcdef')
/** Two digits of each byte, the first in the high half. */
const HEX_PAIRS = Uint16Array.from({ length: 256 }, (_, byte) => (HEX[byte >> 4]! << 8) | HEX[byte & 15]!)
/** From here on a decimal is written in parts, each within 32-bit integers. */
const BILLION = 1_000_000_000
const SMALLEST = 1 << 16
/** Backspace, tab, line feed, form feed and carriage return have an escape of one letter. */
const SHORT_ESCAPES: ReadonlyMap<number, number> = new Map(
  [...'\b\t\n\f\r'].map((control, i) => [control.charCodeAt(0), 'btnfr'.charCodeAt(i)]),
)

/**
 * A growing buffer of bytes. The caller reserves room once a record with `reserve`; the other calls do not check.
 */
export class ByteWriter {
  bytes: Uint8Array
  length = 0

  constructor(capacity: number) {
    this.bytes = new Uint8Array(Math.max(capacity, SMALLEST))
  }

  reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, Math.ceil(this.bytes.length * 1.5)))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  byte(value: number): void {
    this.bytes[this.length++] = value
  }

  constant(value: Uint8Array): void {
    const bytes = this.bytes
    let at = this.length
    for (let i = 0; i < value.length; i++) bytes[at++] = value[i]!
    this.length = at
  }

  /** Copies data[start, end) and returns the control flags of all its bytes together (see `controlTable`). */
  copy(data: Uint8Array, start: number, end: number): number {
    const bytes = this.bytes
    let at = this.length
    let flags = 0
    for (let i = start; i < end; i++) {
      const byte = data[i]!
      flags |= controlTable[byte]!
      bytes[at++] = byte
    }
    this.length = at
    return flags
  }

  /** A whole number from 0 to 2^53 - 1. */
  decimal(value: number): void {
    if (value < 10) {
      this.bytes[this.length++] = ZERO + value
      return
    }
    if (value < BILLION) {
      let width = 2
      for (let power = 100; power <= value; power *= 10) width++
      this.#digits(value, width)
      return
    }
    const high = Math.floor(value / BILLION)
    this.decimal(high)
    this.#digits(value - high * BILLION, 9)
  }

  /** `width` digits of a 32-bit integer. */
  #digits(value: number, width: number): void {
    const bytes = this.bytes
    const from = this.length
    let rest = value | 0
    for (let at = from + width - 1; at >= from; at--) {
      const next = (rest / 10) | 0
      bytes[at] = ZERO + rest - next * 10
      rest = next
    }
    this.length = from + width
  }

  /** 32-bit words as eight hexadecimal digits each. */
  hexWords(words: Int32Array): void {
    const bytes = this.bytes
    let at = this.length
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!
      for (let shift = 24; shift >= 0; shift -= 8) {
        const pair = HEX_PAIRS[(word >>> shift) & 255]!
        bytes[at] = pair >> 8
        bytes[at + 1] = pair & 255
        at += 2
      }
    }
    this.length = at
  }

  /** The inside of a JSON string (no quotes), with quotes, backslashes and control characters escaped: up to 6 bytes a byte. */
  jsonEscaped(data: Uint8Array, start: number, end: number): void {
    const from = this.length
    const flags = this.copy(data, start, end)
    let plain = flags === 0 || (flags === MAYBE_CONTROL && !hasC1(data, start, end))
    if (plain) {
      for (let i = start; i < end && plain; i++) plain = data[i] !== QUOTE && data[i] !== BACKSLASH
      if (plain) return
    }
    this.length = from
    for (let i = start; i < end; i++) {
      const byte = data[i]!
      if (byte === QUOTE || byte === BACKSLASH) {
        this.byte(BACKSLASH)
        this.byte(byte)
      } else if (controlTable[byte] === 1) {
        this.#escape(byte)
      } else if (byte === 0xc2 && data[i + 1]! < 0xa0) {
        this.#escape(data[++i]!)
      } else {
        this.byte(byte)
      }
    }
  }

  /** As JSON.stringify writes it where it does. */
  #escape(code: number): void {
    this.byte(BACKSLASH)
    const letter = SHORT_ESCAPES.get(code)
    if (letter !== undefined) {
      this.byte(letter)
      return
    }
    this.byte(117)
    this.byte(ZERO)
    this.byte(ZERO)
    this.byte(HEX[code >> 4]!)
    this.byte(HEX[code & 15]!)
  }
}
