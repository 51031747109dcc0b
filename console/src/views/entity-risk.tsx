/** Risk by domain, where the service answers for it. */
import { get } from '../api/client.js'
import { useLoad } from '../lib/use-load.js'
import { percent } from '../lib/words.js'
import { Text } from '../ui/name.js'

/** As far as it is shown here; other fields are left alone. */
interface Risk {
  readonly domains?: readonly {
    readonly domain: string
    readonly risk: number
    readonly low?: number
    readonly high?: number
  }[]
  readonly paths?: readonly { readonly sentence: string }[]
}

export const RiskPanel = ({ path }: { readonly path: string }) => {
  const risk = useLoad(`risk ${path}`, (request) => get<Risk>(`${path}/risk`, {}, request))
  const domains = risk.data?.domains ?? []
  const paths = risk.data?.paths ?? []
  // A service without the route, or without a run of it, says nothing about risk; neither does the page.
  if (domains.length === 0 && paths.length === 0) return null
  return (
    <section class="panel" aria-labelledby="risk">
      <h2 id="risk">Risk by domain</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Domain</th>
            <th scope="col" class="num">
              Risk
            </th>
          </tr>
        </thead>
        <tbody>
          {domains.map(({ domain, risk: value, low, high }) => (
            <tr key={domain}>
              <th scope="row">{domain}</th>
              <td class="num">
                {percent(value)}
                {low === undefined || high === undefined ? '' : ` (${percent(low)} to ${percent(high)})`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <ul class="plain-list">
        {paths.map(({ sentence }) => (
          <li key={sentence}>
            <Text text={sentence} />
          </li>
        ))}
      </ul>
    </section>
  )
}
