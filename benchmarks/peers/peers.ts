/** Runs igraph and NetworKit from a virtual environment that is made on first use, under .cache/ of the project. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { UndirectedCsr } from '#src/kernels/csr.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../', import.meta.url))
const script = join(root, 'benchmarks/peers/peers.py')
const requirements = join(root, 'benchmarks/peers/requirements.txt')
const environment = join(root, '.cache/peers')

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
export const peerPython = async (note: (line: string) => void): Promise<string | null> => {
  const python = join(environment, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  const stamp = join(environment, 'requirements.txt')
  const wanted = readFileSync(requirements, 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python
  try {
    note('making a Python environment in .cache/peers and installing igraph and NetworKit with pip (once)')
    await run('python3', ['-m', 'venv', environment])
    await run(python, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements])
    writeFileSync(stamp, wanted)
    return python
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    note(`igraph and NetworKit cannot be run here, so our figures stand alone: ${reason}`)
    return null
  }
}

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
