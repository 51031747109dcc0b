/** How risk went from domain to domain, and where rings may go: a picture, and the same as a table that can be read aloud. */
import { type Forecasts, topForecasts } from '../api/forecasts.js'
import { riskFlows } from '../api/routes.js'
import type { RiskFlows } from '../api/shapes.js'
import { Known } from '../forecast/known.js'
import { useLoad } from '../lib/use-load.js'
import { percent, whole } from '../lib/words.js'
import { busiest, type Flow, FlowMap } from '../ui/flow-map.js'
import { Ring } from '../ui/name.js'
import { With } from '../ui/state.js'

/** Rows and columns that fit beside each other. */
const MOST_DOMAINS = 8
const SHADES = 4
const TOP_PAIRS = 5

const summed = (flows: readonly Flow[]): readonly Flow[] => {
  const amounts = new Map<string, Flow>()
  for (const { from, to, amount } of flows) {
    const key = `${from} ${to}`
    amounts.set(key, { from, to, amount: amount + (amounts.get(key)?.amount ?? 0) })
  }
  return [...amounts.values()]
}

const Matrix = ({ flows, domains }: { readonly flows: readonly Flow[]; readonly domains: readonly string[] }) => {
  const amounts = new Map(flows.map(({ from, to, amount }) => [`${from} ${to}`, amount]))
  const most = Math.max(...amounts.values())
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label="Table of flows">
      <table class="flows">
        <thead>
          <tr>
            <th scope="col">From \ to</th>
            {domains.map((to) => (
              <th key={to} scope="col" class="num">
                {to}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {domains.map((from) => (
            <tr key={from}>
              <th scope="row">{from}</th>
              {domains.map((to) => {
                const amount = amounts.get(`${from} ${to}`)
                const shade = amount === undefined ? 0 : Math.ceil((amount / most) * SHADES)
                return (
                  <td key={to} class={`num shade-${shade}`}>
                    {amount === undefined ? '' : amount.toPrecision(2)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface ShownProps {
  readonly flows: readonly Flow[]
  readonly title: string
  readonly note?: (domain: string) => string
  readonly isCut?: boolean
}

const Shown = ({ flows, title, note, isCut = false }: ShownProps) => {
  const all = summed(flows)
  const domains = busiest(all)
  const drawn = domains.slice(0, MOST_DOMAINS)
  const among = all.filter(({ from, to }) => drawn.includes(from) && drawn.includes(to))
  return (
    <>
      <FlowMap flows={among} title={title} {...(note ? { note } : {})} />
      <details>
        <summary>As a table</summary>
        <Matrix flows={among} domains={drawn} />
      </details>
      {domains.length > drawn.length || isCut ? (
        <p class="quiet">
          The {drawn.length} busiest of {domains.length} domains
          {isCut ? ', of the first thousand flows' : ''}.
        </p>
      ) : null}
    </>
  )
}

const RiskMap = ({ of }: { readonly of: RiskFlows }) =>
  of.flows.length === 0 ? (
    <p>No risk went from one domain to another.</p>
  ) : (
    <Shown flows={of.flows} title="Risk from domain to domain" isCut={of.next !== null} />
  )

export const FlowsPanel = () => {
  const flows = useLoad('flows', riskFlows)
  if (flows.problem && (flows.problem.status === 404 || flows.problem.status === 409)) return null
  return (
    <section class="panel" aria-labelledby="flows">
      <h2 id="flows">Risk from domain to domain</h2>
      <p class="quiet">Sum over entities of what reached them there from here; 1 is one certain source.</p>
      <With of={flows} what="the flows">
        {(of) => <RiskMap of={of} />}
      </With>
    </section>
  )
}

const Migration = ({ of }: { readonly of: Forecasts }) => {
  const expected = new Map(of.map.map((each) => [each.domain, each]))
  const note = (domain: string): string => {
    const found = expected.get(domain)
    return found
      ? `${found.expected.toFixed(1)} (${found.interval.low.toFixed(1)} to ${found.interval.high.toFixed(1)})`
      : ''
  }
  return (
    <>
      <Known of={of} />
      {of.flows.length === 0 ? (
        <p>No ring is expected in a further domain.</p>
      ) : (
        <Shown
          flows={of.flows.map(({ from, to, expected: amount }) => ({ from, to, amount }))}
          title="Rings expected in a further domain within 28 days"
          note={note}
        />
      )}
      <h3>The likeliest moves</h3>
      <ul class="rows dense">
        {of.forecasts.map(({ ring, domain, chance, interval }) => (
          <li key={`${ring} ${domain}`}>
            <Ring id={ring} /> <span>to {domain}</span>
            <span class="end">
              <b>{percent(chance['28'])}</b>{' '}
              <span class="quiet">
                {percent(interval['28'].low)} to {percent(interval['28'].high)} within 28 days
              </span>
            </span>
          </li>
        ))}
      </ul>
      {of.total > of.forecasts.length ? (
        <p class="quiet">{whole(of.total - of.forecasts.length)} more are on the pages of their rings.</p>
      ) : null}
    </>
  )
}

export const MigrationPanel = () => {
  const found = useLoad('forecasts', (request) => topForecasts(TOP_PAIRS, request))
  if (found.problem?.code === 'forecast.none') return null
  return (
    <section class="panel" aria-labelledby="migration">
      <h2 id="migration">Where rings may come next</h2>
      <p class="quiet">
        Rings expected in a further domain within 28 days, with 90 % intervals; a ring that is in several counts in
        parts.
      </p>
      <With of={found} what="the forecast">
        {(of) => <Migration of={of} />}
      </With>
    </section>
  )
}
