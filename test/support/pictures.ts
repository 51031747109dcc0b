/**
 * Pictures that are compared with tolerance: fonts differ from machine to machine, so that not points are compared but the mean colour of cells of
 * 16 x 16 of them. `RINGFENCE_RENEW_PICTURES=yes` writes them anew.
 */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { PNG } from 'pngjs'

const FOLDER = 'test/pictures'
/** What was taken instead, for whoever looks at both. */
const TAKEN = 'build/pictures'
const CELL = 16
/** Of 255; text in another font moves a cell's mean by less. */
const LEAST_DIFFERENCE = 26
const MOST_BYTES = 300_000

const cellsOf = ({ width, height, data }: PNG): { readonly across: number; readonly means: Float64Array } => {
  const across = Math.ceil(width / CELL)
  const means = new Float64Array(across * Math.ceil(height / CELL) * 3)
  const counts = new Float64Array(means.length / 3)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const cell = Math.floor(y / CELL) * across + Math.floor(x / CELL)
      counts[cell]! += 1
      for (let colour = 0; colour < 3; colour++) means[3 * cell + colour]! += data[4 * (y * width + x) + colour]!
    }
  for (let i = 0; i < means.length; i++) means[i]! /= counts[Math.floor(i / 3)]!
  return { across, means }
}

/** The share of cells that differ; 1 where the sizes do. */
export const differenceOf = (a: PNG, b: PNG): number => {
  if (a.width !== b.width || a.height !== b.height) return 1
  const [one, other] = [cellsOf(a).means, cellsOf(b).means]
  let differing = 0
  for (let cell = 0; cell < one.length; cell += 3)
    if ([0, 1, 2].some((colour) => Math.abs(one[cell + colour]! - other[cell + colour]!) > LEAST_DIFFERENCE))
      differing++
  return differing / (one.length / 3)
}

/** Empty where the picture is like the kept one; else what is wrong and what to do. */
export const comparePicture = (name: string, taken: Buffer, most: number): string => {
  const file = `${FOLDER}/${name}.png`
  if (process.env.RINGFENCE_RENEW_PICTURES === 'yes') {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(file, PNG.sync.write(PNG.sync.read(taken), { colorType: 2, inputHasAlpha: true, deflateLevel: 9 }))
    const { size } = statSync(file)
    return size > MOST_BYTES ? `${file} has ${size} bytes, more than ${MOST_BYTES}: take a smaller part.` : ''
  }
  const share = existsSync(file) ? differenceOf(PNG.sync.read(readFileSync(file)), PNG.sync.read(taken)) : 1
  if (share <= most) return ''
  mkdirSync(TAKEN, { recursive: true })
  writeFileSync(`${TAKEN}/${name}.png`, taken)
  return (
    `${file} and the page differ in ${(100 * share).toFixed(1)} % of their cells; up to ${100 * most} % may. Look at ${TAKEN}/${name}.png beside it. ` +
    'If that is how it should look now: RINGFENCE_RENEW_PICTURES=yes npm test -- console-look'
  )
}
