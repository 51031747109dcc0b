/** Runs igraph and NetworKit from a virtual environment that is made on first use, under .cache/ of the project. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { UndirectedCsr } from '#src/kernels/csr.js'
import { peerScript, pythonWith } from './environment.js'

const run = promisify(execFile)
const script = peerScript('peers.py')

export interface PeerResult {
  readonly library: 'igraph' | 'NetworKit'
  readonly version: string
  readonly task: string
  readonly seconds: number
  /** For `leiden`. */
  readonly modularity?: number
  readonly count?: number
  /** Greatest core number or rank. */
  readonly max?: number
}

/** The Python of the environment, or null with the reason said: then the benchmark prints our figures alone. */
export const peerPython = (note: (line: string) => void): Promise<string | null> =>
  pythonWith('peers', 'requirements.txt', 'igraph and NetworKit', note)

/** Writes each edge once and runs the tasks on it; empty where there is no Python. */
export const runPeers = async (
  python: string | null,
  graph: UndirectedCsr,
  tasks: readonly string[],
  note: (line: string) => void,
): Promise<readonly PeerResult[]> => {
  if (python === null) return []
  const ends = new Int32Array(graph.columns.length)
  let at = 0
  for (let u = 0; u < graph.rowCount; u++)
    for (let k = graph.offsets[u]!; k < graph.offsets[u + 1]!; k++) {
      if (graph.columns[k]! < u) continue
      ends[at++] = u
      ends[at++] = graph.columns[k]!
    }
  const folder = await mkdtemp(join(tmpdir(), 'peers-'))
  try {
    const file = join(folder, 'edges.i32')
    await writeFile(file, ends)
    const { stdout } = await run(python, [script, file, String(graph.rowCount), ...tasks], { maxBuffer: 1 << 24 })
    const results = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as PeerResult)
    for (const result of results) note(`  ${JSON.stringify(result)}`)
    return results
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
