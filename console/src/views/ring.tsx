/** One ring: its picture, its timeline, its evidence and what speaks against it, its members, its life, and the way to hand it over. */
import { useEffect, useState } from 'preact/hooks'
import { evidence, history, oneRing } from '../api/routes.js'
import type { Evidence, RingDetail } from '../api/shapes.js'
import { CasesPanel } from '../cases/subject-cases.js'
import { DecisionsPanel } from '../decide/decisions.js'
import { RingForecast } from '../forecast/ring-forecast.js'
import { ringLink } from '../lib/address.js'
import { useLoad } from '../lib/use-load.js'
import {
  accounts,
  behaviourWord,
  counted,
  decisionWord,
  marketWord,
  nats,
  oddsSentence,
  percent,
  rateSentence,
  windowSentence,
} from '../lib/words.js'
import { Picture } from '../picture/picture.js'
import { Chip, Cut } from '../ui/name.js'
import { Note, With } from '../ui/state.js'
import { Against, EvidencePanel } from './ring-evidence.js'
import { Exports } from './ring-exports.js'
import { Life } from './ring-life.js'
import { Members } from './ring-members.js'
import { Timeline } from './ring-timeline.js'

const Head = ({ ring }: { readonly ring: RingDetail }) => (
  <header class="ring-head">
    <h1>
      {ring.behaviours.map(behaviourWord).join(', ')} <Cut name={ring.id} link={null} />{' '}
      {ring.decision === null ? null : <Chip kind={`decision-${ring.decision}`}>{decisionWord(ring.decision)}</Chip>}
    </h1>
    <dl class="facts">
      <div>
        <dt>Surprise</dt>
        <dd>
          <b>{nats(ring.score)}</b> nats <span class="quiet">{oddsSentence(ring.score)}</span>
        </dd>
      </div>
      <div>
        <dt>Chance leads</dt>
        <dd>
          <b>{percent(ring.fdr)}</b> <span class="quiet">{rateSentence(ring.fdr)}</span>
        </dd>
      </div>
      <div>
        <dt>Who</dt>
        <dd>
          <b>{accounts(ring.accounts)}</b>
          {ring.targets === 0 ? '' : ` on ${counted(ring.targets, 'target')}`}
        </dd>
      </div>
      <div>
        <dt>When</dt>
        <dd>{windowSentence(ring.window)}</dd>
      </div>
      <div>
        <dt>Where</dt>
        <dd>
          {ring.scenarios.map((each) => (
            <Chip key={each}>{each}</Chip>
          ))}{' '}
          {ring.markets.map(marketWord).join(', ')}
        </dd>
      </div>
      <div>
        <dt>Named by</dt>
        <dd>{ring.detectors.join(', ')}</dd>
      </div>
    </dl>
  </header>
)

const Whole = ({
  ring,
  shown,
  query,
}: {
  readonly ring: RingDetail
  readonly shown: Evidence
  readonly query: URLSearchParams
}) => {
  const fact = query.get('fact')
  const chosen = fact === null ? null : Number(fact)
  return (
    <>
      <div class="split">
        <div class="stack">
          <section class="panel" aria-labelledby="picture">
            <h2 id="picture">Picture</h2>
            <Picture ring={ring.id} query={query} fact={chosen} />
          </section>
          <DecisionsPanel
            subject={`ring:${ring.id}`}
            offered={(chosen === null ? [] : (shown.facts[chosen]?.interactions ?? [])).map(
              ({ type, id }) => `${type}:${id}`,
            )}
          />
        </div>
        <div class="stack">
          <EvidencePanel facts={shown.facts} chosen={chosen} />
          <Against sentences={shown.against} hangsOn={shown.hangsOn} />
        </div>
      </div>
      <section class="panel" aria-labelledby="timeline">
        <h2 id="timeline">Timeline of the evidence</h2>
        <Timeline facts={shown.facts} chosen={chosen} />
      </section>
    </>
  )
}

export const RingView = ({ id, query }: { readonly id: string; readonly query: URLSearchParams }) => {
  const ring = useLoad(`ring ${id}`, (request) => oneRing(id, request))
  const shown = useLoad(`evidence ${id}`, (request) => evidence(id, request))
  const [merged] = useState(query.get('merged'))
  // A ring that was merged is answered with the one that goes on.
  const heir = ring.data !== null && ring.data.id !== id ? ring.data.id : null
  useEffect(() => {
    if (heir !== null) location.replace(ringLink(heir, { merged: id }))
  }, [heir, id])
  const gone = useLoad(ring.problem?.code === 'ring.unknown' ? `life ${id}` : null, (request) => history(id, request))
  return (
    <>
      <p class="crumbs">
        <a href="#/rings">Rings</a>
      </p>
      {merged === null ? null : (
        <Note>
          The link was to ring <Cut name={merged} link={null} />, which was merged into this one.
        </Note>
      )}
      <With of={ring} what="the ring">
        {(detail) => (
          <>
            <Head ring={detail} />
            <With of={shown} what="its evidence">
              {(found) => <Whole ring={detail} shown={found} query={query} />}
            </With>
            <div class="split">
              <Members ring={detail.id} />
              <div class="stack">
                <RingForecast ring={detail.id} />
                <CasesPanel
                  subject={`ring:${detail.id}`}
                  title={`${detail.behaviours.map(behaviourWord).join(', ')}, ${accounts(detail.accounts)}`}
                />
                <Life ring={detail.id} />
                <Exports ring={detail.id} />
              </div>
            </div>
          </>
        )}
      </With>
      {gone.data ? <Life ring={id} /> : null}
    </>
  )
}
