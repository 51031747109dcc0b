/** What was done to a model, and what has drifted, in words. */
import type { shownScoring } from '../jobs/model-desk.js'
import type { KindDrift } from '../model/drift/measure-drift.js'
import type { ModelChange } from '../store/model-store.js'
import { textTable } from './table.js'

export const changesText = (changes: readonly ModelChange[]): string =>
  textTable(
    ['when', 'who', 'from', 'to', 'why'],
    changes.map(({ at, who, from, to, why }) => [at, who, from ?? '', to, why]),
  )

export const driftText = ({ finishedAt, notes, report }: ReturnType<typeof shownScoring>): string => {
  const drift = (report.drift ?? []) as readonly KindDrift[]
  return [
    `Scored ${finishedAt}. Population stability indexes against training:`,
    textTable(
      ['kind', 'inputs moved', 'most', 'scores', 'never seen', 'calibration error', 'fresh labels'],
      drift.map(({ kind, inputs, scores, unseen, calibration, fresh }) => [
        kind,
        String(inputs.moved),
        inputs.most[0] ? `${inputs.most[0].name} ${inputs.most[0].psi.toFixed(3)}` : '',
        scores.toFixed(3),
        `${(100 * unseen).toFixed(1)} %`,
        calibration === null ? '' : calibration.toFixed(3),
        String(fresh),
      ]),
      [1, 3, 4, 5, 6],
    ),
    ...notes.map(({ message }) => message),
  ].join('\n')
}
