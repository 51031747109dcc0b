import { useState } from 'preact/hooks'
import { connections } from '../api/routes.js'
import type { Connections, Pair, SharedPlace } from '../api/shapes.js'
import { changeQuery } from '../lib/address.js'
import { useLoad } from '../lib/use-load.js'
import { counted, duration, exactTime, whole } from '../lib/words.js'
import { Entity } from '../ui/name.js'
import { With } from '../ui/state.js'

const FIRST_PLACES = 3
const FIRST_SHARED = 12

const placeKey = (place: SharedPlace): string => `${place.type} ${place.through} ${place.times?.first ?? ''}`

const Place = ({ place }: { readonly place: SharedPlace }) => (
  <>
    <span class="quiet">{place.type}</span> <Entity name={place.through} />{' '}
    <span class="quiet">
      {place.sharedBy === 2 ? 'nobody else' : `with ${whole(place.sharedBy - 2)} others`}
      {place.times?.gapSeconds === null || place.times?.gapSeconds === undefined
        ? ''
        : `, ${duration(place.times.gapSeconds)} apart`}
    </span>
  </>
)

const Places = ({
  places,
  count,
  title,
}: {
  readonly places: readonly SharedPlace[]
  readonly count: number
  readonly title: string
}) => {
  const [all, setAll] = useState(false)
  const shown = all ? places : places.slice(0, FIRST_SHARED)
  return (
    <>
      <h3>
        {title} <span class="quiet">{whole(count)}</span>
      </h3>
      <ul class="rows dense">
        {shown.map((place) => (
          <li key={placeKey(place)}>
            <Place place={place} />
          </li>
        ))}
      </ul>
      {places.length > shown.length ? (
        <button type="button" onClick={() => setAll(true)}>
          Show {whole(places.length)} of {whole(count)}
        </button>
      ) : null}
      {all && count > places.length ? <p class="quiet">{whole(count - places.length)} more are not listed.</p> : null}
    </>
  )
}

const PairText = ({ pair }: { readonly pair: Pair }) => (
  <>
    <p>
      <Entity name={pair.first} /> and <Entity name={pair.second} /> meet at <b>{counted(pair.sharedCount, 'place')}</b>
      {pair.identifiers > 0 ? `, ${counted(pair.identifiers, 'identifier')} among them` : ''}
      {pair.leastGapSeconds === null ? '' : `; the nearest two were ${duration(pair.leastGapSeconds)} apart`}.
    </p>
    {pair.directCount > 0 ? (
      <>
        <h3>
          Between the two themselves <span class="quiet">{whole(pair.directCount)}</span>
        </h3>
        <ul class="rows dense">
          {pair.direct.slice(0, FIRST_SHARED).map((each) => (
            <li key={`${each.type} ${each.actor} ${each.at}`}>
              <Entity name={each.actor} /> {each.type} <Entity name={each.target} />
              <span class="quiet end">{exactTime(each.at)}</span>
            </li>
          ))}
        </ul>
      </>
    ) : null}
    <Places places={pair.shared} count={pair.sharedCount} title="Where both were, rarest first" />
    {pair.sharedCount === 0 && pair.paths.paths.length > 0 ? (
      <>
        <h3>The shortest ways from one to the other</h3>
        <ul class="rows dense">
          {pair.paths.paths.map((path) => (
            <li key={path.map(({ entity }) => entity).join(' ')}>
              <Entity name={pair.first} />
              {path.map((step) => (
                <span key={step.entity}>
                  {step.direction === 'forward' ? `${step.type} →` : `← ${step.type}`} <Entity name={step.entity} />
                </span>
              ))}
            </li>
          ))}
        </ul>
        {pair.paths.cut ? <p class="quiet">There may be more.</p> : null}
      </>
    ) : null}
  </>
)

const Apart = ({ apart }: { readonly apart: NonNullable<Connections['apart']> }) => (
  <>
    <h3>
      Why not <Entity name={apart.third} />
    </h3>
    <p>
      With the first it meets at {counted(apart.firstWithThird.sharedCount, 'place')} (
      {counted(apart.firstWithThird.identifiers, 'identifier')}), with the second at{' '}
      {counted(apart.secondWithThird.sharedCount, 'place')} ({counted(apart.secondWithThird.identifiers, 'identifier')}
      ).
    </p>
    <Places places={apart.withoutThird} count={apart.withoutThirdCount} title="Where the two were and it never was" />
  </>
)

const PairForm = ({ query }: { readonly query: URLSearchParams }) => {
  const [other, setOther] = useState(query.get('with') ?? '')
  const [third, setThird] = useState(query.get('not') ?? '')
  return (
    <form
      class="line"
      onSubmit={(event) => {
        event.preventDefault()
        changeQuery({ with: other.trim(), not: other.trim() === '' ? null : third.trim() })
      }}
    >
      <label>
        Why with (as in user:u2){' '}
        <input value={other} dir="auto" onInput={(event) => setOther(event.currentTarget.value)} />
      </label>
      <label>
        and not <input value={third} dir="auto" onInput={(event) => setThird(event.currentTarget.value)} />
      </label>
      <button type="submit">Tell</button>
    </form>
  )
}

const All = ({ of }: { readonly of: Connections }) => (
  <>
    {of.connections.length === 0 ? <p>It shares no place with anybody, beside crowded ones.</p> : null}
    <ul class="rows">
      {of.connections.map(({ entity, shared, more }) => (
        <li key={entity}>
          <Entity name={entity} />
          <button type="button" class="tiny" onClick={() => changeQuery({ with: entity })}>
            why<span class="sr"> with {entity}</span>
          </button>
          <ul class="rows dense nested">
            {shared.slice(0, FIRST_PLACES).map((place) => (
              <li key={placeKey(place)}>
                <Place place={place} />
              </li>
            ))}
          </ul>
          {shared.length + more > FIRST_PLACES ? (
            <span class="quiet end">{counted(shared.length + more - FIRST_PLACES, 'more place')}</span>
          ) : null}
        </li>
      ))}
    </ul>
    {of.leftOut.entities + of.leftOut.crowdedPlaces > 0 ? (
      <p class="quiet">
        Not listed: {counted(of.leftOut.entities, 'more entity', 'more entities')}, and who meets it at{' '}
        {counted(of.leftOut.crowdedPlaces, 'crowded place')}.
      </p>
    ) : null}
  </>
)

interface PanelProps {
  readonly name: string
  readonly path: string
  readonly query: URLSearchParams
}

export const ConnectionsPanel = ({ name, path, query }: PanelProps) => {
  const other = query.get('with')
  const third = query.get('not')
  const found = useLoad(`connections ${name} ${other} ${third}`, (request) =>
    connections(path, { with: other, not: other === null ? null : third }, request),
  )
  return (
    <section class="panel" aria-labelledby="connections">
      <h2 id="connections">{other === null ? 'Whom it meets, the most telling first' : 'Why these two'}</h2>
      <PairForm key={`${other} ${third}`} query={query} />
      {other === null ? null : (
        <p>
          <button type="button" class="tiny" onClick={() => changeQuery({ with: null, not: null })}>
            back to all whom it meets
          </button>
        </p>
      )}
      <With of={found} what="its connections">
        {(of) =>
          of.pair ? (
            <>
              <PairText pair={of.pair} />
              {of.apart ? <Apart apart={of.apart} /> : null}
            </>
          ) : (
            <All of={of} />
          )
        }
      </With>
    </section>
  )
}
