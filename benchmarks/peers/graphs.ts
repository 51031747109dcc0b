/** The graphs that kernels are measured on. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { type UndirectedCsr, undirectedCsr } from '#src/kernels/csr.js'
import { Random } from '#src/kernels/random.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const datasets = process.env.RINGFENCE_DATASETS ?? resolve(root, '../shared/datasets')

export interface Edges {
  readonly nodeCount: number
  readonly source: Int32Array
  readonly target: Int32Array
}

/** Reads pairs of whole numbers, one a line, `#` lines left out; ids become 0 .. nodes - 1 in the order of first sight. */
const readPairs = (path: string): { readonly edges: Edges; readonly ids: ReadonlyMap<number, number> } => {
  const bytes = gunzipSync(readFileSync(path))
  const ids = new Map<number, number>()
  const ends: number[] = []
  let value = -1
  let comment = false
  for (let i = 0; i <= bytes.length; i++) {
    const byte = i < bytes.length ? bytes[i]! : 10
    const digit = byte - 48
    if (byte === 35) comment = true
    if (digit >= 0 && digit <= 9 && !comment) value = (value < 0 ? 0 : value) * 10 + digit
    else if (value >= 0) {
      let id = ids.get(value)
      if (id === undefined) {
        id = ids.size
        ids.set(value, id)
      }
      ends.push(id)
      value = -1
    }
    if (byte === 10) comment = false
  }
  const source = Int32Array.from({ length: ends.length / 2 }, (_, e) => ends[2 * e]!)
  const target = Int32Array.from({ length: ends.length / 2 }, (_, e) => ends[2 * e + 1]!)
  return { edges: { nodeCount: ids.size, source, target }, ids }
}

/** null where the data set is not there, with the reason said. */
export const comDblp = (note: (line: string) => void): Edges | null => {
  const path = join(datasets, 'com-dblp/com-dblp.ungraph.txt.gz')
  if (existsSync(path)) return readPairs(path).edges
  note(`com-dblp is left out: ${path} is not there (RINGFENCE_DATASETS names another folder)`)
  return null
}

/** With the department of each node. */
export const emailEuCore = (
  note: (line: string) => void,
): { readonly edges: Edges; readonly department: Int32Array } | null => {
  const folder = join(datasets, 'email-eu-core')
  if (!existsSync(folder)) {
    note(`email-eu-core is left out: ${folder} is not there (RINGFENCE_DATASETS names another folder)`)
    return null
  }
  const { edges, ids } = readPairs(join(folder, 'email-Eu-core.txt.gz'))
  const department = new Int32Array(edges.nodeCount).fill(-1)
  const labels = gunzipSync(readFileSync(join(folder, 'email-Eu-core-department-labels.txt.gz'))).toString()
  for (const line of labels.trim().split('\n')) {
    const [node, label] = line.split(' ').map(Number) as [number, number]
    const id = ids.get(node)
    if (id !== undefined) department[id] = label
  }
  return { edges, department }
}

/** Accounts act on targets, each pair drawn uniformly: four accounts a target, five edges an account. */
export const randomBipartite = (edges: number, seed = 1): Edges => {
  const accounts = edges / 5
  const targets = accounts / 4
  const random = new Random(seed)
  const source = new Int32Array(edges)
  const target = new Int32Array(edges)
  for (let e = 0; e < edges; e++) {
    source[e] = random.below(accounts)
    target[e] = accounts + random.below(targets)
  }
  return { nodeCount: accounts + targets, source, target }
}

/** Blocks of 200 nodes, a fifth of the edges between any two nodes; twenty edges a node. */
export const plantedBlocks = (edges: number, seed = 1): Edges => {
  const nodeCount = edges / 20
  const blockSize = 200
  const random = new Random(seed)
  const source = new Int32Array(edges)
  const target = new Int32Array(edges)
  for (let e = 0; e < edges; e++) {
    const u = random.below(nodeCount)
    source[e] = u
    target[e] = random.below(5) === 0 ? random.below(nodeCount) : u - (u % blockSize) + random.below(blockSize)
  }
  return { nodeCount, source, target }
}

/** Without weights, parallel edges and loops, as the peers take it. */
export const simpleGraph = ({ nodeCount, source, target }: Edges): UndirectedCsr => ({
  ...undirectedCsr(nodeCount, { source, target }, 'one'),
  loops: null,
})
