/**
 * The vector twin of `sparse-dense.ts`: the same sums and maxima, in the same order of addition, by WebAssembly's 128-bit
 * instructions (`sparse-dense-module.ts`).
 * Measured by `npm run bench -- sparse-dense`: about ten times the plain twin.
 *
 * The matrices of one engine share its memory: their arrays, then scratch space for one product at a time.
 */
import { type Check, neverCancelled } from './check.js'
import { type Csr, transpose } from './csr.js'
import {
  checkDense,
  type Maxima,
  reciprocalDegrees,
  type SparseDense,
  scaleRows,
  scatterToWinners,
} from './sparse-dense.js'
import { productModule } from './sparse-dense-module.js'

const vectorBytes = 16

type Product = (
  from: number,
  to: number,
  offsets: number,
  columns: number,
  x: number,
  stride: number,
  out: number,
  extra: number,
) => void

/** One sparse matrix in the engine's memory: byte addresses. */
interface Placed {
  readonly rows: number
  readonly columns: number
  readonly offsetsAt: number
  readonly columnsAt: number
  /** Row borders between which `check` is called: about equal shares of entries. */
  readonly borders: Int32Array
}

const pageBytes = 65536
/** Entries times features between two checks: about 20 ms. */
const shareWork = 1 << 26
/** Where scratch arrays would end beyond this, an engine refuses: addresses are signed 32-bit in the loops. */
const maxBytes = 2 ** 31 - pageBytes

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to

let compiled: WebAssembly.Module | null | undefined

/** Null where this machine's WebAssembly has no vector instructions. */
const compileModule = (): WebAssembly.Module | null => {
  if (compiled === undefined) {
    try {
      compiled = new WebAssembly.Module(productModule())
    } catch (error) {
      if (!(error instanceof WebAssembly.CompileError)) throw error
      compiled = null
    }
  }
  return compiled
}

/** Bytes that an engine with these matrices takes for products of this width. */
export const simdBytes = (
  matrices: readonly { rows: number; columns: number; entries: number }[],
  width: number,
): number => {
  const stride = roundUp(width, 4) * 4
  const held = matrices.reduce(
    (sum, { rows, columns, entries }) => sum + 4 * (3 * rows + columns + 2 * entries) + 256,
    0,
  )
  const scratch = matrices.reduce(
    (most, { rows, columns }) => Math.max(most, (2 * Math.max(rows, columns) + columns) * stride),
    0,
  )
  return held + scratch
}

class SimdMatrix implements SparseDense {
  readonly rowCount: number
  readonly columnCount: number
  readonly #engine: SimdEngine
  readonly #forward: Placed
  readonly #backward: Placed
  readonly #reciprocal: Float32Array
  readonly #reciprocalAt: number
  readonly #onesAt: number

  constructor(engine: SimdEngine, csr: Csr, check: Check) {
    this.rowCount = csr.rowCount
    this.columnCount = csr.columnCount
    this.#engine = engine
    this.#forward = engine.place(csr)
    this.#backward = engine.place(transpose(csr, check))
    this.#reciprocal = reciprocalDegrees(csr)
    this.#reciprocalAt = engine.placeFloats(this.#reciprocal)
    this.#onesAt = engine.placeFloats(new Float32Array(csr.columnCount).fill(1))
  }

  mean(dense: Float32Array, width: number): Float32Array {
    checkDense(dense, this.columnCount, width)
    return this.#engine.product('sum', this.#forward, dense, width, this.#reciprocalAt).values
  }

  meanGradient(dy: Float32Array, width: number): Float32Array {
    checkDense(dy, this.rowCount, width)
    return this.#engine.product('sum', this.#backward, scaleRows(dy, this.#reciprocal, width), width, this.#onesAt)
      .values
  }

  max(dense: Float32Array, width: number): Maxima {
    checkDense(dense, this.columnCount, width)
    const { values, winners } = this.#engine.product('max', this.#forward, dense, width, null)
    for (let at = 0; at < values.length; at++) if (winners[at]! < 0) values[at] = 0
    return { values, winners }
  }

  maxGradient(dy: Float32Array, winners: Int32Array, width: number): Float32Array {
    checkDense(dy, this.rowCount, width)
    return scatterToWinners(dy, winners, width, this.columnCount)
  }
}

export class SimdEngine {
  readonly #memory: WebAssembly.Memory
  readonly #exports: Readonly<Record<'sum' | 'max', Product>>
  readonly #check: Check
  #used = 0

