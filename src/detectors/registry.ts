/** Which detectors a job asks for, and with which parameters. */
import { Value } from 'typebox/value'
import { RingfenceError } from '../errors.js'
import { detectorById, detectors } from './all.js'
import type { Detector } from './detector.js'

export { detectorById, detectors } from './all.js'

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
