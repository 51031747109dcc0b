/** Every type of job that a service runs. */
import { RingfenceError } from '../errors.js'
import type { JobKind } from './job-kind.js'
import { detectJob } from './kinds/detect.js'
import { scoreJob } from './kinds/score.js'
import { trainJob } from './kinds/train.js'

export const jobKinds: readonly JobKind[] = [detectJob, trainJob, scoreJob]

/** Throws `request.invalid`. */
export const jobKind = (type: string): JobKind => {
  const kind = jobKinds.find((each) => each.type === type)
  if (!kind)
    throw new RingfenceError(
      'request.invalid',
      `type: there is no job ${type}; there is ${jobKinds.map((each) => each.type).join(', ')}.`,
    )
  return kind
}
