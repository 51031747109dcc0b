/** A challenger's differences from the champion in words. */
import type { Shadow } from '../jobs/scoring.js'
import { count, shortNumber, textTable } from './table.js'

const MOST_SHOWN = 5

export const shadowText = ({ challenger, threshold, kinds }: Shadow): string =>
  [
    `In the shadow ${challenger}; above ${threshold} only by it (up), only by the champion (down):`,
    textTable(
      ['kind', 'entities', 'rank correlation', 'up', 'down', 'stability index', 'mean change'],
      (kinds ?? []).map(({ kind, entities, rankCorrelation, up, down, stability, meanChange }) => [
        kind,
        count(entities),
        rankCorrelation === null ? '' : rankCorrelation.toFixed(4),
        count(up),
        count(down),
        stability.toFixed(3),
        shortNumber(meanChange),
      ]),
      [1, 2, 3, 4, 5, 6],
    ),
    ...(kinds ?? []).flatMap(({ changed }) =>
      changed
        .slice(0, MOST_SHOWN)
        .map(
          ({ entity, champion, challenger: other }) => `${entity}: ${shortNumber(champion)} -> ${shortNumber(other)}`,
        ),
    ),
  ].join('\n')
