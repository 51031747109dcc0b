/**
 * Finished steps of a long job in a folder of their own, so that it goes on there after a stop. A step is written beside its place and moved
 * there, so it is whole or absent. The folder's name has a digest of all that the steps follow from: other inputs never meet it.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const ending = '.step'

export class Checkpoint {
  readonly steps: ReadonlyMap<string, Uint8Array>
  readonly #folder: string
  #writing: Promise<void> = Promise.resolve()

  private constructor(folder: string, steps: ReadonlyMap<string, Uint8Array>) {
    this.#folder = folder
    this.steps = steps
  }

  /** `key` is a digest of all that the steps follow from. */
  static async open(prefix: string, key: string): Promise<Checkpoint> {
    const folder = `${prefix}${key}`
    await mkdir(folder, { recursive: true })
    const steps = new Map<string, Uint8Array>()
    for (const name of (await readdir(folder)).sort()) {
      // What was being written when a process ended has another name than any step.
      if (name.endsWith(ending)) steps.set(name.slice(0, -ending.length), await readFile(join(folder, name)))
    }
    return new Checkpoint(folder, steps)
  }

  /** One after the other, in the order of the calls. */
  put(step: string, bytes: Uint8Array): void {
    this.#writing = this.#writing.then(async () => {
      const beside = join(this.#folder, `${step}.${randomUUID()}`)
      // The same training may have ended elsewhere, and its steps be gone.
      await mkdir(this.#folder, { recursive: true })
      await writeFile(beside, bytes)
      await rename(beside, join(this.#folder, `${step}${ending}`))
    })
    this.#writing.catch(() => {})
  }

  /** Resolves when all is on disk. Throws where a step could not be written. */
  flush(): Promise<void> {
    return this.#writing
  }

  /** The result is there: nothing is needed of the steps any more. */
  async remove(): Promise<void> {
    await this.#writing
    await rm(this.#folder, { recursive: true, force: true })
  }
}
