/** The learned numbers of a GraphSAGE: one flat array with named parts, so that optimizer, checkpoint and file treat them alike. */
import { Random } from '../../kernels/random.js'

export interface Part {
  readonly name: string
  readonly shape: readonly [number, number]
  /** `weight` begins as Glorot-uniform noise and decays, `zero` and `one` begin so and do not. */
  readonly begin: 'weight' | 'zero' | 'one'
}

export interface Layout {
  readonly parts: readonly (Part & { readonly from: number })[]
  readonly size: number
}

export const layOut = (parts: readonly Part[]): Layout => {
  let size = 0
  const placed = parts.map((part) => {
    const from = size
    size += part.shape[0] * part.shape[1]
    return { ...part, from }
  })
  return { parts: placed, size }
}

/**
 * Xavier Glorot, Yoshua Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010, equation 16.
 */
export const initialValues = ({ parts, size }: Layout, seed: number): Float32Array => {
  const values = new Float32Array(size)
  parts.forEach(({ shape: [rows, columns], begin, from }, index) => {
    const count = rows * columns
    if (begin === 'one') values.fill(1, from, from + count)
    if (begin !== 'weight') return
    const random = new Random(seed, index + 1)
    const limit = Math.sqrt(6 / (rows + columns))
    for (let i = 0; i < count; i++) values[from + i] = limit * (2 * random.float() - 1)
  })
  return values
}

/** 1 where weight decay applies. */
export const decayMask = ({ parts, size }: Layout): Uint8Array => {
  const mask = new Uint8Array(size)
  for (const { shape, begin, from } of parts) if (begin === 'weight') mask.fill(1, from, from + shape[0] * shape[1])
  return mask
}
