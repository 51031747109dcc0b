/** What a person should know of a model before its scores are used: docs of the model itself, in Markdown. */
import { featureDefinitions } from '../features/product/blocks.js'
import { modelFolds } from '../product/base-models.js'
import type { ProductModel } from './model-folder.js'

const number = (value: number): string => value.toFixed(4)
const moment = (at: number): string => new Date(at).toISOString()

/** Features that the trees of a kind ask most, by the rows that come to the question. */
const mostAsked = (model: ProductModel['models'][number], most: number): readonly string[] => {
  const asked = new Float64Array(model.names.length)
  for (const { trees } of model.ensembles)
    for (const { feature, cover } of trees)
      for (let node = 0; node < feature.length; node++) if (feature[node]! >= 0) asked[feature[node]!]! += cover[node]!
  return [...asked.keys()]
    .filter((at) => asked[at]! > 0)
    .sort((a, b) => asked[b]! - asked[a]! || a - b)
    .slice(0, most)
    .map((at) => model.names[at]!)
}

export const modelCard = (model: ProductModel): string => {
  const kinds = model.models.map((own) => {
    const sentences = new Map(featureDefinitions(own.kind).map(({ name, sentence }) => [name, sentence]))
    return `## ${own.kind}
${own.bad} known bad and ${own.good} known good. ${own.names.length} features, ${modelFolds} ensembles of ${own.ensembles
      .map(({ trees }) => trees.length)
      .join(', ')} trees. Calibration: ${own.calibration.method}.

| measure | value | spread over parts |
| --- | --- | --- |
${own.measured.map(({ metric, value, spread }) => `| ${metric} | ${number(value)} | ${spread === null ? '' : number(spread)} |`).join('\n')}

Asked most:
${mostAsked(own, 10)
  .map((name) => `- \`${name}\`: ${sentences.get(name) ?? ''}`)
  .join('\n')}
`
  })
  const skipped = model.skipped.map(({ kind, why }) => `- ${kind}: ${why}.`)
  return `# Model
A score is a lead, never a verdict: the share of entities with such a score that were known bad among the labels it learned from.

- Trained ${model.trainedAt} by Ringfence ${model.version}, seed ${model.seed}.
- Features as of ${model.asOf === null ? 'everything in the store' : moment(model.asOf)}${model.window ? `; interactions from ${moment(model.window.from)} to ${moment(model.window.to)}` : ''}.
- Rings of run ${model.run ?? 'none'}.
- ${model.labels.length} labels. They were split into ${modelFolds} parts such that no ring, named group or shared identifier is in two; every
  measure is of entities scored by trees that saw nothing of their part. They are no random sample of the platform unless the labels are.

${kinds.join('\n')}${skipped.length > 0 ? `\n## Without a model\n${skipped.join('\n')}\n` : ''}`
}
