/** All decisions: who decided what, how far people agree, what each detector is worth, and what is hidden from detection. */
import { useState } from 'preact/hooks'
import { latestLabels, type Quality, quality } from '../api/decisions.js'
import { AllowPanel } from '../decide/allow.js'
import { LabelRows } from '../decide/label-list.js'
import { useLoad } from '../lib/use-load.js'
import { counted, percent, whole } from '../lib/words.js'
import { Text } from '../ui/name.js'
import { With } from '../ui/state.js'

const Detectors = ({ of }: { readonly of: Quality['detectors'] }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
  <section class="scroll" tabIndex={0} aria-label="Table of detectors">
    <table>
      <thead>
        <tr>
          {['Detector', 'Confirmed', 'Cleared', 'Unsure', 'Escalated', 'Confirmed of judged'].map((title, i) => (
            <th key={title} scope="col" class={i === 0 ? '' : 'num'}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {of.map((each) => (
          <tr key={each.detector}>
            <th scope="row">{each.detector}</th>
            {[each.confirmed, each.cleared, each.unsure, each.escalated].map((count, i) => (
              <td key={i} class="num">
                {whole(count)}
              </td>
            ))}
            <td class="num">
              {each.precision === null
                ? 'none was judged'
                : `${percent(each.precision)} (${percent(each.low)} to ${percent(each.high)})`}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)

const Agreement = ({ of }: { readonly of: Quality }) => (
  <>
    <p>
      {counted(of.decided, 'entity or ring', 'entities and rings')} judged, {whole(of.agreement.together)} of them by
      two people or more.{' '}
      {of.agreement.alpha === null
        ? 'That is too little to say how far people agree.'
        : `They agree with an alpha of ${of.agreement.alpha.toFixed(2)}: 1 is always, 0 is as chance would (Krippendorff).`}
    </p>
    <ul class="rows dense">
      {of.agreement.pairs.map(({ owners, together, agreed, kappa }) => (
        <li key={owners.join()}>
          <Text text={owners.join(' and ')} />
          <span class="quiet">
            agreed on {whole(agreed)} of {whole(together)}
            {kappa === null ? '' : `, kappa ${kappa.toFixed(2)}`}
          </span>
        </li>
      ))}
    </ul>
    <h3>What each detector is worth to people</h3>
    {of.detectors.length === 0 ? <p class="quiet">No ring was decided on yet.</p> : <Detectors of={of.detectors} />}
    <p class="quiet">
      In brackets a 95 % interval. People look at the top rings first, so this is no sample of all. Who decides second
      sees the first decision.
    </p>
  </>
)

export const DecisionsView = () => {
  const [turn, setTurn] = useState(0)
  const labels = useLoad(`latest labels ${turn}`, (request) => latestLabels(null, request))
  const worth = useLoad(`quality ${turn}`, quality)
  return (
    <>
      <h1>Decisions</h1>
      <div class="columns">
        <section class="panel" aria-labelledby="latest">
          <h2 id="latest">The latest</h2>
          <With of={labels} what="the decisions">
            {({ labels: list, total }) => (
              <>
                {list.length === 0 ? <p>Nothing was decided yet.</p> : null}
                <LabelRows labels={list} named done={() => setTurn(turn + 1)} />
                {total > list.length ? (
                  <p class="quiet">
                    {whole(total - list.length)} earlier records are not shown; <code>GET /v1/labels</code> has all.
                  </p>
                ) : null}
              </>
            )}
          </With>
        </section>
        <div class="stack">
          <section class="panel" aria-labelledby="quality">
            <h2 id="quality">Agreement and precision</h2>
            <With of={worth} what="how far people agree">
              {(of) => <Agreement of={of} />}
            </With>
          </section>
          <AllowPanel />
        </div>
      </div>
    </>
  )
}
