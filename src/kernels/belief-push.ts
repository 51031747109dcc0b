/**
 * Beliefs near a few nodes by pushing residuals, repaired in place when ties change: the second engine for belief-system.ts.
 *
 * Kept at all times, for every node:  r = e + A b - (1 + D) b.  A push at i sets b(i) += r(i) / (1 + D(i)), which empties r(i) and adds
 * A(j, i) times that to the residual of each neighbour j; work depends on where residuals are, not on the size of the graph. A tie that changes
 * changes four entries of the matrix, so the residuals of its two ends are corrected at once and pushing goes on from there; where a
 * node's damping takes a step, all its ties are corrected. Nothing is left over from one repair to the next: the bound is the same as that of
 * a new solution.
 *
 * Frank McSherry, "A Uniform Approach to Accelerated PageRank Computation", WWW 2005. Hongyang Zhang, Peter Lofgren and Ashish Goel,
 * "Approximate Personalized PageRank on Dynamic Graphs", KDD 2016 (invariant and repair). Here values may have either sign and the matrix two.
 */
import { type DampingOptions, dampingStrength, dilutionAt, FEW_TIES, reachAt } from './belief-damping.js'
import { type BeliefSystem, errorPerResidual, heard, onGrid, strengthOf } from './belief-system.js'
import { type Check, checkInterval, neverCancelled } from './check.js'

export interface LiveOptions {
  /** The damping that the system was made with. */
  readonly damping: DampingOptions
  /** Bound on the error of every belief times the reach of its node, above 0; default 1e-6. */
  readonly tolerance?: number
  /** What so much evidence of the tie of two nodes makes of its strength: what the ties of the system were made by. Default `strengthOf`. */
  readonly strength?: (evidence: number, a: number, b: number) => number
  readonly check?: Check
}

export interface PushOutcome {
  readonly pushes: number
  /** Ties looked at. */
  readonly steps: number
}

const grown = (given: Float64Array, length: number): Float64Array => {
  const larger = new Float64Array(length)
  larger.set(given)
  return larger
}

const grownSingle = (given: Float32Array, length: number): Float32Array => {
  const larger = new Float32Array(length)
  larger.set(given)
  return larger
}

const grownInt = (given: Int32Array, length: number, fill = 0): Int32Array => {
  const larger = new Int32Array(length).fill(fill)
  larger.set(given)
  return larger
}

/** Takes over the ties of `system`: they change with it. New ties stand in lists beside the rows. */
export class LiveBeliefs {
  #count: number
  readonly #base: BeliefSystem
  readonly #damping: DampingOptions
  readonly #check: Check
  readonly #strength: (evidence: number, a: number, b: number) => number
  readonly #threshold: number
  readonly #perResidual: number
  #explicit: Float64Array
  #belief: Float64Array
  #residual: Float64Array
  #diagonal: Float64Array
  #dilution: Float64Array
  #reach: Float64Array
  #sum: Float64Array
  #ties: Int32Array
  #absorbs: Uint8Array
  /** First added tie of each node, -1 for none. */
  #head: Int32Array
  /** Added ties, each as two entries 2 m and 2 m + 1, one for each end. */
  #addedCount = 0
  #next: Int32Array = new Int32Array(64)
  #column: Int32Array = new Int32Array(64)
  #incoming: Float32Array = new Float32Array(64)
  #evidence: Float32Array = new Float32Array(64)
  #queue: Int32Array
  #queued: Uint8Array
  #first = 0
  #waiting = 0

