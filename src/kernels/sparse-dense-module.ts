/**
 * The WebAssembly module behind `sparse-dense-simd.ts`: for rows [from, to) of a CSR, sums times a factor of each row, or maxima and
 * where they came from. A row is gone through once for each tile of features, so that the tile's accumulators stay in registers.
 */
import * as wasm from './wasm-assembler.js'

const vectorBytes = 16
/** Floats in a tile: eight accumulators for sums, four and their four winners for maxima; then single vectors. */
const sumTile = 8
const maxTile = 4

// Parameters of both functions, byte addresses: rows [from, to), CSR, x and its bytes a row, then outputs.
const [row, rowEnd, offsets, columns, x, stride, out] = [0, 1, 2, 3, 4, 5, 6] as const
/** Of `sum` the factor of each row, of `max` the winners. */
const extra = 7
const [entry, entryEnd, feature, address, to] = [8, 9, 10, 11, 12] as const
const firstVector = 13

const increment = (local: number, by: number): wasm.Code =>
  wasm.set(local, wasm.add(wasm.get(local), wasm.constant(by)))

/** Goes over tiles of `vectors` vectors from `feature` on while a whole one is left. */
const overTiles = (vectors: number, body: wasm.Code): wasm.Code =>
  wasm.whileLoop(
    wasm.lessOrEqual(wasm.add(wasm.get(feature), wasm.constant(vectors * vectorBytes)), wasm.get(stride)),
    [body, increment(feature, vectors * vectorBytes)],
  )

const rowAddress = (array: number): wasm.Code =>
  wasm.add(wasm.get(array), wasm.add(wasm.mul(wasm.get(row), wasm.get(stride)), wasm.get(feature)))

const overEntries = (body: wasm.Code): wasm.Code => [
  wasm.set(
    entry,
    wasm.add(
      wasm.get(columns),
      wasm.shiftLeft(wasm.loadI32(wasm.add(wasm.get(offsets), wasm.shiftLeft(wasm.get(row), 2))), 2),
    ),
  ),
  wasm.whileLoop(wasm.lessThan(wasm.get(entry), wasm.get(entryEnd)), [
    wasm.set(
      address,
      wasm.add(wasm.get(x), wasm.add(wasm.mul(wasm.loadI32(wasm.get(entry)), wasm.get(stride)), wasm.get(feature))),
    ),
    body,
    increment(entry, 4),
  ]),
]

const overRows = (body: wasm.Code): wasm.Code =>
  wasm.whileLoop(wasm.lessThan(wasm.get(row), wasm.get(rowEnd)), [
    wasm.set(
      entryEnd,
      wasm.add(
        wasm.get(columns),
        wasm.shiftLeft(wasm.loadI32(wasm.add(wasm.get(offsets), wasm.shiftLeft(wasm.get(row), 2)), 4), 2),
      ),
    ),
    wasm.set(feature, wasm.constant(0)),
    body,
    increment(row, 1),
  ])

const times = (count: number, make: (index: number) => wasm.Code): wasm.Code =>
  Array.from({ length: count }, (_, i) => make(i))

const sumOverTile = (vectors: number): wasm.Code =>
  overTiles(vectors, [
    times(vectors, (v) => wasm.set(firstVector + v, wasm.constantF32x4(0))),
    overEntries(
      times(vectors, (v) =>
        wasm.set(
          firstVector + v,
          wasm.addF32x4(wasm.get(firstVector + v), wasm.loadVector(wasm.get(address), v * vectorBytes)),
        ),
      ),
    ),
    wasm.set(to, rowAddress(out)),
    times(vectors, (v) =>
      wasm.storeVector(
        wasm.get(to),
        wasm.mulF32x4(
          wasm.get(firstVector + v),
          wasm.splatF32(wasm.loadF32(wasm.add(wasm.get(extra), wasm.shiftLeft(wasm.get(row), 2)))),
        ),
        v * vectorBytes,
      ),
    ),
  ])

const maxOverTile = (vectors: number): wasm.Code => {
  const best = (v: number): number => firstVector + v
  const winner = (v: number): number => firstVector + maxTile + v
  const value = firstVector + 2 * maxTile
  const mask = value + 1
  const column = mask + 1
  return overTiles(vectors, [
    times(vectors, (v) => [
      wasm.set(best(v), wasm.constantF32x4(-Infinity)),
      wasm.set(winner(v), wasm.constantI32x4(-1)),
    ]),
    overEntries([
      wasm.set(column, wasm.splatI32(wasm.loadI32(wasm.get(entry)))),
      times(vectors, (v) => [
        wasm.set(value, wasm.loadVector(wasm.get(address), v * vectorBytes)),
        wasm.set(mask, wasm.greaterF32x4(wasm.get(value), wasm.get(best(v)))),
        wasm.set(best(v), wasm.select(wasm.get(value), wasm.get(best(v)), wasm.get(mask))),
        wasm.set(winner(v), wasm.select(wasm.get(column), wasm.get(winner(v)), wasm.get(mask))),
      ]),
    ]),
    wasm.set(to, rowAddress(out)),
    times(vectors, (v) => wasm.storeVector(wasm.get(to), wasm.get(best(v)), v * vectorBytes)),
    wasm.set(to, rowAddress(extra)),
    times(vectors, (v) => wasm.storeVector(wasm.get(to), wasm.get(winner(v)), v * vectorBytes)),
  ])
}

const integers = [wasm.i32, wasm.i32, wasm.i32, wasm.i32, wasm.i32]
const vectors = (count: number): number[] => Array(count).fill(wasm.v128)
/** Exports `sum` and `max`. */
export const productModule = (): Uint8Array<ArrayBuffer> =>
  wasm.assembleModule([
    {
      name: 'sum',
      parameters: 8,
      locals: [...integers, ...vectors(sumTile)],
      body: overRows([sumOverTile(sumTile), sumOverTile(1)]),
    },
    {
      name: 'max',
      parameters: 8,
      locals: [...integers, ...vectors(2 * maxTile + 3)],
      body: overRows([maxOverTile(maxTile), maxOverTile(1)]),
    },
  ])
