/**
 * One part of an export as a stream: made as fast as the reader takes it. An error or a stop destroys the stream, so that what has gone
 * out can not be taken for the whole.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, type Readable } from 'node:stream'
import type { ExportContent } from './content.js'
import { type Manifest, manifestOf } from './manifest.js'
import { type Destination, type ExportFormat, Part } from './part.js'

const BUFFERED = 1 << 18

const destinationFor = (sinkOf: (name: string) => (piece: Uint8Array) => Promise<void>) => {
  let folder: string | null = null
  const destination: Destination = {
    part: async (name) => new Part(name, sinkOf(name)),
    async scratch() {
      folder = await mkdtemp(join(tmpdir(), 'ringfence-export-'))
      return folder
    },
  }
  const clean = async (): Promise<void> => {
    if (folder) await rm(folder, { recursive: true, force: true })
  }
  return { destination, clean }
}

const discard = async (): Promise<void> => {}

/** The whole is made and hashed, and nothing is kept. */
export const manifestOnly = async (format: ExportFormat<ExportContent>, content: ExportContent): Promise<Manifest> => {
  const { destination, clean } = destinationFor(() => discard)
  try {
    return manifestOf(format, content, await format.write(content, destination))
  } finally {
    await clean()
  }
}

/** `done` is told when the stream has ended, well or not. */
export const partStream = (
  format: ExportFormat<ExportContent>,
  content: ExportContent,
  name: string,
  done: (error: unknown) => void,
): Readable => {
  const stream = new PassThrough({ highWaterMark: BUFFERED })
  const { destination, clean } = destinationFor((part) =>
    part === name
      ? async (piece) => {
          if (stream.destroyed) throw new Error('the reader has gone')
          if (!stream.write(piece)) await Promise.race([once(stream, 'drain'), once(stream, 'close')])
        }
      : discard,
  )
  format
    .write(content, destination)
    .then(
      () => {
        stream.end()
        done(null)
      },
      (error: unknown) => {
        stream.destroy(error instanceof Error ? error : new Error(String(error)))
        done(error)
      },
    )
    .finally(clean)
  return stream
}
