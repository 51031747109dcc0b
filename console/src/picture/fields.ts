/** What nodes and edges of the picture carry. */
import type { MultiGraph } from 'graphology'

/** By what the card's program knows them. */
export const shapes = { disc: 0, square: 1, diamond: 2, fold: 3 } as const
export type Shape = keyof typeof shapes

export interface NodeFields {
  x: number
  y: number
  readonly size: number
  readonly label: string
  readonly kind: string
  readonly role: string | null
  readonly shape: number
  /** Of what was folded: how many. */
  readonly folded: number
  /** Position in the answer's nodes; -1 for what was folded. */
  readonly position: number
}

export interface EdgeFields {
  readonly size: number
  readonly kind: string
  readonly count: number
  /** Epoch milliseconds; null: no time is known, so it is there all along. */
  readonly first: number | null
  readonly facts: readonly number[]
}

export type PictureGraph = MultiGraph<NodeFields, EdgeFields>
