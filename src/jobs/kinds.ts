/** Every type of job that a service runs. */
import { RingfenceError } from '../errors.js'
import type { JobKind } from './job-kind.js'
import { detectJob } from './kinds/detect.js'
import { exportJob } from './kinds/export.js'
import { forecastJob } from './kinds/forecast.js'
import { ingestJob } from './kinds/ingest.js'
import { pipelineJob } from './kinds/pipeline.js'
import { propagateJob } from './kinds/propagate.js'
import { publishJob, rollbackJob } from './kinds/publish.js'
import { scoreJob } from './kinds/score.js'
import { trainJob } from './kinds/train.js'

const singleKinds: readonly JobKind[] = [
  ingestJob,
  detectJob,
  trainJob,
  scoreJob,
  propagateJob,
  forecastJob,
  publishJob,
  rollbackJob,
  exportJob,
]

export const jobKinds: readonly JobKind[] = [...singleKinds, pipelineJob((type) => jobKind(type))]

/** Throws `request.invalid`. */
export function jobKind(type: string): JobKind {
  const kind = jobKinds.find((each) => each.type === type)
  if (!kind)
    throw new RingfenceError(
      'request.invalid',
      `type: there is no job ${type}; there is ${jobKinds.map((each) => each.type).join(', ')}.`,
    )
  return kind
}
