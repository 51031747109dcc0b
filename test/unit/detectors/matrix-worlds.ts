/** Small worlds for matrix accounts: honest creators with their own rhythm, catalogue and devices, and groups that are put among them. */
import { Value } from 'typebox/value'
import { type MatrixParameters, matrix } from '#src/detectors/matrix.js'
import { entityName, type Snapshot } from '#src/graph/snapshot.js'
import { Random } from '#src/kernels/random.js'
import { mergeCandidates } from '#src/rings/merge.js'
import { type InteractionLine, snapshotFrom } from '../../support/raw-graph.js'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const START = Date.UTC(2026, 0, 5)
export const DAYS = 42
const PRODUCTS = 400

export interface Hash {
  readonly high: number
  readonly low: number
}

/** What happens, gathered line by line. */
export class Platform {
  readonly lines: InteractionLine[] = []
  readonly random: Random
  #videos = 0

  constructor(seed: number) {
    this.random = new Random(seed)
  }

  hash(): Hash {
    return { high: this.random.uint32(), low: this.random.uint32() }
  }

  /** A copy with up to so many bits changed. */
  edited({ high, low }: Hash, bits: number): Hash {
    const words = Uint32Array.of(high, low)
    for (let b = this.random.below(bits + 1); b > 0; b--) words[this.random.below(2)]! ^= 1 << this.random.below(32)
    return { high: words[0]!, low: words[1]! }
  }

  post(creator: string, at: number | null, hash: Hash | null, product: string | null = null): void {
    const video = `video:v${this.#videos++}`
    const hex = (word: number): string => word.toString(16).padStart(8, '0')
    this.lines.push({
      type: 'publish',
      actor: `creator:${creator}`,
      target: video,
      at,
      ...(hash ? { attributes: { fingerprint: hex(hash.high) + hex(hash.low) } } : {}),
    })
    if (product !== null) this.lines.push({ type: 'promote', actor: video, target: `product:${product}`, at })
  }

  sell(creator: string, product: string): void {
    this.lines.push({ type: 'sell', actor: `creator:${creator}`, target: `product:${product}`, at: START })
  }

  uses(creator: string, identifier: string): void {
    this.lines.push({ type: 'uses', actor: `creator:${creator}`, target: identifier, at: START })
  }

  /** Any moment, most in the evening. */
  moment(): number {
    const { random } = this
    return START + random.below(DAYS) * DAY + (8 + 12 * Math.sqrt(random.float())) * HOUR
  }

  /** Low numbers are popular. */
  product(): string {
    return `p${Math.floor(PRODUCTS * this.random.float() ** 2)}`
  }

  /** Posts of a creator's own, at an hour of its own, and its own machines. */
  honest(creator: string, posts: number, fingerprints = true): void {
    const { random } = this
    const hour = 8 + 14 * random.float()
    for (let p = 0; p < posts; p++) {
      const at = START + random.below(DAYS) * DAY + hour * HOUR + 3 * HOUR * (random.float() - 0.5)
      this.post(creator, at, fingerprints ? this.hash() : null, random.float() < 0.5 ? this.product() : null)
    }
    for (let s = random.below(4); s > 0; s--) this.sell(creator, this.product())
    this.uses(creator, `device:d-${creator}`)
    this.uses(creator, `payment:m-${creator}`)
    this.uses(creator, `network:n${random.below(100)}`)
  }
}

export const world = (seed: number, creators = 300, fingerprints = true): Platform => {
  const platform = new Platform(seed)
  for (let c = 0; c < creators; c++) platform.honest(`o${c}`, 4 + platform.random.below(20), fingerprints)
  return platform
}

export const parametersWith = (given: Partial<MatrixParameters> = {}): MatrixParameters => ({
  ...(Value.Create(matrix.parameters) as MatrixParameters),
  ...given,
})

export const runOn = (snapshot: Snapshot, given: Partial<MatrixParameters> = {}) =>
  matrix.run({ snapshot, seed: 1, progress: () => {}, checkCancelled: () => {} }, parametersWith(given))

/** Accounts of the rings at a false-discovery rate of 5 %. */
export const ringsIn = (lines: readonly InteractionLine[], given: Partial<MatrixParameters> = {}): string[][] => {
  const snapshot = snapshotFrom(lines)
  const { candidates } = runOn(snapshot, given)
  return mergeCandidates(candidates, candidates.length > 0 ? 0 : 1)
    .filter(({ fdr }) => fdr <= 0.05)
    .map(({ members }) =>
      members.filter(({ role }) => role !== 'beneficiary').map(({ entity }) => entityName(snapshot, entity)),
    )
}

export const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => prefix + i)
