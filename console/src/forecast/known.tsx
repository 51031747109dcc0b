import type { Forecasts } from '../api/forecasts.js'
import { counted, time, whole } from '../lib/words.js'
import { Note } from '../ui/state.js'

/** How far a forecast is worth more than rules that anybody could use: read first. */
export const Known = ({ of: { knows, past, asOf } }: { readonly of: Forecasts }) => (
  <>
    {knows.beatsBaseRate && knows.beatsRules ? <p>{knows.sentence}</p> : <Note>{knows.sentence}</Note>}
    <p class="quiet">
      From what was known at {time(asOf)}.{' '}
      {past === null
        ? 'No earlier forecast is old enough to be held against what came.'
        : `${counted(past.forecasts, 'earlier forecast')} expected ${past.expected.toFixed(1)} arrivals, and ${whole(past.arrivals)} came; they were ${past.brier < past.baseBrier ? 'nearer to it' : 'no nearer to it'} than how often rings move at all (Brier score ${past.brier.toFixed(4)} beside ${past.baseBrier.toFixed(4)}).`}
    </p>
  </>
)
