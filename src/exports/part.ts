/** One file of an export on its way: counted and hashed as it is written, each piece waited for. */
import { createHash } from 'node:crypto'

export interface FinishedPart {
  readonly file: string
  readonly bytes: number
  /** Hex. */
  readonly sha256: string
}

/** Takes the next piece; resolves when there is room for another. */
export type Sink = (piece: Uint8Array) => Promise<void>

/** Short texts are gathered up to about so many characters. */
const PIECE_LENGTH = 1 << 18

export class Part {
  readonly file: string
  readonly #sink: Sink
  readonly #hash = createHash('sha256')
  #bytes = 0
  #waiting: string[] = []
  #length = 0

  constructor(file: string, sink: Sink) {
    this.file = file
    this.#sink = sink
  }

  async write(text: string): Promise<void> {
    this.#waiting.push(text)
    this.#length += text.length
    if (this.#length >= PIECE_LENGTH) await this.#flush()
  }

  async bytes(piece: Uint8Array): Promise<void> {
    this.#bytes += piece.length
    this.#hash.update(piece)
    await this.#sink(piece)
  }

  async #flush(): Promise<void> {
    if (this.#waiting.length === 0) return
    const piece = Buffer.from(this.#waiting.length === 1 ? this.#waiting[0]! : this.#waiting.join(''))
    this.#waiting = []
    this.#length = 0
    await this.bytes(piece)
  }

  async finish(): Promise<FinishedPart> {
    await this.#flush()
    return { file: this.file, bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }
}

/** Where parts go. */
export interface Destination {
  /** Opens a part by its name within the format, as in `nodes.csv`. Each is finished, by the format, before it ends. */
  part(name: string): Promise<Part>
  /** A folder for files that are made on the way; whoever made the destination removes it. */
  scratch(): Promise<string>
}

export interface ExportFormat<Content> {
  readonly name: string
  readonly title: string
  readonly mediaType: string
  /** One part: the export is one file. Several: a folder of them. */
  readonly parts: readonly string[]
  /** Writes all parts, each finished. */
  write(content: Content, destination: Destination): Promise<readonly FinishedPart[]>
}
