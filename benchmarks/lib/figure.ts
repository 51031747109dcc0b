import { cpus, totalmem } from 'node:os'

/** One measured number beside the number to beat. With `--json` each is one line on standard output. */
export interface Figure {
  readonly bench: string
  readonly model: string
  readonly metric: string
  /** Median over runs for times, mean over splits or seeds for quality; percent for auroc, ap, ari, f1, precision, recall. */
  readonly value: number
  readonly unit: string
  /** Half-range for timings, standard deviation over splits or seeds for quality; null where there was one run. */
  readonly spread: number | null
  readonly reference: number | null
  readonly referenceName: string | null
  readonly runs?: readonly number[]
}

/** A benchmark is a file `benchmarks/NAME.bench.ts` that exports `bench`. */
export interface Bench {
  readonly title: string
  /** `note` prints to standard error, so that standard output stays one JSON line a figure with `--json`. */
  run(context: { readonly args: readonly string[]; readonly note: (line: string) => void }): Promise<readonly Figure[]>
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export const machine = (): string =>
  `${cpus().length} x ${cpus()[0]?.model ?? 'unknown cpu'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node.js ${process.version}`
