/** Runs writes one after the other, in the order they came; one that fails does not stop the next. */
export class WriteQueue {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => undefined)
    return result
  }

  /** Resolves when all writes that were asked for so far are over. */
  async settled(): Promise<void> {
    await this.#last
  }
}
