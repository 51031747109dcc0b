/**
 * An export through a running service: one ring is streamed, everything else is a job whose files are fetched. What came is checked against
 * its manifest before it gets its name.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RingfenceError } from '../../errors.js'
import { checkTarget, placeExport } from '../../exports/export-files.js'
import type { ExportFormatName } from '../../exports/formats.js'
import { formatNamed } from '../../exports/formats.js'
import type { Manifest } from '../../exports/manifest.js'
import type { EntityRef } from '../../store/store.js'
import type { Context } from '../context.js'
import { openProgress } from '../progress.js'
import { ServiceClient } from './client.js'
import { runServiceJob } from './detect.js'

export interface ExportOptions {
  readonly ring?: readonly string[]
  readonly entity?: EntityRef
  readonly steps: number
  readonly maxShared: number
  readonly run?: string
  readonly fdr?: number
  readonly everything?: boolean
  readonly format: ExportFormatName
  readonly out: string
  readonly mask?: boolean
}

interface Fetched {
  readonly manifest: Manifest
  /** The address of a part. */
  readonly address: (file: string) => string
}

const writeAll = async (file: FileHandle, piece: Uint8Array): Promise<void> => {
  for (let from = 0; from < piece.length; ) from += (await file.write(piece, from)).bytesWritten
}

const fetchPart = async (client: ServiceClient, address: string, path: string, sha256: string): Promise<void> => {
  const hash = createHash('sha256')
  const file = await open(path, 'wx')
  try {
    await client.download(address, async (piece) => {
      hash.update(piece)
      await writeAll(file, piece)
    })
    await file.sync()
  } finally {
    await file.close()
  }
  if (hash.digest('hex') !== sha256)
    throw new RingfenceError(
      'export.write',
      `What came from ${address} is not what its manifest says: the store has changed, try again.`,
    )
}

const ofRing = async (client: ServiceClient, ring: string, options: ExportOptions): Promise<Fetched> => {
  const run = options.run === undefined || options.run === 'latest' ? '' : `&run=${encodeURIComponent(options.run)}`
  const base = `/v1/rings/${encodeURIComponent(ring)}/export?format=${options.format}${run}`
  const manifest = (await client.json(`${base}&part=manifest`)) as Manifest
  const isOne = formatNamed(options.format).parts.length === 1
  return { manifest, address: (file) => (isOne ? base : `${base}&part=${file.replace(/\.\w+$/, '')}`) }
}

const byJob = async (context: Context, client: ServiceClient, options: ExportOptions): Promise<Fetched> => {
  const { ring, entity, steps, maxShared, run, fdr, everything, format, mask } = options
  const progress = openProgress(context.quiet)
  try {
    const parameters = {
      format,
      ...(ring ? { rings: ring } : {}),
      ...(entity ? { entity: `${entity.kind}:${entity.id}`, steps, maxShared } : {}),
      ...(run === undefined || run === 'latest' ? {} : { run }),
      ...(fdr === undefined ? {} : { fdr }),
      ...(everything ? { everything } : {}),
      ...(mask ? { mask } : {}),
    }
    const result = await runServiceJob(client, { type: 'export', mode: 'write', parameters }, progress)
    const base = `/v1/exports/${String(result.export)}`
    const { manifest } = (await client.json(base)) as { readonly manifest: Manifest }
    return { manifest, address: (file) => `${base}/files/${file}` }
  } finally {
    progress.stop()
  }
}

export const exportFromService = async (context: Context, options: ExportOptions): Promise<Manifest> => {
  const { out, ring, mask } = options
  const format = formatNamed(options.format)
  checkTarget(format, out)
  const client = new ServiceClient(context.store, context.signal)
  // A ring that is streamed is masked by role alone.
  const { manifest, address } =
    ring?.length === 1 && !mask ? await ofRing(client, ring[0]!, options) : await byJob(context, client, options)
  const temporary = `${out}.part-${process.pid}`
  try {
    await rm(temporary, { recursive: true, force: true })
    await mkdir(temporary)
    for (const { file, sha256 } of manifest.parts) {
      // A name is a part of the format, whatever the service says.
      if (!format.parts.includes(file))
        throw new RingfenceError('export.write', `The service names a part that ${format.title} has not.`)
      await fetchPart(client, address(file), join(temporary, file), sha256)
    }
    const named =
      format.parts.length > 1
        ? manifest
        : { ...manifest, parts: manifest.parts.map((part) => ({ ...part, file: out.replace(/^.*[/\\]/, '') })) }
    await writeFile(join(temporary, 'manifest.json'), `${JSON.stringify(named, null, 2)}\n`, { flush: true })
    await placeExport(temporary, out, format.parts)
    return named
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException | null)?.errno === 'number')
      throw new RingfenceError('export.write', `${out}: ${(error as Error).message}`, {}, { cause: error })
    throw error
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}
