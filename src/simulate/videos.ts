/** The videos of the simulated ecosystem, planted ones among them, in columns that grow while groups are planted. */

/** `product` of a video that promotes none. */
export const NO_PRODUCT = -1

export class VideoTable {
  count = 0
  creator: Int32Array
  publishedAt: Float64Array
  /** Relative chance to be shown while new. */
  quality: Float64Array
  product: Int32Array
  /** The two halves of the 64-bit perceptual hash. */
  fingerprintHigh: Uint32Array
  fingerprintLow: Uint32Array

  constructor(expected: number) {
    const capacity = Math.ceil(expected * 1.1) + 64
    this.creator = new Int32Array(capacity)
    this.publishedAt = new Float64Array(capacity)
    this.quality = new Float64Array(capacity)
    this.product = new Int32Array(capacity)
    this.fingerprintHigh = new Uint32Array(capacity)
    this.fingerprintLow = new Uint32Array(capacity)
  }

  add(creator: number, publishedAt: number, quality: number, product: number, high: number, low: number): number {
    const v = this.count
    if (v === this.creator.length) this.#grow()
    this.count = v + 1
    this.creator[v] = creator
    this.publishedAt[v] = publishedAt
    this.quality[v] = quality
    this.product[v] = product
    this.fingerprintHigh[v] = high
    this.fingerprintLow[v] = low
    return v
  }

  #grow(): void {
    const larger = <T extends Int32Array | Float64Array | Uint32Array>(column: T, fresh: T): T => {
      fresh.set(column)
      return fresh
    }
    const size = this.count * 2
    this.creator = larger(this.creator, new Int32Array(size))
    this.publishedAt = larger(this.publishedAt, new Float64Array(size))
    this.quality = larger(this.quality, new Float64Array(size))
    this.product = larger(this.product, new Int32Array(size))
    this.fingerprintHigh = larger(this.fingerprintHigh, new Uint32Array(size))
    this.fingerprintLow = larger(this.fingerprintLow, new Uint32Array(size))
  }
}
