/** Python with networkx, which reads what is exported: a virtual environment under .cache/ of the project, made once. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../', import.meta.url))
const REQUIREMENTS = 'networkx==3.4.2\n'
const MOST_OUTPUT = 256 * 2 ** 20

export interface ReadGraph {
  readonly directed: boolean
  readonly nodes: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly edges: readonly (readonly [string, string, Readonly<Record<string, unknown>>, string | null])[]
}

/** The interpreter, or why there is none. */
export const pythonWithNetworkx = async (): Promise<{ readonly python: string } | { readonly unavailable: string }> => {
  const folder = join(root, '.cache/export-readers')
  const python = join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  const stamp = join(folder, 'requirements.txt')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === REQUIREMENTS) return { python }
  try {
    await run('python3', ['-m', 'venv', '--clear', folder])
    await run(python, [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      ...REQUIREMENTS.trim().split('\n'),
    ])
    writeFileSync(stamp, REQUIREMENTS)
    return { python }
  } catch (error) {
    return { unavailable: error instanceof Error ? error.message.split('\n')[0]! : String(error) }
  }
}

export const readWithNetworkx = async (python: string, kind: 'graphml' | 'gexf', path: string): Promise<ReadGraph> => {
  const { stdout } = await run(python, [join(root, 'test/support/read_graph.py'), kind, path], {
    maxBuffer: MOST_OUTPUT,
  })
  return JSON.parse(stdout) as ReadGraph
}
