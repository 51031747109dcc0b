/** What a detection job will take, said before it starts. */
import { detectorParameters, selectDetectors } from '../detectors/registry.js'
import type { GraphStore } from '../store/store.js'
import type { DetectParameters } from './detect-parameters.js'
import { coreSlowness, crowding } from './machine-speed.js'

export interface JobEstimate {
  readonly entities: number
  readonly interactions: number
  /** Peak of the whole process. */
  readonly megabytes: number
  /** By the clock, at the speed and the load that the machine has now. */
  readonly seconds: number
  readonly parts: readonly { readonly name: string; readonly megabytes: number; readonly seconds: number }[]
}

/** Bytes of the columns that a store hands over, and of the snapshot, per interaction and entity: see raw-graph.ts and snapshot.ts. */
const RAW_BYTES = { interaction: 24, entity: 40 }
const SNAPSHOT_BYTES = { interaction: 52, entity: 60 }
/** Node.js with its libraries and two threads, before any data. */
const BASE_BYTES = 225 * 2 ** 20
/** What a thread's garbage comes to while it works, from this many interactions on. */
const HEAP_BYTES = 60 * 2 ** 20
const HEAP_FULL_FROM = 100_000
/** Seconds before any data: starting, loading the code in each thread, compiling it. */
const FIXED_SECONDS = 1.4
/** Processor seconds, on the machine whose slowness is 1. */
const READ_SECONDS = { duckdb: 3e-7, neo4j: 3.3e-6 }
const BUILD_SECONDS = 3e-7
/** Merging, evidence and writing, whose size is that of what is found. */
const RINGS_SECONDS = 1e-6

/** How long so many threads take for the parts, each of which is given to the thread that is free first. */
const together = (parts: readonly number[], threads: number): number => {
  const busy = new Float64Array(threads)
  for (const seconds of parts) {
    let free = 0
    for (let t = 1; t < threads; t++) if (busy[t]! < busy[free]!) free = t
    busy[free]! += seconds
  }
  return Math.max(0, ...busy)
}

/** Memory and time of a detection job, before it starts. Throws `detector.unknown` and `detector.parameter`. */
export const estimateDetect = async (store: GraphStore, parameters: DetectParameters): Promise<JobEstimate> => {
  const { entities, interactions } = await store.counts()
  const selected = selectDetectors(parameters.detectors)
  const threads = Math.max(1, Math.min(parameters.workers, selected.length))
  const slowness = await coreSlowness()
  const alone = slowness * crowding(1)
  const shared = slowness * crowding(threads)
  const part = (name: string, bytes: number, seconds: number) => ({
    name,
    megabytes: Math.ceil(bytes / 2 ** 20),
    seconds,
  })
  const raw = interactions * RAW_BYTES.interaction + entities * RAW_BYTES.entity
  const snapshot = interactions * SNAPSHOT_BYTES.interaction + entities * SNAPSHOT_BYTES.entity
  const detecting = selected.map((detector) => {
    const own = detectorParameters(detector, parameters.settings[detector.id] ?? {})
    return { id: detector.id, ...detector.estimate({ entities, interactions }, own) }
  })
  const largest = detecting.map((d) => d.bytes).sort((a, b) => b - a)
  const heaps = threads * HEAP_BYTES * Math.min(1, interactions / HEAP_FULL_FROM)
  const detectBytes = heaps + largest.slice(0, threads).reduce((sum, bytes) => sum + bytes, 0)
  const detectSeconds = together(
    detecting.map((d) => d.seconds),
    threads,
  )
  const parts = [
    part('start', BASE_BYTES, FIXED_SECONDS * alone),
    part('read', raw, interactions * READ_SECONDS[store.engine] * alone),
    part('snapshot', snapshot, interactions * BUILD_SECONDS * alone),
    ...detecting.map((d) => part(d.id, d.bytes, d.seconds * shared)),
    part('rings', 0, interactions * RINGS_SECONDS * alone),
  ]
  const outside = FIXED_SECONDS + interactions * (READ_SECONDS[store.engine] + BUILD_SECONDS + RINGS_SECONDS)
  return {
    entities,
    interactions,
    megabytes: Math.ceil((BASE_BYTES + snapshot + Math.max(parameters.whatIf ? 2 * raw : raw, detectBytes)) / 2 ** 20),
    seconds: outside * alone + detectSeconds * shared,
    parts,
  }
}
