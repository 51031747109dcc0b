/** All rings of the latest run: filters with the number behind each, an order, and views that are kept. By keyboard: j, k, Enter, /. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { allRings, MOST_RINGS } from '../api/routes.js'
import type { RingList, RingSummary } from '../api/shapes.js'
import { changeQuery, goTo, linkTo } from '../lib/address.js'
import {
  type Facet,
  facetCounts,
  facets,
  fallsFirst,
  filterRings,
  type NumberFilter,
  numberCounts,
  numbers,
  type Order,
  type RingFilter,
  readFilter,
} from '../lib/ring-filter.js'
import { useLoad } from '../lib/use-load.js'
import {
  behaviourWord,
  counted,
  day,
  decisionWord,
  nats,
  oddsSentence,
  percent,
  rateSentence,
  time,
  whole,
} from '../lib/words.js'
import { Chip, Ring } from '../ui/name.js'
import { Note, With } from '../ui/state.js'
import { ExportJob } from './export-job.js'
import { SavedViews } from './saved-views.js'

/** Rows that are drawn at once: more make the page slow and are read by nobody. */
const PAGE = 100

const facetTitles: Readonly<Record<Facet, string>> = {
  behaviour: 'Behaviour',
  market: 'Market',
  scenario: 'Scenario',
  decision: 'Status',
}
const valueWord = (facet: Facet, value: string): string =>
  facet === 'behaviour'
    ? behaviourWord(value)
    : facet === 'decision'
      ? value === 'none'
        ? 'Not decided'
        : decisionWord(value)
      : value

