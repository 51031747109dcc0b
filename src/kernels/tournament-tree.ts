/**
 * A tournament tree over the values of n players: the least is at the root, and changing one value costs O(log n).
 * Donald E. Knuth, The Art of Computer Programming, volume 3, section 5.4.1. Equal values: the lower player wins.
 */
export class TournamentTree {
  readonly #leaves: number
  readonly #values: Float64Array
  /** Winner below each inner node, as in a binary heap; node 1 is the root. */
  readonly #winner: Int32Array

  /** Takes a copy. A player with value Infinity is out. */
  constructor(values: Float64Array) {
    let leaves = 1
    while (leaves < values.length) leaves *= 2
    this.#leaves = leaves
    this.#values = new Float64Array(leaves).fill(Infinity)
    this.#values.set(values)
    this.#winner = new Int32Array(2 * leaves)
    for (let i = 0; i < leaves; i++) this.#winner[leaves + i] = i
    for (let node = leaves - 1; node > 0; node--) this.#winner[node] = this.#better(node)
  }

  #better(node: number): number {
    const left = this.#winner[2 * node]!
    const right = this.#winner[2 * node + 1]!
    return this.#values[right]! < this.#values[left]! ? right : left
  }

  /** The player with the least value. */
  least(): number {
    return this.#winner[1]!
  }

  value(player: number): number {
    return this.#values[player]!
  }

  set(player: number, value: number): void {
    const values = this.#values
    const winner = this.#winner
    values[player] = value
    for (let node = (this.#leaves + player) >> 1; node > 0; node >>= 1) {
      const before = winner[node]!
      const left = winner[2 * node]!
      const right = winner[2 * node + 1]!
      const after = values[right]! < values[left]! ? right : left
      // Where neither the old nor the new winner is the player, nothing above can change.
      if (after === before && after !== player) return
      winner[node] = after
    }
  }
}
