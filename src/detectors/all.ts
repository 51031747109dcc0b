/**
 * The detectors, in the order in which they run and are listed. To add one: write its file, add it here. Apart from registry.ts, as a worker thread has
 * no use for the checking of parameters, whose library takes long to load.
 */
import { RingfenceError } from '../errors.js'
import { accountTrading } from './account-trading.js'
import { coattail } from './coattail.js'
import { denseBlock } from './dense-block.js'
import type { Detector } from './detector.js'
import { lockstep } from './lockstep.js'
import { matrix } from './matrix.js'
import { sybil } from './sybil.js'

export const detectors: readonly Detector[] = [lockstep, denseBlock, sybil, accountTrading, matrix, coattail]

export const detectorById = (id: string): Detector => {
  const found = detectors.find((detector) => detector.id === id)
  if (found) return found
  throw new RingfenceError('detector.unknown', `${id} is not one of ${detectors.map((d) => d.id).join(', ')}.`, {
    detector: id,
  })
}
