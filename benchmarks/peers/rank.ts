/** XGBoost on rows of ours, from a virtual environment that is made on first use. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type FeatureMatrix, takeRows } from '#src/model/feature-matrix.js'
import { peerScript, pythonWith } from './environment.js'

export const rankPython = (note: (line: string) => void): Promise<string | null> =>
  pythonWith('peers-trees', 'requirements-trees.txt', 'XGBoost', note)

/** Probabilities of the rows of `test`; `labels` has one entry a row of the matrix. Constant columns are left out. */
export const xgboostScores = async (
  python: string,
  matrix: FeatureMatrix,
  labels: Uint8Array,
  { train, test }: { readonly train: Int32Array; readonly test: Int32Array },
  seed: number,
): Promise<Float64Array> => {
  const rows = Int32Array.from([...train, ...test])
  const { columns } = takeRows(matrix, rows)
  const telling = columns.filter((column) => column.some((value) => !Object.is(value, column[0])))
  const folder = await mkdtemp(join(tmpdir(), 'peers-'))
  try {
    const all = new Float32Array(rows.length * telling.length)
    for (const [f, column] of telling.entries()) all.set(column, f * rows.length)
    await writeFile(join(folder, 'features.f32'), all)
    await writeFile(
      join(folder, 'labels.u8'),
      Uint8Array.from(rows, (row) => labels[row]!),
    )
    const numbers = [rows.length, telling.length, train.length, seed].map(String)
    const { stdout } = await promisify(execFile)(python, [peerScript('rank.py'), folder, ...numbers], {
      maxBuffer: 1 << 26,
    })
    return Float64Array.from((JSON.parse(stdout) as { readonly scores: readonly number[] }).scores)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
