/**
 * Whether a detector can start from what it found in an earlier run, and if not, why not.
 *
 * It can where the same detector with the same code, parameters and seed looked at a part of the present graph and little has come since: the null
 * model is then nearly the same, and only what is new can have made a ring. What is carried over drifts with every warm run, so that after one
 * interaction in ten is new since the detector last looked everywhere, it looks everywhere again.
 */
import { deserialize, serialize } from 'node:v8'
import type { SnapshotChange, SnapshotTrace } from '../graph/snapshot-change.js'
import type { Finding } from '../store/store.js'
import type { KeptFinding } from './findings.js'

/** New interactions since the last full look, of those that there were then. */
const MOST_DRIFT = 0.1

/** More would make the trace, four bytes each, a burden to the store. Larger graphs have no warm start. */
const MOST_TRACED = 25_000_000

/** In the place of a detector's name, which has no such sign. */
export const TRACE = '#trace'

export interface KeptTrace {
  /** Digest of the snapshot. */
  readonly snapshot: string
  readonly trace: SnapshotTrace
}

/** As `Finding.content`; null where the graph is too large. Hashes do not get smaller by packing. */
export const traceContent = (kept: KeptTrace): string | null => {
  const { entities, relations } = kept.trace
  const count = relations.reduce((sum, { edges }) => sum + edges.length, entities.length)
  if (count > MOST_TRACED) return null
  const plain = {
    ...kept.trace,
    entities: Uint32Array.from(entities),
    relations: relations.map(({ type, edges }) => ({ type, edges: Uint32Array.from(edges) })),
  }
  return serialize({ ...kept, trace: plain }).toString('base64')
}

/** Null where there is none that can be read. */
export const readTrace = (findings: readonly Finding[]): KeptTrace | null => {
  const kept = findings.find(({ detector }) => detector === TRACE)
  if (!kept) return null
  try {
    return deserialize(Buffer.from(kept.content, 'base64')) as KeptTrace
  } catch {
    return null
  }
}

/** Why a detector looked everywhere. */
export type FullReason =
  /** It was asked to. */
  | 'asked'
  /** Nothing that it found is kept, or for a graph whose trace is not. */
  | 'no-base'
  /** Other parameters, seed or code. */
  | 'other-search'
  /** Interactions or entities of then are not in the present graph. */
  | 'gone'
  /** Too much has come since it last looked everywhere. */
  | 'drift'
  /** It has no other way. */
  | 'always'

export interface StartQuestion {
  readonly full: boolean
  /** The detector can look only where something is new. */
  readonly warm: boolean
  readonly kind: string
  readonly kept: KeptFinding | null
  readonly trace: KeptTrace | null
  /** Since `trace`; null where something is gone. */
  readonly change: SnapshotChange | null
  /** Interactions of the present graph. */
  readonly interactions: number
}

/** Null where it can start from what is kept. */
export const whyFull = (question: StartQuestion): FullReason | null => {
  const { full, warm, kind, kept, trace, change, interactions } = question
  if (full) return 'asked'
  if (!kept || !trace || trace.snapshot !== kept.snapshot) return 'no-base'
  if (kept.kind !== kind) return 'other-search'
  if (!warm) return 'always'
  if (!change) return 'gone'
  return interactions - kept.full.interactions > MOST_DRIFT * kept.full.interactions ? 'drift' : null
}
