/**
 * Reads CSV as RFC 4180 has it (quotes, doubled quotes, line ends inside quotes, LF or CRLF) and its relatives: other
 * delimiters, runs of blanks, comment lines, files with bare CR line ends.
 *
 * A quote that is never closed would swallow all good records behind it. So when a quoted cell ends wrongly, or not before
 * the end of the file or of 16 MB, only the line that opened it is rejected and reading goes on with the next one; except
 * where that next line does not look like a record, which tells a long text from a lost quote.
 */
import { isUtf8 } from 'node:buffer'
import { limits } from '../../graph-schema/schema.js'
import { CR, LF, SPACE, TAB, text } from './bytes.js'
import { type RecordFault, type RecordHandler, type RecordReader, VALUE_BYTES } from './record-reader.js'

export interface Dialect {
  /** A byte, or 'space' for any run of blanks and tabs. */
  readonly delimiter: number | 'space'
  /** -1 for none. */
  readonly quote: number
  /** -1 for none. */
  readonly comment: number
  /** LF (which covers CRLF) or CR. */
  readonly lineEnd: typeof LF | typeof CR
  /** Records are numbered, not lines: for tables that were no text before. */
  readonly numberRecords: boolean
}

const INCOMPLETE = -1
const BROKEN = -2
/** Number of lines, after one with an open quote, of which one must look like a record. */
const LINES_TO_TRY = 3

export class DelimitedReader implements RecordReader {
  line: number

  readonly #dialect: Dialect
  readonly #columns: number
  readonly #handler: RecordHandler
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  /** 1 where a cell has doubled quotes to be made single. */
  readonly #doubled: Uint8Array
  readonly #stop: Uint8Array
  /** Cells of the record that was scanned last, and line ends inside its quotes. */
  #count = 0
  #inner = 0
  #anyDoubled = false
  /** Inside a record that is too long: 'line' up to the line's end, 'quoted' with quotes heeded. */
  #skipping: 'no' | 'line' | 'quoted' = 'no'
  #skipInQuotes = false

  /** `columns`: how many cells every record must have. `line`: the number of the first line. */
  constructor(dialect: Dialect, columns: number, handler: RecordHandler, line = 1) {
    this.#dialect = dialect
    this.#columns = columns
    this.#handler = handler
    this.line = line
    this.#starts = new Int32Array(columns)
    this.#ends = new Int32Array(columns)
    this.#doubled = new Uint8Array(columns)
    this.#stop = new Uint8Array(256)
    this.#stop[dialect.lineEnd] = 1
    if (dialect.delimiter === 'space') {
      this.#stop[SPACE] = 1
      this.#stop[TAB] = 1
      // A CR before the line's end is no part of the last cell.
      this.#stop[CR] = 1
    } else this.#stop[dialect.delimiter] = 1
  }

