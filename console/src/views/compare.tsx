/** Two runs beside each other, or the latest run beside a dry run. */
import { type Change, changeQuery } from '../lib/address.js'
import { TwoRuns } from './compare-runs.js'
import { WhatIf } from './what-if.js'

const modes = { runs: 'Two runs', 'what-if': 'What if' } as const

export const CompareView = ({ query }: { readonly query: URLSearchParams }) => {
  const mode = query.get('mode') === 'what-if' ? 'what-if' : 'runs'
  const choose = (next: string): void => {
    const nothing: Change = { base: null, run: null, job: null }
    changeQuery({ ...nothing, mode: next })
  }
  return (
    <>
      <h1>Compare</h1>
      <fieldset class="roles">
        <legend class="sr">What to compare</legend>
        {Object.entries(modes).map(([name, title]) => (
          <button key={name} type="button" class="toggle" aria-pressed={mode === name} onClick={() => choose(name)}>
            {title}
          </button>
        ))}
      </fieldset>
      {mode === 'runs' ? <TwoRuns query={query} /> : <WhatIf query={query} />}
    </>
  )
}
