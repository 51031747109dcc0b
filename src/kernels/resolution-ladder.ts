/**
 * Communities at the scale that the graph itself shows: Leiden at a ladder of resolutions, of which the partition of greatest
 * significance is picked. No labels, no expected number of communities.
 *
 * Modularity at resolution 1 cannot see communities below a size that grows with the graph (Santo Fortunato and Marc
 * Barthélemy, "Resolution limit in community detection", PNAS 104(1), 2007); the criterion is that of `significance`.
 */
import type { CommunityOptions, Partition } from './communities.js'
import type { UndirectedCsr } from './csr.js'
import { leiden } from './leiden.js'
import { significance } from './significance.js'

export interface LadderOptions extends Omit<CommunityOptions, 'resolution' | 'initial' | 'frontier'> {
  /** Above 0; default 1/2 to 64 by factors of the square root of 2. */
  readonly resolutions?: readonly number[]
  /** Runs a rung with different seeds, of which the one of best quality stands; default 1. */
  readonly runs?: number
}

export interface Rung extends Partition {
  readonly resolution: number
  /** In nats. */
  readonly significance: number
}

export interface Ladder {
  /** In the order of the resolutions. */
  readonly rungs: readonly Rung[]
  /** The rung of greatest significance, the first of equals. */
  readonly picked: Rung
}

const defaultResolutions = Array.from({ length: 15 }, (_, i) => 2 ** (i / 2 - 1))

/** Throws RangeError where there is no rung, or an option is outside its range. Costs one Leiden a rung and run. */
export const resolutionLadder = (graph: UndirectedCsr, options: LadderOptions = {}): Ladder => {
  const { resolutions = defaultResolutions, runs = 1, seed = 0, ...rest } = options
  if (resolutions.length === 0) throw new RangeError('a ladder needs at least one resolution')
  if (!(Number.isInteger(runs) && runs >= 1)) throw new RangeError(`runs must be a whole number from 1, not ${runs}`)
  const rungs = resolutions.map((resolution): Rung => {
    let best = leiden(graph, { ...rest, resolution, seed })
    for (let run = 1; run < runs; run++) {
      const next = leiden(graph, { ...rest, resolution, seed: seed + run })
      if (next.quality > best.quality) best = next
    }
    return { ...best, resolution, significance: significance(graph, best.community, best.count) }
  })
  const picked = rungs.reduce((kept, rung) => (rung.significance > kept.significance ? rung : kept))
  return { rungs, picked }
}