  read(data: Uint8Array, start: number, end: number, final: boolean): number {
    const { lineEnd } = this.#dialect
    let p = start
    if (this.#skipping !== 'no') p = this.#skip(data, p, end)
    const lastEnd = p < end ? data.lastIndexOf(lineEnd, end - 1) : -1
    const limit = lastEnd < p ? p : lastEnd + 1
    if (limit > p) p = this.#records(data, p, limit, final && limit === end)
    if (this.#skipping !== 'no') return p
    if (final && p < end) return this.#tail(data, p, end)
    if (end - p > limits.lineBytes) p = this.#tooLong(data, p, end)
    return p
  }

  /**
   * The first record as texts, and where the next one begins; null where there is none, `next` < 0 where it is not whole.
   * `final`: nothing follows, so that it may lack its line end.
   * `line` is then the number of the line behind it.
   */
  header(
    data: Uint8Array,
    start: number,
    end: number,
    final: boolean,
  ): { readonly cells: readonly string[]; readonly next: number } | null {
    const { lineEnd, comment } = this.#dialect
    let p = start
    for (; p < end; this.line++) {
      const blank = data[p] === lineEnd || data[p] === LF || (data[p] === CR && data[p + 1] === LF)
      if (!blank && data[p] !== comment) break
      p = this.#nextLine(data, p, end)
    }
    if (p >= end) return null
    const limit = data.lastIndexOf(lineEnd, end - 1) + 1
    if (limit <= p) {
      if (!final) return { cells: [], next: INCOMPLETE }
      const whole = this.header(this.#ended(data, p, end), 0, end - p + 1, false)
      return whole === null || whole.next < 0 ? whole : { cells: whole.cells, next: end }
    }
    const next = this.#dialect.delimiter === 'space' ? this.#scanSpaced(data, p) : this.#scan(data, p, limit)
    if (next < 0) return { cells: [], next }
    const cells = Array.from({ length: this.#count }, (_, i) => {
      const cell = text(data, this.#starts[i] ?? 0, this.#ends[i] ?? 0)
      const quote = String.fromCharCode(this.#dialect.quote)
      return this.#anyDoubled ? cell.replaceAll(quote + quote, quote) : cell
    })
    this.line += 1 + this.#inner
    return { cells, next }
  }

  #ended(data: Uint8Array, start: number, end: number): Uint8Array {
    const whole = new Uint8Array(end - start + 1)
    whole.set(data.subarray(start, end))
    whole[end - start] = this.#dialect.lineEnd
    return whole
  }

  /** The end of the file without a line end: one is put behind it. */
  #tail(data: Uint8Array, start: number, end: number): number {
    const whole = this.#ended(data, start, end)
    let p = 0
    while (p < whole.length && this.#skipping === 'no') p = this.#records(whole, p, whole.length, true)
    return end
  }

  cutOff(data: Uint8Array, start: number, end: number, detail: string): void {
    let p = start
    const limit = data.lastIndexOf(this.#dialect.lineEnd, end - 1) + 1
    // Whole lines are left only behind an open quote.
    if (limit > p && this.#skipping === 'no' && this.#looksLikeRecords(data, this.#nextLine(data, p, limit), limit))
      p = this.#records(data, p, limit, true)
    this.#fault('record.truncated', data, p, end, detail)
  }

  /** data[limit - 1] is a line end. Returns the start of the first record that is not whole. */
  #records(data: Uint8Array, start: number, limit: number, final: boolean): number {
    const { lineEnd, comment } = this.#dialect
    const valid = isUtf8(data.subarray(start, limit))
    const spaced = this.#dialect.delimiter === 'space'
    let p = start
    while (p < limit) {
      const first = data[p]!
      if (first === lineEnd) {
        p++
        this.line++
        continue
      }
      if (lineEnd === CR ? first === LF : first === CR && data[p + 1] === LF) {
        p++
        continue
      }
      if (first === comment) {
        p = data.indexOf(lineEnd, p) + 1
        this.line++
        continue
      }
      const next = spaced ? this.#scanSpaced(data, p) : this.#scan(data, p, limit)
      if (next === INCOMPLETE && !final) return p
      if (next < 0) {
        p = this.#lostQuote(
          data,
          p,
          limit,
          next === INCOMPLETE ? 'The quote is never closed.' : 'Something follows the closing quote.',
        )
      } else if (next - p > limits.lineBytes) {
        p = this.#tooLong(data, p, next)
        if (this.#skipping !== 'no') p = this.#skip(data, p, limit)
        if (this.#skipping !== 'no') return p
      } else {
        this.#emit(data, p, next, valid)
        this.line += this.#dialect.numberRecords ? 1 : 1 + this.#inner
        p = next
      }
    }
    return p
  }

  #emit(data: Uint8Array, start: number, next: number, valid: boolean): void {
    const count = this.#count
    if (count === 0) return
    if (!valid && !isUtf8(data.subarray(start, next))) {
      this.#fault('record.encoding', data, start, next, '')
    } else if (count !== this.#columns) {
      this.#fault('record.columns', data, start, next, `It has ${count}, not ${this.#columns}.`)
    } else {
      if (this.#anyDoubled) this.#single(data)
      this.#handler.row(data, this.#starts, this.#ends, next - start, this.line)
    }
  }

  #fault(code: RecordFault['code'], data: Uint8Array, start: number, end: number, detail: string): void {
    let stop = Math.min(end, start + VALUE_BYTES)
    while (stop > start && (data[stop - 1] === LF || data[stop - 1] === CR)) stop--
    this.#handler.fault({ code, field: '', value: text(data, start, stop), detail }, this.line)
  }

  /** Finds the cells of the record at `start`; returns the position behind its line end. */
  #scan(data: Uint8Array, start: number, limit: number): number {
    const { quote, lineEnd, delimiter } = this.#dialect
    const stop = this.#stop
    const starts = this.#starts
    const ends = this.#ends
    const columns = this.#columns
    let count = 0
    let p = start
    this.#inner = 0
    this.#anyDoubled = false
    for (;;) {
      let from = p
      let to: number
      if (data[p] === quote) {
        from = p + 1
        to = this.#closingQuote(data, from, limit, count)
        if (to < 0) return INCOMPLETE
        p = to + 1
        if (data[p] === CR && lineEnd === LF && data[p + 1] === LF) p++
        if (data[p] !== delimiter && data[p] !== lineEnd) return BROKEN
      } else {
        while (stop[data[p]!] === 0) p++
        to = p
        if (data[p] === LF && to > from && data[to - 1] === CR) to--
      }
      if (count < columns) {
        starts[count] = from
        ends[count] = to
      }
      count++
      if (data[p++] === lineEnd) break
    }
    this.#count = count
    return p
  }

  /** The position of the quote that closes the cell; -1 where there is none before `limit`. */
  #closingQuote(data: Uint8Array, start: number, limit: number, column: number): number {
    const { quote, lineEnd } = this.#dialect
    if (column < this.#columns) this.#doubled[column] = 0
    for (let p = start; p < limit; p++) {
      const byte = data[p]
      if (byte === quote) {
        if (data[p + 1] !== quote || p + 1 >= limit) {
          return p
        }
        p++
        if (column < this.#columns) this.#doubled[column] = 1
        this.#anyDoubled = true
      } else if (byte === lineEnd) this.#inner++
    }
    return -1
  }

  /** Makes doubled quotes single, in place: only now, as a record that is not whole is scanned again. */
  #single(data: Uint8Array): void {
    const { quote } = this.#dialect
    for (let column = 0; column < this.#columns; column++) {
      const from = this.#starts[column]!
      // Only cells that stand in quotes have a current mark.
      if (this.#doubled[column] !== 1 || from === 0 || data[from - 1] !== quote) continue
      let to = from
      for (let p = from; p < this.#ends[column]!; p++) {
        data[to++] = data[p]!
        if (data[p] === quote) p++
      }
      this.#ends[column] = to
      this.#doubled[column] = 0
    }
  }

  #scanSpaced(data: Uint8Array, start: number): number {
    const { lineEnd } = this.#dialect
    const stop = this.#stop
    let count = 0
    let p = start
    this.#inner = 0
    this.#anyDoubled = false
    for (;;) {
      while (data[p] !== lineEnd && stop[data[p]!] === 1) p++
      if (data[p] === lineEnd) break
      const from = p
      while (stop[data[p]!] === 0) p++
      if (count < this.#columns) {
        this.#starts[count] = from
        this.#ends[count] = p
      }
      count++
    }
    this.#count = count
    return p + 1
  }

  /** Rejects the line that opened the quote; returns the start of the next. */
  #lostQuote(data: Uint8Array, start: number, limit: number, detail: string): number {
    const next = this.#nextLine(data, start, limit)
    this.#fault('record.syntax', data, start, next, detail)
    this.line++
    return next
  }

  #nextLine(data: Uint8Array, start: number, limit: number): number {
    const at = data.indexOf(this.#dialect.lineEnd, start)
    return at < 0 || at >= limit ? limit : at + 1
  }

  /** data[start, end) is longer than a record may be. Returns where to go on: `end` with #skipping set, or the next line. */
  #tooLong(data: Uint8Array, start: number, end: number): number {
    const next = this.#nextLine(data, start, end)
    const lineIsTooLong = next === end || next - start > limits.lineBytes
    if (!lineIsTooLong && this.#looksLikeRecords(data, next, end))
      return this.#lostQuote(data, start, end, 'The quote is not closed within 16 MB.')
    this.#fault('record.too-long', data, start, end, '')
    this.#skipping = lineIsTooLong ? 'line' : 'quoted'
    this.#skipInQuotes = false
    return this.#skip(data, start, end)
  }

  #looksLikeRecords(data: Uint8Array, start: number, limit: number): boolean {
    const inner = this.#inner
    let p = start
    let fits = false
    for (let tried = 0; tried < LINES_TO_TRY && p < limit && !fits; tried++) {
      const next = this.#nextLine(data, p, limit)
      if (next === limit) break
      fits = this.#scan(data, p, next) === next && this.#count === this.#columns && this.#columns > 1
      p = next
    }
    this.#inner = inner
    return fits
  }

  /** Reads on to the end of a record that is too long, without holding it. */
  #skip(data: Uint8Array, start: number, end: number): number {
    const { quote, lineEnd } = this.#dialect
    for (let p = start; p < end; p++) {
      const byte = data[p]
      if (byte === quote && this.#skipping === 'quoted') this.#skipInQuotes = !this.#skipInQuotes
      if (byte !== lineEnd) continue
      this.line++
      if (this.#skipInQuotes) continue
      this.#skipping = 'no'
      return p + 1
    }
    return end
  }
}
