import { type FileHandle, open, rm } from 'node:fs/promises'
import { type Reject, type RejectCode, RingfenceError, rejectTable } from '../errors.js'

const VALUE_CHARACTERS = 200

const cut = (value: string): string => {
  if (value.length <= VALUE_CHARACTERS) return value
  const shortened = value.slice(0, VALUE_CHARACTERS)
  // Not through the middle of a character.
  return /[\ud800-\udbff]$/.test(shortened) ? shortened.slice(0, -1) : shortened
}

export const rejectMessage = (code: RejectCode, detail: string): string =>
  detail === '' ? rejectTable[code] : `${rejectTable[code]} ${detail}`

export const makeReject = (
  file: string,
  line: number,
  fault: { readonly code: RejectCode; readonly field: string; readonly value: string; readonly detail: string },
): Reject => ({
  file,
  line,
  field: fault.field,
  value: cut(fault.value),
  code: fault.code,
  message: rejectMessage(fault.code, fault.detail),
})

/**
 * The rejects file: NDJSON, written fresh by each load. It is there only when there are rejects; one from an earlier load is
 * removed.
 */
export class RejectsFile {
  readonly #path: string | null
  #handle: FileHandle | null = null

  private constructor(path: string | null) {
    this.#path = path
  }

  static async create(path: string | null): Promise<RejectsFile> {
    if (path !== null) await rm(path, { force: true }).catch((error: unknown) => RejectsFile.#unwritable(path, error))
    return new RejectsFile(path)
  }

  static #unwritable(path: string, error: unknown): never {
    throw new RingfenceError(
      'usage',
      `The rejects file ${path} cannot be written: ${(error as Error).message}.`,
      { path },
      { cause: error },
    )
  }

  /** Null until something was rejected. */
  get path(): string | null {
    return this.#handle === null ? null : this.#path
  }

  async write(rejects: readonly Reject[]): Promise<void> {
    const path = this.#path
    if (path === null || rejects.length === 0) return
    this.#handle ??= await open(path, 'w').catch((error: unknown) => RejectsFile.#unwritable(path, error))
    await this.#handle.appendFile(rejects.map((reject) => `${JSON.stringify(reject)}\n`).join(''))
  }

  async close(): Promise<void> {
    await this.#handle?.close()
  }
}