  /** Begins at `belief`, for example a solution by sweeps, or at 0 where it is null. */
  constructor(
    system: BeliefSystem,
    explicit: Float64Array,
    absorbs: Uint8Array,
    belief: Float64Array | null,
    { damping, tolerance = 1e-6, strength = strengthOf, check = neverCancelled }: LiveOptions,
  ) {
    const n = system.rowCount
    if (explicit.length !== n || absorbs.length !== n || (belief && belief.length !== n))
      throw new RangeError(`explicit, absorbs and belief must hold ${n} entries, one a node`)
    if (!(tolerance > 0)) throw new RangeError(`the tolerance must be above 0, not ${tolerance}`)
    this.#count = n
    this.#base = system
    this.#damping = damping
    this.#check = check
    this.#strength = strength
    // Ties that come keep within what damping guarantees: onward at most the share, in total at most twice that.
    this.#perResidual = errorPerResidual({
      onward: Math.max(system.onward, damping.share * system.scaled),
      total: Math.max(system.total, 2 * damping.share * system.scaled),
    })
    this.#threshold = tolerance / this.#perResidual
    this.#explicit = explicit.slice()
    this.#belief = belief ? belief.slice() : new Float64Array(n)
    this.#residual = new Float64Array(n)
    this.#diagonal = system.diagonal.slice()
    this.#dilution = system.dilution.slice()
    this.#reach = system.reach.slice()
    this.#sum = new Float64Array(n)
    this.#ties = new Int32Array(n)
    this.#absorbs = absorbs.slice()
    this.#head = new Int32Array(n).fill(-1)
    this.#queue = new Int32Array(n)
    this.#queued = new Uint8Array(n)
    const { offsets, columns, incoming, coefficient } = system
    let steps = 0
    for (let i = 0; i < n; i++) {
      let sum = 0
      let residual = explicit[i]! - this.#diagonal[i]! * this.#belief[i]!
      for (let k = offsets[i]!; k < offsets[i + 1]!; k++) {
        sum += Math.abs(incoming[k]!)
        residual += coefficient[k]! * this.#belief[columns[k]!]!
      }
      this.#sum[i] = sum
      this.#ties[i] = offsets[i + 1]! - offsets[i]!
      this.#residual[i] = residual
      steps += this.#ties[i]! + 1
      if (steps >= checkInterval) {
        steps = 0
        check()
      }
      this.#enqueue(i)
    }
  }

  get count(): number {
    return this.#count
  }

  beliefOf(node: number): number {
    return this.#belief[node]!
  }

  /** A copy. */
  beliefs(): Float64Array {
    return this.#belief.slice(0, this.#count)
  }

  /** No belief is further than this from the solution. Looks at every node. */
  bound(): number {
    let greatest = 0
    let least = 1
    for (let i = 0; i < this.#count; i++) {
      greatest = Math.max(greatest, Math.abs(this.#residual[i]!) * this.#reach[i]!)
      least = Math.min(least, this.#reach[i]!)
    }
    return (greatest / least) * this.#perResidual
  }

  /** The number of the first of `count` new nodes, without ties. */
  addNodes(count: number): number {
    const first = this.#count
    this.#count += count
    if (this.#count > this.#belief.length) {
      const length = Math.max(this.#count, this.#belief.length + (this.#belief.length >> 3) + 64)
      this.#explicit = grown(this.#explicit, length)
      this.#belief = grown(this.#belief, length)
      this.#residual = grown(this.#residual, length)
      this.#diagonal = grown(this.#diagonal, length)
      this.#dilution = grown(this.#dilution, length)
      this.#reach = grown(this.#reach, length)
      this.#sum = grown(this.#sum, length)
      this.#ties = grownInt(this.#ties, length)
      this.#head = grownInt(this.#head, length, -1)
      const absorbs = new Uint8Array(length)
      absorbs.set(this.#absorbs)
      this.#absorbs = absorbs
      const queued = new Uint8Array(length)
      queued.set(this.#queued)
      this.#queued = queued
      const queue = new Int32Array(length)
      for (let at = 0; at < this.#waiting; at++) queue[at] = this.#queue[(this.#first + at) % this.#queue.length]!
      this.#queue = queue
      this.#first = 0
    }
    for (let i = first; i < this.#count; i++) {
      this.#diagonal[i] = 1
      this.#dilution[i] = this.#dilutionFor(1)
      this.#reach[i] = reachAt(1, this.#damping)
    }
    return first
  }

  /** What a node is given. */
  setExplicit(node: number, value: number): void {
    if (!Number.isFinite(value)) throw new RangeError(`${value} is no number`)
    this.#residual[node]! += value - this.#explicit[node]!
    this.#explicit[node] = value
    this.#enqueue(node)
  }

  setAbsorbing(node: number, absorbs: boolean): void {
    this.#absorbs[node] = absorbs ? 1 : 0
    this.#dampen(node)
  }

  /** Adds evidence to the tie of a and b, made where there is none: of what each is told by it. */
  strengthen(a: number, b: number, toA: number, toB: number): void {
    if (a === b || !(Math.abs(toA) < Infinity && Math.abs(toB) < Infinity))
      throw new RangeError(`no tie of ${a} and ${b} with evidence ${toA} and ${toB}`)
    const found = this.#find(a, b) ?? this.#add(a, b)
    const [inA, inB] = found
    this.#change(a, b, inA, inB, this.#evidenceAt(inA) + onGrid(toA), this.#evidenceAt(inB) + onGrid(toB))
  }

  given(node: number): { readonly explicit: number; readonly absorbs: boolean } {
    return { explicit: this.#explicit[node]!, absorbs: this.#absorbs[node] === 1 }
  }

  /** The node's ties, with the evidence of what each end is told. */
  tiesOf(node: number): readonly { readonly other: number; readonly toNode: number; readonly toOther: number }[] {
    const ends: number[] = []
    this.#eachTie(node, (other) => ends.push(other))
    return ends.map((other) => {
      const [inNode, inOther] = this.#find(node, other)!
      return { other, toNode: this.#evidenceAt(inNode), toOther: this.#evidenceAt(inOther) }
    })
  }

  /** Gives a tie that there is other evidence. Throws RangeError where there is none. */
  setTie(a: number, b: number, toA: number, toB: number): void {
    const found = this.#find(a, b)
    if (found === null) throw new RangeError(`there is no tie of ${a} and ${b}`)
    this.#change(a, b, found[0], found[1], toA, toB)
  }

  /** Takes all that a node's ties carry, in both directions. */
  cutTies(node: number): void {
    const ends: number[] = []
    this.#eachTie(node, (other) => ends.push(other))
    for (const other of ends) {
      const [inA, inB] = this.#find(node, other)!
      this.#change(node, other, inA, inB, 0, 0, false)
    }
    this.#dampen(node)
  }

  /** Pushes until no residual is above the bound. */
  settle(): PushOutcome {
    const { offsets, columns } = this.#base
    const base = this.#base.rowCount
    const { incoming, outgoing } = this.#base
    const residual = this.#residual
    const dilution = this.#dilution
    const reach = this.#reach
    let pushes = 0
    let steps = 0
    let sinceCheck = 0
    while (this.#waiting > 0) {
      const i = this.#queue[this.#first]!
      if (++this.#first === this.#queue.length) this.#first = 0
      this.#waiting--
      this.#queued[i] = 0
      const held = residual[i]!
      if (!(Math.abs(held) * reach[i]! > this.#threshold)) continue
      const change = held / this.#diagonal[i]!
      this.#belief[i]! += change
      residual[i] = 0
      pushes++
      const inScale = dilution[i]!
      const outScale = reach[i]!
      if (i < base)
        for (let k = offsets[i]!, to = offsets[i + 1]!; k < to; k++) {
          const told = heard(outgoing[k]!, incoming[k]!)
          if (told === 0) continue
          const j = columns[k]!
          const t = told * dilution[j]! * outScale
          residual[j]! += Math.fround(t / (1 - t * (heard(incoming[k]!, outgoing[k]!) * inScale * reach[j]!))) * change
          if (this.#queued[j] === 0) this.#enqueue(j)
        }
      for (let o = this.#head[i]!; o >= 0; o = this.#next[o]!) {
        const j = this.#column[o]!
        const toI = this.#incoming[o]!
        const toJ = this.#incoming[o ^ 1]!
        const t = heard(toJ, toI) * dilution[j]! * outScale
        residual[j]! += Math.fround(t / (1 - t * (heard(toI, toJ) * inScale * reach[j]!))) * change
        this.#enqueue(j)
      }
      steps += this.#ties[i]! + 1
      sinceCheck += this.#ties[i]! + 1
      if (sinceCheck >= checkInterval) {
        sinceCheck = 0
        this.#check()
      }
    }
    return { pushes, steps }
  }

  #enqueue(i: number): void {
    const r = this.#residual[i]!
    if (this.#queued[i] === 1 || !((r < 0 ? -r : r) * this.#reach[i]! > this.#threshold)) return
    this.#queued[i] = 1
    let tail = this.#first + this.#waiting++
    if (tail >= this.#queue.length) tail -= this.#queue.length
    this.#queue[tail] = i
  }

  #dilutionFor(strength: number): number {
    return dilutionAt(strength, this.#damping) * this.#base.scaled
  }

  /** Entries of added ties follow those of the base. */
  #at(entry: number): number {
    const { incoming } = this.#base
    return entry < incoming.length ? incoming[entry]! : this.#incoming[entry - incoming.length]!
  }

  #evidenceAt(entry: number): number {
    const { evidence } = this.#base
    return entry < evidence.length ? evidence[entry]! : this.#evidence[entry - evidence.length]!
  }

  #eachTie(i: number, visit: (other: number, toI: number, toOther: number) => void): void {
    const { rowCount, offsets, columns, incoming, outgoing } = this.#base
    if (i < rowCount) for (let k = offsets[i]!; k < offsets[i + 1]!; k++) visit(columns[k]!, incoming[k]!, outgoing[k]!)
    for (let o = this.#head[i]!; o >= 0; o = this.#next[o]!)
      visit(this.#column[o]!, this.#incoming[o]!, this.#incoming[o ^ 1]!)
  }

  #inRow(i: number, column: number): number {
    const { rowCount, offsets, columns } = this.#base
    if (i >= rowCount) return -1
    let low = offsets[i]!
    let high = offsets[i + 1]! - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const found = columns[middle]!
      if (found === column) return middle
      if (found < column) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  /** The entries in the rows of a and of b; null where there is no tie. */
  #find(a: number, b: number): readonly [number, number] | null {
    const inA = this.#inRow(a, b)
    if (inA >= 0) return [inA, this.#inRow(b, a)]
    const base = this.#base.columns.length
    const shorter = this.#ties[a]! < this.#ties[b]! ? a : b
    const other = shorter === a ? b : a
    for (let o = this.#head[shorter]!; o >= 0; o = this.#next[o]!)
      if (this.#column[o] === other) return shorter === a ? [base + o, base + (o ^ 1)] : [base + (o ^ 1), base + o]
    return null
  }

  /** Adds what a tie does to both residuals and diagonals, or takes it away. */
  #account(a: number, b: number, toA: number, toB: number, sign: 1 | -1): void {
    if (toA === 0 && toB === 0) return
    const ta = heard(toA, toB) * this.#dilution[a]! * this.#reach[b]!
    const tb = heard(toB, toA) * this.#dilution[b]! * this.#reach[a]!
    const p = ta * tb
    const d = sign * (p / (1 - p))
    this.#residual[a]! += sign * Math.fround(ta / (1 - p)) * this.#belief[b]! - d * this.#belief[a]!
    this.#residual[b]! += sign * Math.fround(tb / (1 - p)) * this.#belief[a]! - d * this.#belief[b]!
    this.#diagonal[a]! += d
    this.#diagonal[b]! += d
    if (sign === 1) {
      this.#enqueue(a)
      this.#enqueue(b)
    }
  }

  #set(entry: number, evidence: number, a: number, b: number): void {
    const base = this.#base
    if (entry < base.incoming.length) {
      base.evidence[entry] = onGrid(evidence)
      base.incoming[entry] = this.#strength(base.evidence[entry]!, a, b)
    } else {
      const added = entry - base.incoming.length
      this.#evidence[added] = onGrid(evidence)
      this.#incoming[added] = this.#strength(this.#evidence[added]!, a, b)
    }
  }

  /** Gives a tie other evidence, and takes the steps of damping that follow: at `a` only where that is not left to the caller. */
  #change(a: number, b: number, inA: number, inB: number, toA: number, toB: number, dampA = true): void {
    const oldA = this.#at(inA)
    const oldB = this.#at(inB)
    this.#account(a, b, oldA, oldB, -1)
    this.#set(inA, toA, a, b)
    this.#set(inB, toB, a, b)
    const newA = this.#at(inA)
    const newB = this.#at(inB)
    const { outgoing } = this.#base
    if (inA < outgoing.length) outgoing[inA] = newB
    if (inB < outgoing.length) outgoing[inB] = newA
    this.#sum[a]! += Math.abs(newA) - Math.abs(oldA)
    this.#sum[b]! += Math.abs(newB) - Math.abs(oldB)
    // Before the tie counts: undamped its shares might be beyond what converges.
    if (dampA) this.#dampen(a, b)
    this.#dampen(b, a)
    this.#account(a, b, newA, newB, 1)
    // Where nothing is told any more nothing was accounted for, and what was taken away is to be pushed all the same.
    this.#enqueue(a)
    this.#enqueue(b)
  }

  #add(a: number, b: number): readonly [number, number] {
    const o = this.#addedCount
    this.#addedCount += 2
    if (this.#addedCount > this.#next.length) {
      const length = this.#next.length * 2
      this.#next = grownInt(this.#next, length)
      this.#column = grownInt(this.#column, length)
      this.#incoming = grownSingle(this.#incoming, length)
      this.#evidence = grownSingle(this.#evidence, length)
    }
    for (const [entry, own, other] of [
      [o, a, b],
      [o + 1, b, a],
    ] as const) {
      this.#column[entry] = other
      this.#next[entry] = this.#head[own]!
      this.#head[own] = entry
      this.#ties[own]!++
    }
    const base = this.#base.columns.length
    return [base + o, base + o + 1]
  }

  /** Takes the step of damping that a node's ties ask for; where there is none, nothing changes. The tie to `except` is not accounted for. */
  #dampen(i: number, except = -1): void {
    let weakest = Number.POSITIVE_INFINITY
    if (this.#damping.onward && this.#ties[i]! <= FEW_TIES)
      this.#eachTie(i, (_, toI) => {
        weakest = Math.min(weakest, Math.abs(toI))
      })
    const strength = dampingStrength(this.#sum[i]!, this.#ties[i]! > 0 ? weakest : 0, this.#ties[i]!, this.#damping)
    const dilution = this.#absorbs[i] === 1 ? 0 : this.#dilutionFor(strength)
    const reach = reachAt(strength, this.#damping)
    if (dilution === this.#dilution[i] && reach === this.#reach[i]) return
    this.#eachTie(i, (j, toI, toJ) => {
      if (j !== except) this.#account(i, j, toI, toJ, -1)
    })
    this.#dilution[i] = dilution
    this.#reach[i] = reach
    this.#eachTie(i, (j, toI, toJ) => {
      if (j !== except) this.#account(i, j, toI, toJ, 1)
    })
    this.#enqueue(i)
  }
}