  private constructor(module: WebAssembly.Module, check: Check) {
    this.#memory = new WebAssembly.Memory({ initial: 1 })
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory } })
    this.#exports = instance.exports as unknown as Readonly<Record<'sum' | 'max', Product>>
    this.#check = check
  }

  /** Null where this machine's WebAssembly has no vector instructions: use the plain twin. */
  static create(check: Check = neverCancelled): SimdEngine | null {
    const module = compileModule()
    return module && new SimdEngine(module, check)
  }

  /** Puts matrices into the memory. Those of an earlier call must not be used any more. Throws RangeError above 2 GiB. */
  load(matrices: readonly Csr[]): readonly SparseDense[] {
    this.#used = 0
    return matrices.map((csr) => new SimdMatrix(this, csr, this.#check))
  }

  /** For `SimdMatrix`. */
  place(csr: Csr): Placed {
    const { rowCount, columnCount, offsets, columns } = csr
    const offsetsAt = this.#take(4 * (rowCount + 1))
    const columnsAt = this.#take(4 * columns.length)
    new Int32Array(this.#memory.buffer, offsetsAt, rowCount + 1).set(offsets.subarray(0, rowCount + 1))
    new Int32Array(this.#memory.buffer, columnsAt, columns.length).set(columns)
    return { rows: rowCount, columns: columnCount, offsetsAt, columnsAt, borders: bordersOf(csr) }
  }

  /** For `SimdMatrix`. */
  placeFloats(values: Float32Array): number {
    const at = this.#take(4 * values.length)
    new Float32Array(this.#memory.buffer, at, values.length).set(values)
    return at
  }

  /** For `SimdMatrix`. `factorsAt`: of each row, for sums. */
  product(
    name: 'sum' | 'max',
    { rows, columns, offsetsAt, columnsAt, borders }: Placed,
    dense: Float32Array,
    width: number,
    factorsAt: number | null,
  ): Maxima {
    const padded = roundUp(width, 4)
    const held = this.#used
    const xAt = this.#take(4 * columns * padded)
    const outAt = this.#take(4 * rows * padded)
    const winnersAt = factorsAt === null ? this.#take(4 * rows * padded) : null
    this.#used = held
    copyIn(new Float32Array(this.#memory.buffer, xAt, columns * padded), dense, width, padded)
    const run = this.#exports[name]
    for (let share = 1; share < borders.length; share++) {
      this.#check()
      run(borders[share - 1]!, borders[share]!, offsetsAt, columnsAt, xAt, 4 * padded, outAt, factorsAt ?? winnersAt!)
    }
    const values = new Float32Array(rows * width)
    copyOut(values, new Float32Array(this.#memory.buffer, outAt, rows * padded), width, padded)
    const winners = new Int32Array(winnersAt === null ? 0 : rows * width)
    if (winnersAt !== null)
      copyOut(winners, new Int32Array(this.#memory.buffer, winnersAt, rows * padded), width, padded)
    return { values, winners }
  }

  #take(bytes: number): number {
    const at = this.#used
    const end = at + roundUp(bytes, vectorBytes)
    if (end > maxBytes)
      throw new RangeError(`${end} bytes for a sparse product are more than the 2 GiB that an engine addresses`)
    const missing = end - this.#memory.buffer.byteLength
    if (missing > 0) this.#memory.grow(Math.ceil(missing / pageBytes))
    this.#used = end
    return at
  }
}

/** The width is not known here: shares are made for 64 features. */
const bordersOf = ({ rowCount, offsets }: Csr): Int32Array => {
  const borders = [0]
  let since = 0
  for (let r = 0; r < rowCount; r++) {
    since += (offsets[r + 1]! - offsets[r]! + 1) * 64
    if (since >= shareWork) {
      borders.push(r + 1)
      since = 0
    }
  }
  if (borders.at(-1) !== rowCount) borders.push(rowCount)
  return Int32Array.from(borders)
}

const copyIn = (to: Float32Array, from: Float32Array, width: number, padded: number): void => {
  if (width === padded) {
    to.set(from)
    return
  }
  to.fill(0)
  const rows = from.length / width
  for (let r = 0; r < rows; r++) for (let f = 0; f < width; f++) to[r * padded + f] = from[r * width + f]!
}

const copyOut = <T extends Float32Array | Int32Array>(to: T, from: T, width: number, padded: number): void => {
  if (width === padded) {
    to.set(from)
    return
  }
  const rows = to.length / width
  for (let r = 0; r < rows; r++) for (let f = 0; f < width; f++) to[r * width + f] = from[r * padded + f]!
}
