/** Any node and edge table through a mapping with `features`, `label` and `splits`: models over its splits, figures and predictions. */
import { writeFileSync } from 'node:fs'
import { RingfenceError } from '#src/errors.js'
import { ingest } from '#src/ingest/ingest.js'
import { loadMapping } from '#src/ingest/mapping.js'
import { auroc, averagePrecision, calibrationError, type Scored } from '#src/model/metrics.js'
import { type NodeSplit, type NodeTable, NodeTableSink } from '#src/model/node-table.js'
import { type LabelledParts, partsByClass, randomSplits } from '#src/model/splits.js'
import type { Figure } from './figure.js'

/** A table, and the labelled rows of one split to learn from. */
export interface NodeTask {
  readonly table: NodeTable
  readonly parts: LabelledParts
  readonly note: (line: string) => void
}

/** Learns from the rows of the parts and gives every node a probability. */
export interface NodeModel {
  readonly name: string
  score(task: NodeTask): Promise<Float64Array>
}

/** Which rows of a split are learned from: all that are not for the test, or those for training alone. */
export const learnFromChoices = ['all', 'train'] as const
export type LearnFrom = (typeof learnFromChoices)[number]

const rowsToLearn = ({ train, validation }: NodeSplit, from: LearnFrom): Int32Array =>
  from === 'train' ? train : Int32Array.from([...train, ...validation])

const randomCount = 5

/** Throws what ingest and the table throw; a rejected row is told by `note`. */
export const readNodeTable = async (
  mappingPath: string,
  files: readonly string[],
  note: (line: string) => void,
): Promise<NodeTable> => {
  const mapping = await loadMapping(mappingPath)
  const entities = mapping.tables.flatMap((table) => table.entities ?? [])
  const distinct = (names: readonly string[]): readonly string[] => [...new Set(names)]
  const sink = new NodeTableSink({
    features: distinct(entities.flatMap(({ features }) => features ?? [])),
    splits: distinct(entities.flatMap(({ splits }) => splits ?? [])),
  })
  const { rejected, failures, outcome } = await ingest(files, { mapping, sink })
  if (failures[0]) throw failures[0].error
  if (outcome === 'too-many-rejects')
    throw new RingfenceError('model.table', `${rejected} rows of ${files.join(', ')} could not be read.`)
  if (rejected > 0) note(`${rejected} rows were rejected and left out`)
  const table = sink.table()
  if (table.splits.length > 0) return table
  note(`the mapping names no splits: ${randomCount} random ones by class, which tear groups apart`)
  return { ...table, splits: randomSplits(table.labels, randomCount, 1) }
}

interface Result {
  readonly split: string
  readonly auroc: number | null
  readonly ap: number | null
  /** Test rows with a label. */
  readonly scored: Scored
}

const measured = ({ labels }: NodeTable, split: NodeSplit, scores: Float64Array): Result => {
  const known = split.test.filter((row) => labels[row]! >= 0)
  const both = [0, 1].every((label) => known.some((row) => labels[row] === label))
  const scored = {
    scores: Float64Array.from(known, (row) => scores[row]!),
    labels: Uint8Array.from(known, (row) => labels[row]!),
  }
  if (!both) return { split: split.name, auroc: null, ap: null, scored }
  return { split: split.name, auroc: 100 * auroc(scored), ap: 100 * averagePrecision(scored), scored }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const deviation = (values: readonly number[]): number | null =>
  values.length < 2
    ? null
    : Math.sqrt(values.reduce((sum, v) => sum + (v - mean(values)) ** 2, 0) / (values.length - 1))

export interface Reference {
  readonly model: string
  readonly metric: string
  readonly value: number
  readonly name: string
}

/** Runs each model over each split. With `predictions`, writes `split,model,entity,score` for every test node. */
export const runNodeModels = async (
  bench: string,
  table: NodeTable,
  models: readonly NodeModel[],
  {
    predictions,
    references,
    learnFrom,
    note,
  }: {
    readonly predictions: string | null
    readonly references: readonly Reference[]
    readonly learnFrom: LearnFrom
    readonly note: (line: string) => void
  },
): Promise<readonly Figure[]> => {
  const { names, features, labels, relations, splits } = table
  note(
    `${names.length} nodes, ${features.names.length} features, ${labels.filter((label) => label === 1).length} positive of ${labels.filter((label) => label >= 0).length} labelled, ${relations.map(({ name, csr }) => `${csr.columns.length} ${name}`).join(', ')}, ${splits.length} splits`,
  )
  const lines = ['split,model,entity,score']
  const results = new Map<string, Result[]>(models.map(({ name }) => [name, []]))
  for (const split of splits) {
    const task = { table, parts: partsByClass(rowsToLearn(split, learnFrom), labels, 1), note }
    for (const model of models) {
      const started = performance.now()
      const scores = await model.score(task)
      const result = measured(table, split, scores)
      results.get(model.name)!.push(result)
      const seconds = ((performance.now() - started) / 1000).toFixed(0)
      note(
        `${split.name} ${model.name}: AUROC ${result.auroc?.toFixed(2) ?? 'unknown'}, AP ${result.ap?.toFixed(2) ?? 'unknown'}, ${seconds} s`,
      )
      for (const row of split.test) lines.push(`${split.name},${model.name},${csvCell(names[row]!)},${scores[row]}`)
    }
  }
  if (predictions !== null) writeFileSync(predictions, `${lines.join('\n')}\n`)
  return models.flatMap(({ name }) => {
    const all = results.get(name)!
    const referenceOf = (metric: string) => {
      const reference = references.find((each) => each.model === name && each.metric === metric)
      return { reference: reference?.value ?? null, referenceName: reference?.name ?? null }
    }
    const ranking = (['auroc', 'ap'] as const).flatMap((metric): readonly Figure[] => {
      const runs = all.flatMap((result) => result[metric] ?? [])
      if (runs.length === 0) return []
      const figure = { bench, model: name, metric, value: mean(runs), unit: 'percent', spread: deviation(runs), runs }
      return [{ ...figure, ...referenceOf(metric) }]
    })
    if (ranking.length === 0) return []
    const pooled = {
      scores: Float64Array.from(all.flatMap(({ scored }) => [...scored.scores])),
      labels: Uint8Array.from(all.flatMap(({ scored }) => [...scored.labels])),
    }
    // Ten bins of equal mass over the test rows of all splits together.
    const { debiased } = calibrationError(pooled)
    const calibration = { bench, model: name, metric: 'ece', value: debiased, unit: 'probability', spread: null }
    return [...ranking, { ...calibration, ...referenceOf('ece') }]
  })
}

const csvCell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
