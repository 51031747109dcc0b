import { allRings, runs } from '../api/routes.js'
import type { RingList, RingSummary, Run } from '../api/shapes.js'
import { changeQuery } from '../lib/address.js'
import { useLoad } from '../lib/use-load.js'
import { behaviourWord, counted, nats, percent, time, whole } from '../lib/words.js'
import { Ring } from '../ui/name.js'
import { Note, With } from '../ui/state.js'

const Choice = ({
  title,
  value,
  list,
  choose,
}: {
  readonly title: string
  readonly value: string
  readonly list: readonly Run[]
  readonly choose: (run: string) => void
}) => (
  <label>
    {title}{' '}
    <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
      {list.map((run) => (
        <option key={run.id} value={run.id}>
          {time(run.finishedAt)}, {counted(run.counts.rings ?? 0, 'ring')}
          {run.asOf === null ? '' : `, as of ${time(run.asOf)}`}
        </option>
      ))}
    </select>
  </label>
)

const Only = ({ title, rings }: { readonly title: string; readonly rings: readonly RingSummary[] }) => (
  <section class="panel">
    <h2>
      {title} <span class="quiet">{whole(rings.length)}</span>
    </h2>
    <ul class="rows">
      {rings.map((ring) => (
        <li key={ring.id}>
          <Ring id={ring.id} /> <span>{ring.behaviours.map(behaviourWord).join(', ')}</span>
          <span class="quiet end">
            {counted(ring.accounts, 'account')}, {nats(ring.score)} nats, {percent(ring.fdr)}
          </span>
        </li>
      ))}
    </ul>
  </section>
)

/** Below so many nats a surprise is printed the same. */
const SAME_NATS = 0.05

const Difference = ({ before, after }: { readonly before: RingList; readonly after: RingList }) => {
  const old = new Map(before.rings.map((ring) => [ring.id, ring]))
  const now = new Set(after.rings.map(({ id }) => id))
  const both = after.rings.flatMap((ring) => {
    const was = old.get(ring.id)
    return was ? [{ ring, was }] : []
  })
  const changed = both.filter(
    ({ ring, was }) => ring.accounts !== was.accounts || Math.abs(ring.score - was.score) > SAME_NATS,
  )
  return (
    <>
      <div class="columns">
        <Only title="Only in the later run" rings={after.rings.filter(({ id }) => !old.has(id))} />
        <Only title="Only in the earlier run" rings={before.rings.filter(({ id }) => !now.has(id))} />
      </div>
      <section class="panel">
        <h2>
          In both, but changed <span class="quiet">{whole(changed.length)}</span>
        </h2>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
        <section class="scroll" tabIndex={0} aria-label="Table of changed rings">
          <table>
            <thead>
              <tr>
                <th scope="col">Ring</th>
                <th scope="col" class="num">
                  Accounts
                </th>
                <th scope="col" class="num">
                  Surprise, nats
                </th>
                <th scope="col" class="num">
                  Chance leads
                </th>
              </tr>
            </thead>
            <tbody>
              {changed.map(({ ring, was }) => (
                <tr key={ring.id}>
                  <th scope="row">
                    <Ring id={ring.id} />
                  </th>
                  <td class="num">
                    {whole(was.accounts)} → {whole(ring.accounts)}
                  </td>
                  <td class="num">
                    {nats(was.score)} → {nats(ring.score)}
                  </td>
                  <td class="num">
                    {percent(was.fdr)} → {percent(ring.fdr)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        <p class="quiet">
          {counted(both.length - changed.length, 'ring')} with the same number of accounts and the same surprise.
        </p>
      </section>
    </>
  )
}

const Chosen = ({ list, query }: { readonly list: readonly Run[]; readonly query: URLSearchParams }) => {
  const after = query.get('run') ?? list[0]!.id
  const before = query.get('base') ?? list.find(({ id }) => id === after)?.baseRun ?? list[1]!.id
  const old = useLoad(`rings ${before}`, (request) => allRings(before, request))
  const now = useLoad(`rings ${after}`, (request) => allRings(after, request))
  return (
    <>
      <div class="line panel">
        <Choice title="Earlier" value={before} list={list} choose={(base) => changeQuery({ base, run: after })} />
        <Choice title="Later" value={after} list={list} choose={(run) => changeQuery({ base: before, run })} />
      </div>
      {before === after ? (
        <Note>A run does not differ from itself: choose two.</Note>
      ) : (
        <With of={old} what="the earlier run">
          {(first) => (
            <With of={now} what="the later run">
              {(second) => <Difference before={first} after={second} />}
            </With>
          )}
        </With>
      )}
    </>
  )
}

export const TwoRuns = ({ query }: { readonly query: URLSearchParams }) => {
  const known = useLoad('runs', runs)
  return (
    <With of={known} what="the runs">
      {({ runs: list }) =>
        list.length < 2 ? (
          <Note>
            There {list.length === 0 ? 'is no run yet' : 'is one run so far'}: two are needed to compare them.
          </Note>
        ) : (
          <Chosen list={list} query={query} />
        )
      }
    </With>
  )
}
