/** Where bytes come from: a file, standard input or another stream, plain or gzip, read piece by piece into the caller's buffer. */
import { open, stat } from 'node:fs/promises'
import type { Readable, TransformOptions } from 'node:stream'
import { createGunzip, type ZlibOptions } from 'node:zlib'
import { RingfenceError } from '../errors.js'

/** A stream with the name that messages and the rejects file give it. */
export interface NamedStream {
  readonly name: string
  readonly stream: Readable
}

/** A path, `-` for standard input, or a stream. */
export type Source = string | NamedStream

export interface ByteSource {
  /** Bytes of the source taken so far, as they are stored (compressed where it is gzip). */
  readonly bytesDone: number
  /** Set once `read` returned 0 where the input broke off: why. */
  readonly broken: string | null
  /** Fills target[offset, offset + length) as far as it can; 0 at the end. */
  read(target: Uint8Array, offset: number, length: number): Promise<number>
  close(): Promise<void>
}

const PIECE = 256 * 1024
/** What a damaged place can cost of the output before it: the piece that is being filled then is lost. */
const GUNZIP_CHUNK = 64 * 1024
const MAGIC_BYTES = 4

export const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b
export const isParquet = (head: Uint8Array): boolean =>
  head[0] === 0x50 && head[1] === 0x41 && head[2] === 0x52 && head[3] === 0x31

const unreadable = (path: string, error: unknown): RingfenceError => {
  const { code } = error as NodeJS.ErrnoException
  const why =
    code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission is denied' : (error as Error).message
  return new RingfenceError('file.missing', `${path}: ${why}.`, { file: path }, { cause: error })
}

/** Size in bytes. Throws `file.missing`, also for a directory. */
export const fileSize = async (path: string): Promise<number> => {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  if (found.isDirectory())
    throw new RingfenceError('file.missing', `${path} is a directory; name the files in it.`, { file: path })
  return found.size
}

const fileBytes = async (path: string): Promise<ByteSource> => {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(path, error)
  })
  let done = 0
  return {
    get bytesDone() {
      return done
    },
    broken: null,
    read: async (target, offset, length) => {
      const { bytesRead } = await handle.read(target, offset, length, null).catch((error: unknown) => {
        throw unreadable(path, error)
      })
      done += bytesRead
      return bytesRead
    },
    close: () => handle.close(),
  }
}

class PieceSource implements ByteSource {
  broken: string | null = null
  readonly #pieces: AsyncIterator<Uint8Array>
  readonly #done: () => number
  readonly #close: () => Promise<void>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(pieces: AsyncIterator<Uint8Array>, done: () => number, close: () => Promise<void>) {
    this.#pieces = pieces
    this.#done = done
    this.#close = close
  }

  get bytesDone(): number {
    return this.#done()
  }

  async read(target: Uint8Array, offset: number, length: number): Promise<number> {
    while (this.#rest.length === 0) {
      const next = await this.#pieces.next()
      if (next.done) return 0
      this.#rest = next.value
    }
    const taken = Math.min(length, this.#rest.length)
    target.set(this.#rest.subarray(0, taken), offset)
    this.#rest = this.#rest.subarray(taken)
    return taken
  }

  close(): Promise<void> {
    return this.#close()
  }
}

const streamBytes = (stream: Readable, signal: AbortSignal | null): ByteSource => {
  let done = 0
  // Standard input may never say anything more: only its end ends the wait.
  const stop = () => stream.destroy()
  signal?.addEventListener('abort', stop, { once: true })
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of stream) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : (piece as Uint8Array)
      done += bytes.length
      yield bytes
    }
  }
  return new PieceSource(
    pieces(),
    () => done,
    async () => {
      signal?.removeEventListener('abort', stop)
      stream.destroy()
    },
  )
}

/** `head` again, then the rest of `source`. */
const withHead = (head: Uint8Array, source: ByteSource): ByteSource => {
  let rest = head
  return {
    get bytesDone() {
      return source.bytesDone - rest.length
    },
    get broken() {
      return source.broken
    },
    read: async (target, offset, length) => {
      if (rest.length === 0) return source.read(target, offset, length)
      const taken = Math.min(length, rest.length)
      target.set(rest.subarray(0, taken), offset)
      rest = rest.subarray(taken)
      return taken
    },
    close: () => source.close(),
  }
}

/**
 * Inflates gzip. Input goes in piece by piece, each only when the output of the one before is taken, so that what stands
 * before the break comes out before the error does.
 */
const gunzipBytes = (source: ByteSource): ByteSource => {
  // With a mark of 1 it inflates no further until its output is taken: an error would drop what waits.
  const options: ZlibOptions & TransformOptions = { chunkSize: GUNZIP_CHUNK, highWaterMark: 1 }
  const gunzip = createGunzip(options)
  let failure: Error | null = null
  let ended = false
  let wake = () => {}
  const signal = () => wake()
  gunzip.on('error', (error) => {
    failure = error
    signal()
  })
  gunzip.on('end', () => {
    ended = true
    signal()
  })
  gunzip.on('readable', signal)
  const drain = async function* (isDone: () => boolean): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = gunzip.read() as Uint8Array | null
      if (chunk !== null) {
        yield chunk
        continue
      }
      if (failure !== null || ended || isDone()) return
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = new Uint8Array(PIECE)
      const bytes = await source.read(piece, 0, PIECE)
      let written = false
      if (bytes === 0) gunzip.end()
      else
        gunzip.write(piece.subarray(0, bytes), () => {
          written = true
          signal()
        })
      yield* drain(() => written)
      if (failure !== null || ended) break
    }
    if (failure !== null) {
      const { code } = failure as NodeJS.ErrnoException
      inflated.broken =
        code === 'Z_BUF_ERROR'
          ? 'The compressed data ends too early.'
          : `The compressed data is damaged: ${(failure as Error).message}.`
    }
  }
  const inflated: PieceSource = new PieceSource(
    pieces(),
    () => source.bytesDone,
    async () => {
      gunzip.destroy()
      await source.close()
    },
  )
  return inflated
}

/** Reads until `bytes` are there or the source ends. */
export const readFully = async (source: ByteSource, bytes: number): Promise<Uint8Array> => {
  const target = new Uint8Array(bytes)
  let length = 0
  while (length < bytes) {
    const more = await source.read(target, length, bytes - length)
    if (more === 0) break
    length += more
  }
  return target.subarray(0, length)
}

export const sourceName = (source: Source): string =>
  typeof source === 'string' ? (source === '-' ? 'stdin' : source) : source.name

/**
 * Opens a source, inflated where it is gzip. Throws `file.missing`. `head` are the first bytes, which are read again. When
 * `signal` aborts, a stream is destroyed, and a `read` that waits for it throws.
 */
export const openSource = async (
  source: Source,
  signal: AbortSignal | null,
): Promise<{ readonly bytes: ByteSource; readonly head: Uint8Array }> => {
  const raw =
    typeof source !== 'string'
      ? streamBytes(source.stream, signal)
      : source === '-'
        ? streamBytes(process.stdin, signal)
        : await fileBytes(source)
  const magic = await readFully(raw, MAGIC_BYTES)
  const whole = withHead(magic, raw)
  if (!isGzip(magic)) return { bytes: whole, head: magic }
  const inflated = gunzipBytes(whole)
  const head = await readFully(inflated, MAGIC_BYTES)
  return { bytes: withHead(head, inflated), head }
}
