/**
 * What a detector found, kept so that a later run need not look again. A detector is a function of the snapshot, its parameters, the seed and
 * its own code: when a digest of all four is the same, so is what it finds, byte for byte. On a graph that has grown a little, what was found is where a detector starts (warm-start.ts).
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { deflate, inflate } from 'node:zlib'
import type { DetectorResult } from '../detectors/detector.js'
import type { Finding } from '../store/store.js'

/** Of `content` below: another number makes older findings unknown. */
const FORMAT = 2

const pack = promisify(deflate)
const unpack = promisify(inflate)

/** All code that a detector's result can follow from. */
const CODE = ['../detectors/', '../graph/', '../kernels/', '../../graph-schema/']

let known: string | null = null

/** SHA-256, hex, of the program that runs: a version number would not tell two builds apart. */
const codeDigest = (): string => {
  if (known !== null) return known
  const hash = createHash('sha256')
  for (const folder of CODE) {
    const root = new URL(folder, import.meta.url)
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(js|wasm)$/.test(file))
    for (const file of files.sort())
      hash.update(`${folder}${file}\n`).update(readFileSync(fileURLToPath(new URL(file, root))))
  }
  known = hash.digest('hex')
  return known
}

/** With the keys of objects in order, at every depth. */
const ordered = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(ordered)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, ordered(each)]),
  )
}

export interface FindingSource {
  /** Of the snapshot: snapshot-digest.ts. */
  readonly snapshot: string
  readonly detector: string
  /** With defaults filled in. */
  readonly parameters: Readonly<Record<string, unknown>>
  readonly seed: number
}

/** The same for the same detector, code, seed and parameters, whatever the snapshot. */
export const findingKind = ({ detector, parameters, seed }: Omit<FindingSource, 'snapshot'>): string =>
  createHash('sha256')
    .update(JSON.stringify([FORMAT, codeDigest(), process.versions.v8, detector, seed, ordered(parameters)]))
    .digest('hex')

export const findingKey = (source: FindingSource): string =>
  createHash('sha256')
    .update(JSON.stringify([findingKind(source), source.snapshot]))
    .digest('hex')

/** What a detector found, with what a warm run wants to know of the run that found it. */
export interface KeptFinding {
  /** `findingKind`, and the digest of the snapshot that was looked at. */
  readonly kind: string
  readonly snapshot: string
  /** The last run that looked everywhere, and the interactions that there were. */
  readonly full: { readonly run: string; readonly interactions: number }
  readonly result: DetectorResult
}

/** Views are copied out of the larger buffers that they may look into. */
const plain = (result: DetectorResult): DetectorResult => ({
  ...result,
  candidates: result.candidates.map((candidate) => ({
    ...candidate,
    facts: candidate.facts.map((fact) => ({
      ...fact,
      shows: fact.shows.map(({ type, edges }) => ({ type, edges: Int32Array.from(edges) })),
    })),
  })),
})

export const findingContent = async (kept: KeptFinding): Promise<string> =>
  (await pack(serialize({ ...kept, result: plain(kept.result) }))).toString('base64')

/** Null for what cannot be read: then the detector looks again. */
export const readFinding = async ({ content }: Pick<Finding, 'content'>): Promise<KeptFinding | null> => {
  try {
    return deserialize(await unpack(Buffer.from(content, 'base64'))) as KeptFinding
  } catch {
    return null
  }
}
