import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

/** `../shared` beside the project; RINGFENCE_DATASETS names another folder of data sets. */
const shared = new URL('../../../../shared/', import.meta.url)

export const datasetPath = (file: string): string =>
  process.env.RINGFENCE_DATASETS
    ? `${process.env.RINGFENCE_DATASETS}/${file}`
    : fileURLToPath(new URL(`datasets/${file}`, shared))

/** A scoring script that stands beside the data sets. */
export const scoringPath = (file: string): string =>
  process.env.RINGFENCE_DATASETS
    ? `${process.env.RINGFENCE_DATASETS}/../scoring/${file}`
    : fileURLToPath(new URL(`scoring/${file}`, shared))

/** Throws with what is missing and what to do, so that a benchmark without its data is no silent success. */
export const requireFiles = (...paths: readonly string[]): void => {
  for (const path of paths)
    if (!existsSync(path))
      throw new Error(`${path} is not there: put the shared folder beside the project, or set RINGFENCE_DATASETS`)
}

/** Rows of a gzip CSV without quotes, header left out. */
export const csvRows = (path: string): string[][] =>
  gunzipSync(readFileSync(path))
    .toString()
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','))
