/** Virtual environments of Python for the peers, made on first use under .cache/ of the project. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../', import.meta.url))

/** A script of benchmarks/peers/. */
export const peerScript = (file: string): string => join(root, 'benchmarks/peers', file)

/**
 * The Python of an environment with the packages of benchmarks/peers/`requirements`, or null with the reason said: then the
 * benchmark prints our figures alone. `what` names the peers for the reader.
 */
export const pythonWith = async (
  environment: string,
  requirements: string,
  what: string,
  note: (line: string) => void,
): Promise<string | null> => {
  const folder = join(root, '.cache', environment)
  const python = join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  const stamp = join(folder, 'requirements.txt')
  const wanted = readFileSync(peerScript(requirements), 'utf8')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python
  try {
    note(`making a Python environment in .cache/${environment} and installing ${what} with pip (once)`)
    await run('python3', ['-m', 'venv', folder])
    await run(python, ['-m', 'pip', 'install', '--quiet', '--requirement', peerScript(requirements)])
    writeFileSync(stamp, wanted)
    return python
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    note(`${what} cannot be run here, so our figures stand alone: ${reason}`)
    return null
  }
}
