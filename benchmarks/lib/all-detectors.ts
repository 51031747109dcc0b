/** Every detector on one snapshot, in this thread, and the rings that a run would name: what the job does, without a store. */
import { detectorParameters, detectors } from '#src/detectors/registry.js'
import type { Snapshot } from '#src/graph/snapshot.js'
import { type MergedRing, mergeCandidates } from '#src/rings/merge.js'

/** Rings with a false-discovery rate of at most `rate`, by falling surprise. */
export const ringsOfAll = (snapshot: Snapshot, seed: number, rate: number): MergedRing[] => {
  const found = detectors.map(
    (detector) =>
      detector.run({ snapshot, seed, progress: () => {}, checkCancelled: () => {} }, detectorParameters(detector, {}))
        .candidates,
  )
  const silent = found.filter((candidates) => candidates.length === 0).length
  return mergeCandidates(found.flat(), silent).filter(({ fdr }) => fdr <= rate)
}
