/** Where exports that jobs made are kept for a while: one folder each, under a name that only its job tells, with its manifest in it. */
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { RingfenceError } from '../errors.js'
import type { Manifest } from '../exports/manifest.js'
import type { GraphStore } from '../store/store.js'

const HOUR_MS = 3_600_000
const DEFAULT_LIMIT_MB = 2048
const DEFAULT_HOURS = 24
const IDENTITY = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const TEMPORARY = '.part-'

const numberFrom = (name: string, fallback: number): number => {
  const text = process.env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!(value > 0 && value <= 1e9))
    throw new RingfenceError('setting.invalid', `${name} must be a number above 0, at most 1000000000.`, { name })
  return value
}

export interface KeptExport {
  readonly manifest: Manifest
  /** ISO 8601. */
  readonly expiresAt: string
}

export class ExportFolder {
  readonly #path: string
  readonly #limitMb: number
  readonly #hours: number

  /** Throws `setting.invalid`. */
  constructor(store: Pick<GraphStore, 'engine' | 'location'>) {
    this.#path =
      process.env.RINGFENCE_EXPORTS || (store.engine === 'duckdb' ? `${store.location}.exports` : './ringfence-exports')
    this.#limitMb = numberFrom('RINGFENCE_EXPORTS_LIMIT_MB', DEFAULT_LIMIT_MB)
    this.#hours = numberFrom('RINGFENCE_EXPORTS_HOURS', DEFAULT_HOURS)
  }

  async #entries(): Promise<readonly { readonly path: string; readonly name: string; readonly madeAt: number }[]> {
    if (!existsSync(this.#path)) return []
    const found = []
    for (const name of await readdir(this.#path)) {
      if (!IDENTITY.test(name) && !name.startsWith(TEMPORARY)) continue
      const path = join(this.#path, name)
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.NaN }))
      if (!Number.isNaN(mtimeMs)) found.push({ path, name, madeAt: mtimeMs })
    }
    return found
  }

  /** Removes what is older than it may be. */
  async sweep(): Promise<void> {
    for (const { path, madeAt } of await this.#entries())
      if (Date.now() - madeAt > this.#hours * HOUR_MS) await rm(path, { recursive: true, force: true })
  }

  /** Bytes that are left for another export. */
  async room(): Promise<number> {
    let used = 0
    for (const { path } of await this.#entries())
      for (const file of await readdir(path).catch(() => []))
        used += (await stat(join(path, file)).catch(() => ({ size: 0 }))).size
    return Math.max(0, this.#limitMb * 2 ** 20 - used)
  }

  /** Null for one that is not there, or not any more. */
  async read(id: string): Promise<KeptExport | null> {
    if (!IDENTITY.test(id)) return null
    await this.sweep()
    const folder = join(this.#path, id)
    try {
      const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Manifest
      const { mtimeMs } = await stat(folder)
      return { manifest, expiresAt: new Date(mtimeMs + this.#hours * HOUR_MS).toISOString() }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    }
  }

  /** The path of a file that the manifest of an export names, or of the manifest. Null for any other. */
  fileOf(id: string, { manifest }: KeptExport, file: string): string | null {
    return file === 'manifest.json' || manifest.parts.some((part) => part.file === file)
      ? join(this.#path, id, file)
      : null
  }

  /** `make` fills a folder that has no name yet; it gets it when `make` has ended well. Readable by the service's own user alone. */
  async keep(id: string, attempt: string, make: (folder: string) => Promise<unknown>): Promise<void> {
    await mkdir(this.#path, { recursive: true, mode: 0o700 })
    const temporary = join(this.#path, `${TEMPORARY}${id}-${attempt}`)
    try {
      await mkdir(temporary, { mode: 0o700 })
      await make(temporary)
      const folder = join(this.#path, id)
      // Another attempt at the same job has made the same.
      if (!existsSync(join(folder, 'manifest.json'))) await rename(temporary, folder)
    } catch (error) {
      if (typeof (error as NodeJS.ErrnoException | null)?.errno === 'number')
        throw new RingfenceError(
          'export.write',
          'The folder of exports cannot be written; the log has the cause.',
          {},
          { cause: error },
        )
      throw error
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
  }
}
