import { expect, test } from '@jest/globals'
import { type Csr, directedCsr } from '#src/kernels/csr.js'
import { Random } from '#src/kernels/random.js'
import { plainSparseDense, type SparseDense } from '#src/kernels/sparse-dense.js'
import { SimdEngine, simdBytes } from '#src/kernels/sparse-dense-simd.js'

/** Some rows and columns stay empty, some entries are parallel. */
const randomCsr = (rows: number, columns: number, entries: number, seed: number): Csr => {
  const random = new Random(seed)
  const source = Int32Array.from({ length: entries }, () => random.below(Math.max(1, rows - 2)))
  const target = Int32Array.from({ length: entries }, () => random.below(columns))
  return directedCsr(rows, columns, { source, target })
}

const randomDense = (rows: number, width: number, seed: number): Float32Array => {
  const random = new Random(seed, 1)
  return Float32Array.from({ length: rows * width }, () => 2 * random.float() - 1)
}

const simd = (csr: Csr): SparseDense => {
  const engine = SimdEngine.create()
  if (!engine) throw new Error('this machine has no WebAssembly vector instructions, so that the twin cannot be tested')
  return engine.load([csr])[0]!
}

const neighbours = ({ offsets, columns }: Csr, r: number): number[] => [
  ...columns.subarray(offsets[r]!, offsets[r + 1]!),
]

const shapes = [
  { rows: 1, columns: 1, entries: 0 },
  { rows: 7, columns: 5, entries: 12 },
  { rows: 40, columns: 60, entries: 300 },
]

for (const [name, make] of [
  ['plain', (csr: Csr) => plainSparseDense(csr)],
  ['simd', simd],
] as const)
  for (const { rows, columns, entries } of shapes)
    for (const width of [1, 3, 4, 16, 37, 64])
      test(`${name}: mean and maximum of ${rows} x ${columns} with ${entries} entries, ${width} wide, equal brute force`, () => {
        const csr = randomCsr(rows, columns, entries, width)
        const x = randomDense(columns, width, 5)
        const product = make(csr)
        const mean = product.mean(x, width)
        const { values, winners } = product.max(x, width)
        for (let r = 0; r < rows; r++)
          for (let f = 0; f < width; f++) {
            const near = neighbours(csr, r)
            const at = r * width + f
            const column = near.map((c) => x[c * width + f]!)
            expect(mean[at]).toBeCloseTo(near.length ? column.reduce((a, b) => a + b, 0) / near.length : 0, 5)
            expect(values[at]).toBe(near.length ? Math.max(...column) : 0)
            expect(winners[at]).toBe(near.length ? near[column.indexOf(Math.max(...column))] : -1)
          }
      })

test('the vector twin gives the bytes of the plain one, gradients included', () => {
  const csr = randomCsr(900, 700, 20_000, 3)
  const width = 52
  const x = randomDense(700, width, 8)
  const dy = randomDense(900, width, 9)
  const [plain, fast] = [plainSparseDense(csr), simd(csr)]
  const maxima = plain.max(x, width)
  expect(fast.mean(x, width)).toEqual(plain.mean(x, width))
  expect(fast.max(x, width)).toEqual(maxima)
  expect(fast.meanGradient(dy, width)).toEqual(plain.meanGradient(dy, width))
  expect(fast.maxGradient(dy, maxima.winners, width)).toEqual(plain.maxGradient(dy, maxima.winners, width))
})

test('the gradients are those of finite differences', () => {
  const width = 3
  const csr = randomCsr(12, 9, 40, 11)
  const x = randomDense(9, width, 1)
  const dy = randomDense(12, width, 2)
  const dot = (a: Float32Array): number => a.reduce((sum, value, at) => sum + value * dy[at]!, 0)
  const step = 1e-2
  for (const product of [plainSparseDense(csr), simd(csr)]) {
    const { winners } = product.max(x, width)
    const means = product.meanGradient(dy, width)
    const maxima = product.maxGradient(dy, winners, width)
    for (let at = 0; at < x.length; at++) {
      const [up, down] = [x.slice(), x.slice()]
      up[at]! += step
      down[at]! -= step
      const slope = (f: (x: Float32Array) => Float32Array): number => (dot(f(up)) - dot(f(down))) / (2 * step)
      expect(means[at]).toBeCloseTo(
        slope((values) => product.mean(values, width)),
        3,
      )
      // A maximum has no slope where the step makes another entry win: there the two products must differ.
      const sameWinners = [up, down].every((values) =>
        product.max(values, width).winners.every((w, i) => w === winners[i]),
      )
      if (sameWinners)
        expect(maxima[at]).toBeCloseTo(
          slope((values) => product.max(values, width).values),
          3,
        )
    }
  }
})

test('matrices of one engine share its memory, which holds as much as was estimated', () => {
  const matrices = [randomCsr(300, 200, 4000, 1), randomCsr(200, 300, 2500, 2)]
  const products = SimdEngine.create()!.load(matrices)
  for (const [i, csr] of matrices.entries()) {
    const x = randomDense(csr.columnCount, 20, i)
    expect(products[i]!.mean(x, 20)).toEqual(plainSparseDense(csr).mean(x, 20))
  }
  const sizes = matrices.map(({ rowCount, columnCount, columns }) => ({
    rows: rowCount,
    columns: columnCount,
    entries: columns.length,
  }))
  expect(simdBytes(sizes, 20)).toBeLessThan(400_000)
  expect(() =>
    SimdEngine.create()!
      .load([randomCsr(10, 10, 10, 1)])[0]!
      .mean(new Float32Array(7), 1),
  ).toThrow(RangeError)
})

test('a cancelled product stops', () => {
  const stop = () => {
    throw new Error('stopped')
  }
  const csr = randomCsr(2000, 2000, 50_000, 4)
  const x = randomDense(2000, 16, 4)
  expect(() => plainSparseDense(csr, stop)).toThrow('stopped')
  expect(() => SimdEngine.create(stop)!.load([csr])[0]!.mean(x, 16)).toThrow('stopped')
})
