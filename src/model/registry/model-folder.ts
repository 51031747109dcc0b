/**
 * A trained model as a folder: `model.json` (data window, measures, feature lists, stack, calibration), the trees of each kind, the
 * networks, the labels it learned from, `baseline.json` (what the platform looked like), `card.md` for people, and `SHA256SUMS` over all of
 * them. It is written beside its place and moved there whole.
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isEntityKind } from '../../../graph-schema/schema.js'
import { RingfenceError } from '../../errors.js'
import type { Calibration } from '../calibration/calibrate.js'
import { baselineFromJson, baselineToJson, type ModelBaseline } from '../drift/baseline.js'
import { featureDefinitions } from '../features/product/blocks.js'
import { type ScoredKind, scoredKinds } from '../features/product/sides.js'
import type { KindModels } from '../graphsage/kinds-score.js'
import type { LabelRecord } from '../product/labels.js'
import type { Measured } from '../product/measures.js'
import type { KindModel } from '../product/train-model.js'
import type { Stack } from '../stack/stack.js'
import { ensembleFromJson, ensembleToJson } from '../trees/ensemble.js'
import { networkFiles, networksFromFiles } from './network-files.js'

export interface PlacedRecord extends LabelRecord {
  /** The part that it was held out with. */
  readonly fold: number
}

export interface ProductModel {
  /** Ringfence that trained it. */
  readonly version: string
  readonly trainedAt: string
  readonly seed: number
  /** Epoch milliseconds of the features; null: everything that was in the store. */
  readonly asOf: number | null
  /** First and last interaction, epoch milliseconds; null where no time is known. */
  readonly window: { readonly from: number; readonly to: number } | null
  /** The run whose rings it read; null: none. */
  readonly run: string | null
  readonly labels: readonly PlacedRecord[]
  readonly models: readonly KindModel[]
  /** One GraphSAGE over all kinds for each held-out part. */
  readonly networks: KindModels
  readonly skipped: readonly { readonly kind: ScoredKind; readonly why: string }[]
  /** What the platform looked like in training; null in folders that were written before there was one. */
  readonly baseline: ModelBaseline | null
}

const format = 'ringfence-model/2'
const sums = 'SHA256SUMS'
const baselineFile = 'baseline.json'

const calibrationToJson = ({ method, line, steps, markets, scores }: Calibration) => ({
  method,
  line,
  steps: steps && Object.fromEntries(Object.entries(steps).map(([name, list]) => [name, [...list]])),
  markets: [...markets].map(([market, own]) => ({ market, shift: own.shift, scores: [...own.scores] })),
  scores: [...scores],
})

type StoredCalibration = ReturnType<typeof calibrationToJson>

const calibrationFromJson = ({ method, line, steps, markets, scores }: StoredCalibration): Calibration => ({
  method,
  line,
  steps:
    steps &&
    (Object.fromEntries(
      Object.entries(steps).map(([name, list]) => [name, Float64Array.from(list)]),
    ) as unknown as Calibration['steps']),
  markets: new Map(markets.map(({ market, shift, scores }) => [market, { shift, scores: Float64Array.from(scores) }])),
  scores: Float64Array.from(scores),
})

const treesFile = (kind: ScoredKind, part: number): string => `trees-${kind}-${part}.json`

const filesOf = (model: ProductModel, card: string): ReadonlyMap<string, string | Buffer> => {
  const { models, labels, networks, baseline, ...rest } = model
  return new Map<string, string | Buffer>([
    [
      'model.json',
      `${JSON.stringify(
        {
          format,
          ...rest,
          kinds: models.map(({ kind, featureList, ensembles, stack, calibration, bad, good, measured, parts }) => ({
            kind,
            featureList,
            ensembles: ensembles.length,
            bad,
            good,
            measured,
            parts,
            stack,
            calibration: calibrationToJson(calibration),
          })),
        },
        null,
        1,
      )}\n`,
    ],
    [
      'features.json',
      `${JSON.stringify(Object.fromEntries(models.map(({ kind }) => [kind, featureDefinitions(kind)])), null, 1)}\n`,
    ],
    ['labels.json', `${JSON.stringify(labels)}\n`],
    ['card.md', card],
    ...(baseline ? [[baselineFile, `${baselineToJson(baseline)}\n`] as const] : []),
    ...models.flatMap(({ kind, ensembles }) =>
      ensembles.map((ensemble, part) => [treesFile(kind, part), `${ensembleToJson(ensemble)}\n`] as const),
    ),
    ...networkFiles(networks),
  ])
}

