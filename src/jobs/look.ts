/** The detectors' part of a detection: each uses what it found before on the same graph, starts from what it found on a smaller one, or looks everywhere. */
import type { Detector, DetectorResult } from '../detectors/detector.js'
import { detectorParameters } from '../detectors/registry.js'
import type { Snapshot } from '../graph/snapshot.js'
import type { Finding, RunRecord } from '../store/store.js'
import type { DetectParameters } from './detect-parameters.js'
import { findingContent, findingKey, findingKind, type KeptFinding, readFinding } from './findings.js'
import { readTrace, TRACE, traceContent, whyFull } from './warm-start.js'
import type { WorkerPool } from './worker-pool.js'

export interface LookOptions {
  readonly snapshot: Snapshot
  readonly parameters: Pick<DetectParameters, 'seed' | 'settings' | 'full'>
  readonly detectors: readonly Detector[]
  /** What the store keeps. */
  readonly findings: readonly Finding[]
  /** Its id. */
  readonly run: string
  /** Whether what is found will be kept. */
  readonly keeps: boolean
  readonly pool: WorkerPool
  readonly timed: <T>(name: string, work: () => Promise<T>) => Promise<T>
  readonly progress: (share: number, step: string) => void
}

export interface Looked {
  /** In the order of `detectors`. */
  readonly results: readonly DetectorResult[]
  /** What the run says of it. */
  readonly start: Required<Pick<RunRecord, 'mode' | 'reused' | 'focused' | 'searched'>>
  /** What a store is to keep of it. */
  readonly toKeep: () => Promise<readonly Finding[]>
}

const byDetector = (a: { readonly detector: string }, b: { readonly detector: string }): number =>
  a.detector < b.detector ? -1 : 1

/** Throws what detectors throw, and `job.cancelled`. */
export const look = async (options: LookOptions): Promise<Looked> => {
  const { snapshot, parameters, detectors, findings, run, keeps, pool, timed, progress } = options
  const interactions = snapshot.relations.reduce((sum, { count }) => sum + count, 0)
  const usable = parameters.full ? [] : findings
  const kept = readTrace(usable)
  const comparing =
    keeps || usable.length > 0
      ? timed('digest', () => pool.run({ name: 'compare', snapshot, earlier: kept?.trace ?? null }))
      : null
  // Where nothing is kept to start from, detectors do not wait for it; when one of them fails first, nobody asks how it ended.
  comparing?.catch(() => {})
  const compared = usable.length > 0 ? await comparing : null
  const reused: { detector: string; run: string }[] = []
  const focused: { detector: string; run: string; added: number; fullRun: string }[] = []
  const searched: { detector: string; why: string }[] = []
  const fresh: { readonly key: string; readonly detector: string; readonly kept: KeptFinding }[] = []
  const shares = new Float64Array(detectors.length)

  const ownOf = (detector: Detector) => detectorParameters(detector, parameters.settings[detector.id] ?? {})

  const one = async (detector: Detector, index: number): Promise<DetectorResult> => {
    const own = ownOf(detector)
    const source = { detector: detector.id, seed: parameters.seed, parameters: own }
    const kind = comparing && findingKind(source)
    const finding = usable.find((each) => each.detector === detector.id)
    const before = finding ? await readFinding(finding) : null
    if (finding && before && compared && finding.key === findingKey({ ...source, snapshot: compared.digest })) {
      reused.push({ detector: detector.id, run: finding.run })
      shares[index] = 1
      return before.result
    }
    const change = compared?.change ?? null
    const why = whyFull({
      full: parameters.full,
      warm: detector.warm ?? false,
      kind: kind ?? '',
      kept: before,
      trace: kept,
      change,
      interactions,
    })
    const focus =
      why === null ? { change: change!, candidates: before!.result.candidates, memory: before!.result.memory } : null
    if (focus) {
      const { added } = focus.change
      focused.push({ detector: detector.id, run: finding!.run, added, fullRun: before!.full.run })
    } else searched.push({ detector: detector.id, why: why! })
    const { name: _, ...result } = await pool.run({ name: 'detector', snapshot, ...source, focus }, (step, done) => {
      shares[index] = done
      progress(shares.reduce((sum, share) => sum + share, 0) / detectors.length, `${detector.id}: ${step}`)
    })
    if (keeps && comparing) {
      const { digest } = await comparing
      fresh.push({
        key: findingKey({ ...source, snapshot: digest }),
        detector: detector.id,
        kept: {
          kind: kind!,
          snapshot: digest,
          full: focus ? before!.full : { run, interactions },
          result,
        },
      })
    }
    return result
  }

  // The longest first, so that no thread is left with it when the others are done.
  const size = { entities: snapshot.entities.count, interactions }
  const longest = detectors
    .map((detector, index) => ({ detector, index, seconds: detector.estimate(size, ownOf(detector)).seconds }))
    .sort((a, b) => b.seconds - a.seconds || a.index - b.index)
  const looking = longest.map(({ detector, index }) => timed(detector.id, () => one(detector, index)))
  const results = await Promise.all(
    detectors.map((_, index) => looking[longest.findIndex((each) => each.index === index)]!),
  )
  const toKeep = async (): Promise<readonly Finding[]> => {
    const found = await Promise.all(
      fresh.map(async ({ key, detector, kept }) => ({ key, detector, run, content: await findingContent(kept) })),
    )
    const now = await comparing
    if (!now || kept?.snapshot === now.digest) return found
    const content = traceContent({ snapshot: now.digest, trace: now.trace })
    return content === null ? found : [...found, { key: now.digest, detector: TRACE, run, content }]
  }
  const start = {
    mode: reused.length + focused.length > 0 ? ('warm' as const) : ('full' as const),
    reused: reused.sort(byDetector),
    focused: focused.sort(byDetector),
    searched: searched.sort(byDetector),
  }
  return { results, start, toKeep }
}
