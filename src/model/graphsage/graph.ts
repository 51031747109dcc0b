import type { Csr } from '../../kernels/csr.js'
import type { FeatureMatrix } from '../feature-matrix.js'

/** One way in which nodes see others: an interaction type in one direction. Row v lists the neighbours of v. */
export interface SageRelation {
  readonly name: string
  readonly csr: Csr
}

/** Nodes are the rows of `features` and of every relation. */
export interface SageGraph {
  /** Read of the node and, averaged, of its neighbours. */
  readonly features: FeatureMatrix
  /** Read of the node alone: what stands for its surroundings already, as statistics of neighbours do. */
  readonly own: FeatureMatrix | null
  readonly relations: readonly SageRelation[]
}

/** What is learned, from which rows. */
export interface SageTask {
  readonly graph: SageGraph
  /** 1, 0, or -1 where unknown. Only those of `train` and `validation` are looked at. */
  readonly labels: Int8Array
  readonly train: Int32Array
  /** Chooses how long is learned; where empty, all epochs are done. */
  readonly validation: Int32Array
}