const digestOf = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex')

const sumsOf = (files: ReadonlyMap<string, string | Buffer>): string =>
  [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, content]) => `${digestOf(content)}  ${name}\n`)
    .join('')

/** Returns the digest of the whole. Throws `model.folder` where the folder is there and is no model, so that nothing else is overwritten. */
export const writeModel = async (folder: string, model: ProductModel, card: string): Promise<string> => {
  const present = await readdir(folder).catch(() => null)
  if (present !== null && present.length > 0 && !present.includes(sums))
    throw new RingfenceError('model.folder', `${folder} is there and is no model.`)
  const files = filesOf(model, card)
  const listed = sumsOf(files)
  const beside = `${folder.replace(/\/+$/, '')}.${randomUUID()}`
  await mkdir(beside, { recursive: true })
  try {
    for (const [name, content] of files) await writeFile(join(beside, name), content)
    await writeFile(join(beside, sums), listed)
    if (present !== null) await rm(folder, { recursive: true })
    await rename(beside, folder)
  } catch (error) {
    await rm(beside, { recursive: true, force: true })
    throw error
  }
  return digestOf(listed)
}

const broken = (folder: string, what: string) => new RingfenceError('model.format', `${folder}: ${what}`)

interface StoredKind {
  readonly kind: ScoredKind
  readonly featureList: string
  readonly ensembles: number
  readonly bad: number
  readonly good: number
  readonly measured: readonly Measured[]
  readonly parts: KindModel['parts']
  readonly stack: Stack
  readonly calibration: StoredCalibration
}

/** Throws `model.format` where a file is missing, changed or of another format. */
export const readModel = async (folder: string): Promise<{ readonly model: ProductModel; readonly digest: string }> => {
  const listed = await readFile(join(folder, sums), 'utf8').catch(() => {
    throw broken(folder, `there is no ${sums}, so it is no model`)
  })
  const files = new Map<string, Buffer>()
  for (const line of listed.split('\n').filter((each) => each !== '')) {
    const [digest, name] = line.split('  ') as [string, string | undefined]
    if (name === undefined || /[/\\]/.test(name)) throw broken(folder, `${sums} cannot be read`)
    const content = await readFile(join(folder, name)).catch(() => null)
    if (content === null) throw broken(folder, `${name} is missing`)
    if (digestOf(content) !== digest) throw broken(folder, `${name} was changed after training`)
    files.set(name, content)
  }
  const contentOf = (name: string): Buffer => {
    const content = files.get(name)
    if (!content) throw broken(folder, `${name} is not listed in ${sums}`)
    return content
  }
  const textOf = (name: string): string => contentOf(name).toString()
  // The digests say that the content is what this program wrote; the format says which version of it.
  const stored = JSON.parse(textOf('model.json')) as Omit<
    ProductModel,
    'models' | 'networks' | 'labels' | 'baseline'
  > & {
    readonly format: string
    readonly kinds: readonly StoredKind[]
  }
  if (stored.format !== format)
    throw broken(folder, `its format is ${stored.format}, this version reads ${format}: train it anew`)
  const labels = JSON.parse(textOf('labels.json')) as readonly PlacedRecord[]
  if (!labels.every(({ kind }) => isEntityKind(kind))) throw broken(folder, 'a label is of no known kind')
  const { format: _, kinds, ...rest } = stored
  const models = kinds.map((own): KindModel => {
    if (!scoredKinds.includes(own.kind)) throw broken(folder, `${own.kind} is no kind that is scored`)
    const ensembles = Array.from({ length: own.ensembles }, (_, part) =>
      ensembleFromJson(textOf(treesFile(own.kind, part))),
    )
    return {
      ...own,
      names: ensembles[0]?.names ?? [],
      ensembles,
      calibration: calibrationFromJson(own.calibration),
    }
  })
  const baseline = files.has(baselineFile) ? baselineFromJson(textOf(baselineFile)) : null
  const networks = networksFromFiles(contentOf)
  return { model: { ...rest, labels, models, networks, baseline }, digest: digestOf(listed) }
}
