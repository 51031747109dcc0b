/** From a server's internal node numbers to positions in our columns: pages of plain arrays, as the numbers are dense in places. */
const PAGE_BITS = 14
const PAGE_SIZE = 2 ** PAGE_BITS

export class NodeIndex {
  readonly #pages = new Map<number, Int32Array>()
  #lastNumber = -1
  #lastPage: Int32Array = new Int32Array(0)

  #page(number: number): Int32Array | undefined {
    if (number === this.#lastNumber) return this.#lastPage
    const page = this.#pages.get(number)
    if (page !== undefined) {
      this.#lastNumber = number
      this.#lastPage = page
    }
    return page
  }

  /** `position` from 0. */
  set(node: number, position: number): void {
    const number = Math.floor(node / PAGE_SIZE)
    let page = this.#page(number)
    if (page === undefined) {
      page = new Int32Array(PAGE_SIZE).fill(-1)
      this.#pages.set(number, page)
    }
    page[node % PAGE_SIZE] = position
  }

  /** Throws where the node was not set. */
  get(node: number): number {
    const position = this.#page(Math.floor(node / PAGE_SIZE))?.[node % PAGE_SIZE] ?? -1
    if (position < 0) throw new Error(`an interaction ends at node ${node}, which is no entity of the schema`)
    return position
  }
}
