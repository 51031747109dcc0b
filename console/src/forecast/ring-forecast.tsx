/** Where a ring may show up next: the chance within a week, two and four, how sure that is, and why. */
import { type Forecasts, horizons, type PairForecast, ringForecast } from '../api/forecasts.js'
import { useLoad } from '../lib/use-load.js'
import { counted, percent, whole } from '../lib/words.js'
import { Text } from '../ui/name.js'
import { With } from '../ui/state.js'
import { Known } from './known.js'

const FIRST_REASONS = 3

const Domain = ({ pair }: { readonly pair: PairForecast }) => (
  <>
    <tr>
      <th scope="row">{pair.domain}</th>
      {horizons.map((days) => (
        <td key={days} class="num">
          <b>{percent(pair.chance[days])}</b>{' '}
          <span class="quiet">
            {percent(pair.interval[days].low)} to {percent(pair.interval[days].high)}
          </span>
        </td>
      ))}
    </tr>
    {pair.reasons.length === 0 ? null : (
      <tr class="why">
        <td colSpan={1 + horizons.length} class="quiet">
          {[...pair.reasons]
            .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
            .slice(0, FIRST_REASONS)
            .map(({ covariate, sentence, weight }) => (
              <span key={covariate}>
                <span class={weight > 0 ? 'more' : 'less'}>{weight > 0 ? 'more likely: ' : 'less likely: '}</span>
                <Text text={sentence} />{' '}
              </span>
            ))}
        </td>
      </tr>
    )}
  </>
)

const Domains = ({ of }: { readonly of: Forecasts }) => (
  <>
    <Known of={of} />
    {of.forecasts.length === 0 ? (
      <p>
        Nothing is kept of this ring: it is active everywhere already, it was not there when the forecast was made, or
        it is among the {counted(of.rest.pairs, 'pair')} with the least chance.
      </p>
    ) : (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
      <section class="scroll" tabIndex={0} aria-label="Table of domains">
        <table class="forecast">
          <thead>
            <tr>
              <th scope="col">Domain</th>
              {horizons.map((days) => (
                <th key={days} scope="col" class="num">
                  within {days} days
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {of.forecasts.map((pair) => (
              <Domain key={pair.domain} pair={pair} />
            ))}
            <tr>
              <th scope="row" class="quiet">
                any ring, anywhere
              </th>
              {horizons.map((days) => (
                <td key={days} class="num quiet">
                  {percent(of.base[days])}
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </section>
    )}
    {of.total > of.forecasts.length ? (
      <p class="quiet">{whole(of.total - of.forecasts.length)} more domains have less chance.</p>
    ) : null}
    <p class="quiet">
      With 90 % intervals of what was learned, not of what was never seen. The last line is what how often rings move
      says of every one.
    </p>
  </>
)

export const RingForecast = ({ ring }: { readonly ring: string }) => {
  const found = useLoad(`forecast ${ring}`, (request) => ringForecast(ring, request))
  return (
    <section class="panel" aria-labelledby="forecast">
      <h2 id="forecast">Where it may show up next</h2>
      {found.problem?.code === 'forecast.none' ? (
        <p class="quiet">
          No forecast was made yet: a job of the type <code>forecast</code> makes one, every night where the usual
          schedule runs.
        </p>
      ) : (
        <With of={found} what="its forecast">
          {(of) => <Domains of={of} />}
        </With>
      )}
    </section>
  )
}
