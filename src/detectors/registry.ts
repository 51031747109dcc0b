/** The detectors, in the order in which they run and are listed. To add one: write its file, add it here. */
import { Value } from 'typebox/value'
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

/** All detectors for null, else those named, in the registry's order. Throws `detector.unknown`. */
export const selectDetectors = (ids: readonly string[] | null): readonly Detector[] => {
  if (ids === null) return detectors
  const wanted = new Set(ids.map((id) => detectorById(id).id))
  return detectors.filter((detector) => wanted.has(detector.id))
}

/** Fills in defaults and checks bounds. Throws `detector.parameter`, naming the field. */
export const detectorParameters = (
  detector: Detector,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> => {
  const value = Value.Default(detector.parameters, structuredClone(given))
  for (const error of Value.Errors(detector.parameters, value))
    throw new RingfenceError(
      'detector.parameter',
      `${detector.id}${error.instancePath.replaceAll('/', '.')} ${error.message}.`,
      {
        detector: detector.id,
        field: error.instancePath,
      },
    )
  return value as Record<string, unknown>
}
