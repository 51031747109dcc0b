/**
 * An export as files: written under a temporary name beside the place, synchronized, renamed at the end. Whatever goes wrong, or a
 * stop, leaves what was there before.
 */
import { existsSync, statSync } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RingfenceError } from '../errors.js'
import type { ExportContent } from './content.js'
import { type Manifest, manifestOf } from './manifest.js'
import { type Destination, type ExportFormat, Part } from './part.js'

const MANIFEST = 'manifest.json'

const writeAll = async (file: FileHandle, piece: Uint8Array): Promise<void> => {
  for (let from = 0; from < piece.length; ) from += (await file.write(piece, from)).bytesWritten
}

/** By its number: an error of the file system may come from another realm, of which it is no Error here. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  typeof (error as NodeJS.ErrnoException | null)?.errno === 'number'

/** Writes all parts of a format into a folder, and `manifest.json` beside them. `limit`: bytes that they may take together. */
export const writeParts = async (
  format: ExportFormat<ExportContent>,
  content: ExportContent,
  folder: string,
  limit = Number.POSITIVE_INFINITY,
): Promise<Manifest> => {
  const files: FileHandle[] = []
  const scratch = join(folder, '.scratch')
  let bytes = 0
  const destination: Destination = {
    async part(name) {
      const file = await open(join(folder, name), 'wx')
      files.push(file)
      return new Part(name, async (piece) => {
        bytes += piece.length
        if (bytes > limit)
          throw new RingfenceError(
            'export.too-large',
            `It passed ${Math.floor(limit / 2 ** 20)} MB; no part of it is left.`,
          )
        await writeAll(file, piece)
      })
    },
    async scratch() {
      await mkdir(scratch)
      return scratch
    },
  }
  try {
    const parts = await format.write(content, destination)
    for (const file of files) await file.sync()
    const manifest = manifestOf(format, content, parts)
    await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { flag: 'wx', flush: true })
    return manifest
  } finally {
    for (const file of files) await file.close()
    await rm(scratch, { recursive: true, force: true })
  }
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory()

/** A folder is replaced only where an export made it. Throws `export.target`. */
export const checkTarget = (format: ExportFormat<ExportContent>, out: string): void => {
  if (!existsSync(out)) return
  const severalParts = format.parts.length > 1
  if (!severalParts && isFolder(out))
    throw new RingfenceError('export.target', `${out} is a folder; ${format.title} is one file.`)
  if (severalParts && !isFolder(out))
    throw new RingfenceError('export.target', `${out} is a file; ${format.title} is a folder of files.`)
  if (severalParts && !existsSync(join(out, MANIFEST)))
    throw new RingfenceError('export.target', `${out} is a folder that no export made.`)
}

/** Gives a whole export its name: from a folder with its parts and manifest.json to where it was asked for. */
export const placeExport = async (folder: string, out: string, parts: readonly string[]): Promise<void> => {
  if (parts.length > 1) {
    const old = `${out}.old-${process.pid}`
    const isReplaced = existsSync(out)
    if (isReplaced) await rename(out, old)
    await rename(folder, out)
    if (isReplaced) await rm(old, { recursive: true, force: true })
    return
  }
  // An older manifest must not stand beside a newer file, not even for a moment.
  await rm(`${out}.manifest.json`, { force: true })
  await rename(join(folder, parts[0]!), out)
  await rename(join(folder, MANIFEST), `${out}.manifest.json`)
}

/**
 * One file at `out` with `out`.manifest.json beside it, or a folder at `out` with manifest.json in it where the format has several parts.
 * Throws `export.target`, `export.write`, and what the store throws.
 */
export const exportToPath = async (
  format: ExportFormat<ExportContent>,
  content: ExportContent,
  out: string,
): Promise<Manifest> => {
  checkTarget(format, out)
  const temporary = `${out}.part-${process.pid}`
  try {
    await rm(temporary, { recursive: true, force: true })
    await mkdir(temporary)
    const made = await writeParts(format, content, temporary)
    if (format.parts.length > 1) {
      await placeExport(temporary, out, format.parts)
      return made
    }
    const file = out.replace(/^.*[/\\]/, '')
    const manifest = { ...made, parts: made.parts.map((part) => ({ ...part, file })) }
    await writeFile(join(temporary, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { flush: true })
    await placeExport(temporary, out, format.parts)
    return manifest
  } catch (error) {
    if (isSystemError(error)) throw new RingfenceError('export.write', `${out}: ${error.message}`, {}, { cause: error })
    throw error
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}
