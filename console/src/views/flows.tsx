/** How much risk went from domain to domain, as a table that is shaded by amount: a map that can be read aloud. */
import { riskFlows } from '../api/routes.js'
import type { RiskFlows } from '../api/shapes.js'
import { useLoad } from '../lib/use-load.js'
import { With } from '../ui/state.js'

/** Rows and columns that fit beside each other. */
const MOST_DOMAINS = 8
const SHADES = 4

const Matrix = ({ of }: { readonly of: RiskFlows }) => {
  const amounts = new Map<string, number>()
  const through = new Map<string, number>()
  for (const { from, to, amount } of of.flows) {
    amounts.set(`${from} ${to}`, (amounts.get(`${from} ${to}`) ?? 0) + amount)
    for (const each of [from, to]) through.set(each, (through.get(each) ?? 0) + amount)
  }
  const domains = [...through]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_DOMAINS)
    .map(([name]) => name)
  const most = Math.max(...amounts.values())
  if (domains.length === 0) return <p>No risk went from one domain to another.</p>
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
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
      {through.size > domains.length || of.next !== null ? (
        <p class="quiet">
          The {domains.length} busiest of {through.size} domains
          {of.next === null ? '' : ', of the first thousand flows'}.
        </p>
      ) : null}
    </>
  )
}

export const FlowsPanel = () => {
  const flows = useLoad('flows', riskFlows)
  if (flows.problem && (flows.problem.status === 404 || flows.problem.status === 409)) return null
  return (
    <section class="panel" aria-labelledby="flows">
      <h2 id="flows">Risk from domain to domain</h2>
      <p class="quiet">Sum over entities of what reached them there from here; 1 is one certain source.</p>
      <With of={flows} what="the flows">
        {(of) => <Matrix of={of} />}
      </With>
    </section>
  )
}