const FacetFilter = ({
  facet,
  rings,
  filter,
  asOf,
}: {
  readonly facet: Facet
  readonly rings: readonly RingSummary[]
  readonly filter: RingFilter
  readonly asOf: number
}) => {
  const toggle = (value: string): void => {
    const chosen = filter[facet]
    changeQuery({ [facet]: chosen.includes(value) ? chosen.filter((each) => each !== value) : [...chosen, value] })
  }
  return (
    <fieldset>
      <legend>{facetTitles[facet]}</legend>
      <div class="options">
        {facetCounts(rings, filter, asOf, facet).map(([value, count]) => (
          <label key={value} class={count === 0 ? 'option none' : 'option'}>
            <input type="checkbox" checked={filter[facet].includes(value)} onChange={() => toggle(value)} />
            <span>{valueWord(facet, value)}</span>
            <span class="count">{whole(count)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

const numberTitles: Readonly<Record<NumberFilter, readonly [title: string, unit: string, step: string]>> = {
  minScore: ['Surprise from', 'nats', '1'],
  maxFdr: ['Chance leads up to', 'rate, 0 to 1', '0.01'],
  minAccounts: ['Accounts from', '', '1'],
  maxAge: ['Last seen within', 'days', '1'],
}

interface NumbersProps {
  readonly rings: readonly RingSummary[]
  readonly filter: RingFilter
  readonly asOf: number
}

const NumberFilters = ({ rings, filter, asOf }: NumbersProps) => (
  <fieldset class="numbers">
    <legend>Numbers; an empty field is any</legend>
    {numbers.map((name) => {
      const [title, unit, step] = numberTitles[name]
      const { pass, others } = numberCounts(rings, filter, asOf, name)
      return (
        <label key={name}>
          <span>
            {title} <span class="quiet">{unit}</span>
          </span>
          <input
            type="number"
            min="0"
            step={step}
            value={filter[name] ?? ''}
            onInput={(event) => changeQuery({ [name]: event.currentTarget.value })}
          />
          <span class="count">{pass === others ? whole(pass) : `${whole(pass)} of ${whole(others)}`}</span>
        </label>
      )
    })}
  </fieldset>
)

const columns: readonly (readonly [Order | null, string, string])[] = [
  ['id', 'Ring', ''],
  [null, 'Behaviour', ''],
  ['score', 'Surprise', 'num'],
  ['fdr', 'Chance leads', 'num'],
  ['accounts', 'Accounts', 'num'],
  ['targets', 'Targets', 'num'],
  [null, 'Where', ''],
  ['end', 'Last seen', ''],
  [null, 'Status', ''],
]

const HeadCell = ({
  order,
  title,
  kind,
  filter,
}: {
  readonly order: Order | null
  readonly title: string
  readonly kind: string
  readonly filter: RingFilter
}) => {
  if (order === null)
    return (
      <th scope="col" class={kind}>
        {title}
      </th>
    )
  const isMine = filter.order === order
  const falling = isMine ? !filter.falling : fallsFirst(order)
  return (
    <th scope="col" class={kind} aria-sort={isMine ? (filter.falling ? 'descending' : 'ascending') : undefined}>
      <button type="button" class="sort" onClick={() => changeQuery({ sort: `${order}.${falling ? 'down' : 'up'}` })}>
        {title}
        <span aria-hidden="true">{isMine ? (filter.falling ? ' ↓' : ' ↑') : ''}</span>
      </button>
    </th>
  )
}

const Row = ({ ring }: { readonly ring: RingSummary }) => (
  <tr>
    <th scope="row">
      <Ring id={ring.id} />
    </th>
    <td>
      {ring.behaviours.map((each) => (
        <Chip key={each}>{behaviourWord(each)}</Chip>
      ))}
    </td>
    <td class="num" title={oddsSentence(ring.score)}>
      {nats(ring.score)}
    </td>
    <td class="num" title={rateSentence(ring.fdr)}>
      {percent(ring.fdr)}
    </td>
    <td class="num">{whole(ring.accounts)}</td>
    <td class="num">{whole(ring.targets)}</td>
    <td>
      {ring.scenarios.join(', ')} <span class="quiet">{ring.markets.map((each) => each || 'unknown').join(', ')}</span>
    </td>
    <td title={ring.window ? time(ring.window.to) : undefined}>{day(ring.window?.to ?? null)}</td>
    <td>
      {ring.decision === null ? null : <Chip kind={`decision-${ring.decision}`}>{decisionWord(ring.decision)}</Chip>}
    </td>
  </tr>
)

/** j and k go through the rows, / to the search: as in mail programs. */
const useKeys = (
  search: { readonly current: HTMLInputElement | null },
  table: { readonly current: HTMLTableElement | null },
): void => {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      if (event.target instanceof HTMLElement && event.target.matches('input:not([type=checkbox]), select, textarea'))
        return
      if (event.key === '/') {
        event.preventDefault()
        search.current?.focus()
        return
      }
      const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0
      if (step === 0) return
      const links = [...(table.current?.querySelectorAll<HTMLAnchorElement>('tbody th a') ?? [])]
      const at = links.indexOf(document.activeElement as HTMLAnchorElement)
      links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + step))]?.focus()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [search, table])
}

const Table = ({ list, query }: { readonly list: RingList; readonly query: URLSearchParams }) => {
  // On a narrow screen the rings come first.
  const [isWide] = useState(() => matchMedia('(width > 860px)').matches)
  const search = useRef<HTMLInputElement>(null)
  const table = useRef<HTMLTableElement>(null)
  const [rows, setRows] = useState(PAGE)
  useKeys(search, table)
  const text = query.toString()
  const asOf =
    list.asOf === null
      ? Math.max(0, ...list.rings.map(({ window }) => (window ? Date.parse(window.to) : 0)))
      : Date.parse(list.asOf)
  // The query is one object with its text.
  const filter = useMemo(() => readFilter(query), [text])
  const found = useMemo(() => filterRings(list.rings, filter, asOf), [list, filter, asOf])
  const shown = found.slice(0, rows)
  return (
    <div class="with-side">
      <details class="side panel" open={isWide}>
        <summary>Filters</summary>
        <form aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
          <label class="search">
            <span>Ring</span>
            <input
              ref={search}
              type="search"
              value={filter.text}
              placeholder="part of its id"
              onInput={(event) => changeQuery({ q: event.currentTarget.value })}
            />
          </label>
          {facets.map((facet) => (
            <FacetFilter key={facet} facet={facet} rings={list.rings} filter={filter} asOf={asOf} />
          ))}
          <NumberFilters rings={list.rings} filter={filter} asOf={asOf} />
          <button type="button" onClick={() => goTo(linkTo(['rings']))} disabled={text === ''}>
            Clear all filters
          </button>
        </form>
      </details>
      <div>
        <SavedViews query={query} />
        <p role="status">
          <b>{counted(found.length, 'ring')}</b> of {whole(list.total)}
          {list.total > MOST_RINGS ? `; filters look at the ${whole(MOST_RINGS)} strongest` : ''}.{' '}
          <span class="quiet">Keys: j and k move, Enter opens, / searches.</span>
        </p>
        {found.length === 0 ? (
          <Note>No ring passes these filters.</Note>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
          <section class="scroll" tabIndex={0} aria-label="Table of rings">
            <table ref={table} class="rings">
              <thead>
                <tr>
                  {columns.map(([order, title, kind]) => (
                    <HeadCell key={title} order={order} title={title} kind={kind} filter={filter} />
                  ))}
                </tr>
              </thead>
              <tbody>
                {shown.map((ring) => (
                  <Row key={ring.id} ring={ring} />
                ))}
              </tbody>
            </table>
          </section>
        )}
        {found.length > shown.length ? (
          <p>
            <button type="button" onClick={() => setRows(rows + PAGE)}>
              Show more: {whole(found.length - shown.length)} are not shown
            </button>
          </p>
        ) : null}
        {found.length === 0 ? null : (
          <ExportJob
            what={found.length === 1 ? 'this ring' : `these ${counted(found.length, 'ring')}`}
            parameters={{ rings: found.map(({ id }) => id), run: list.run }}
          />
        )}
      </div>
    </div>
  )
}

export const RingsView = ({ query }: { readonly query: URLSearchParams }) => {
  const rings = useLoad('rings', (request) => allRings(null, request))
  return (
    <>
      <h1>Rings</h1>
      <With of={rings} what="the rings">
        {(list) => <Table list={list} query={query} />}
      </With>
    </>
  )
}
