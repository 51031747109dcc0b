/** Where ten minutes do most: leads by expected harm, with the parts of it. */
import type { Lead, LeadList } from '../api/shapes.js'
import { linkTo, ringLink } from '../lib/address.js'
import type { Loaded } from '../lib/use-load.js'
import {
  accounts,
  behaviourWord,
  counted,
  decisionWord,
  marketWord,
  percent,
  rateSentence,
  whole,
} from '../lib/words.js'
import { Chip } from '../ui/name.js'
import { With } from '../ui/state.js'

/** No lead is certain, also where its number is so near to 1 that it is stored as 1. */
const NEARLY_SURE = 1 - 1e-9

const judgedText = ({ confirmed, cleared }: Lead['judged']): string =>
  confirmed + cleared === 0
    ? 'no ring of its detectors was judged'
    : `of ${whole(confirmed + cleared)} judged rings of its detectors ${whole(confirmed)} confirmed`

const Row = ({ of }: { readonly of: Lead }) => (
  <li class="lead">
    <a href={ringLink(of.id)}>
      <strong>{of.behaviours.map(behaviourWord).join(', ')}</strong>
      <span class="id quiet">{of.id}</span>
    </a>
    {of.decision === null ? null : <Chip kind={`decision-${of.decision}`}>{decisionWord(of.decision)}</Chip>}
    <span>
      {accounts(of.accounts)}
      {of.targets === 0 ? '' : ` on ${counted(of.targets, 'target')}`}
    </span>
    <span class="quiet">{of.markets.map(marketWord).join(', ')}</span>
    <span class="quiet whole">
      expected harm <b class="ink">{of.expectedHarm.toLocaleString('en-US', { maximumSignificantDigits: 3 })}</b> ={' '}
      {percent(Math.min(of.chance, NEARLY_SURE))} that it is right × {whole(of.touches)} that it touches
    </span>
    <span class="quiet" title={rateSentence(of.fdr)}>
      {percent(of.fdr)} chance leads; {judgedText(of.judged)}
    </span>
  </li>
)

export const LeadsPanel = ({ of }: { readonly of: Loaded<LeadList> }) => (
  <section class="panel" aria-labelledby="leads">
    <h2 id="leads">Leads to look at first</h2>
    <With of={of} what="the leads">
      {({ leads, how, total, leftOut }) => (
        <>
          <details class="quiet">
            <summary>By expected harm: the chance that the lead is right × what it touches</summary>
            {how}
          </details>
          <ul class="rows">
            {leads.map((lead) => (
              <Row key={lead.id} of={lead} />
            ))}
          </ul>
          {leads.length === 0 ? <p>No ring waits for a decision.</p> : null}
          <p>
            <a href={linkTo(['rings'])}>All {counted(total + leftOut.confirmed + leftOut.cleared, 'ring')}</a>
            {leftOut.confirmed + leftOut.cleared > 0 ? (
              <span class="quiet">
                {' '}
                {whole(leftOut.confirmed)} confirmed and {whole(leftOut.cleared)} cleared are not listed here.
              </span>
            ) : null}
          </p>
        </>
      )}
    </With>
  </section>
)
