/** Progress of long work: a bar on a terminal, plain lines every few seconds elsewhere, nothing with --quiet. */
import { Presets, SingleBar } from 'cli-progress'

export interface Progress {
  /** `done` of the total in 0..1; `stage` in plain words. */
  readonly update: (done: number, stage: string) => void
  readonly stop: () => void
}

/** Often enough to see that it lives, seldom enough not to fill a log. */
const LINE_INTERVAL_MS = 3000

const silent: Progress = { update: () => {}, stop: () => {} }

const bar = (): Progress => {
  const single = new SingleBar(
    {
      format: '{bar} {percentage}% | {stage}',
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      barsize: 30,
      etaBuffer: 20,
    },
    Presets.shades_classic,
  )
  single.start(1000, 0, { stage: '' })
  return {
    update: (done, stage) => single.update(Math.round(done * 1000), { stage }),
    stop: () => single.stop(),
  }
}

const lines = (): Progress => {
  const begin = performance.now()
  let last = begin
  return {
    update: (done, stage) => {
      const now = performance.now()
      if (now - last < LINE_INTERVAL_MS) return
      last = now
      process.stderr.write(`${((now - begin) / 1000).toFixed(0)} s: ${Math.floor(done * 100)} % ${stage}\n`)
    },
    stop: () => {},
  }
}

export const openProgress = (quiet: boolean): Progress => {
  if (quiet) return silent
  return process.stderr.isTTY ? bar() : lines()
}
