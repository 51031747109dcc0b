/** What changed since the last visit, the strongest leads, and what the service is doing. */
import { useEffect, useState } from 'preact/hooks'
import { changes, jobs, runs, topRings } from '../api/routes.js'
import type { Job, RingChanges, RingSummary } from '../api/shapes.js'
import { linkTo, ringLink } from '../lib/address.js'
import { useKept } from '../lib/kept.js'
import { useLoad } from '../lib/use-load.js'
import {
  accounts,
  behaviourWord,
  counted,
  eventSentence,
  eventWord,
  marketWord,
  nats,
  percent,
  rateSentence,
  time,
  whole,
} from '../lib/words.js'
import { Chip, Ring } from '../ui/name.js'
import { Note, With } from '../ui/state.js'
import { FlowsPanel } from './flows.js'

const TOP = 8
const SHOWN_CHANGES = 8
const tones: Readonly<Record<string, string>> = {
  born: 'new',
  back: 'new',
  grown: 'up',
  split: 'up',
  merged: 'down',
  shrunk: 'down',
  dormant: 'down',
  dissolved: 'down',
}

const Changes = ({ of }: { readonly of: RingChanges }) => {
  const [all, setAll] = useState(false)
  const counts = new Map<string, number>()
  for (const { event } of of.changes) counts.set(event, (counts.get(event) ?? 0) + 1)
  const shown = all ? of.changes : of.changes.slice(0, SHOWN_CHANGES)
  return (
    <>
      <p class="tally">
        {[...counts].map(([event, count]) => (
          <span key={event} class={`stat ${tones[event] ?? ''}`}>
            <b>{whole(count)}</b> {eventWord(event).toLowerCase()}
          </span>
        ))}
        <span class="stat">
          <b>{whole(of.same)}</b> unchanged
        </span>
      </p>
      {of.changes.length === 0 ? <p class="quiet">No ring was born, changed or lost since then.</p> : null}
      <ul class="rows">
        {shown.map((change) => (
          <li key={`${change.run} ${change.ring} ${change.event}`}>
            <Chip kind={tones[change.event] ?? ''}>{eventWord(change.event)}</Chip>
            <Ring id={change.ring} />
            <span>{eventSentence(change)}</span>
            <span class="quiet end">{time(change.at)}</span>
          </li>
        ))}
      </ul>
      {of.changes.length > shown.length ? (
        <button type="button" onClick={() => setAll(true)}>
          Show all {whole(of.changes.length)} changes
        </button>
      ) : null}
      {of.unread > 0 ? (
        <Note>{counted(of.unread, 'more ring')} differ, too many to tell here: compare the runs.</Note>
      ) : null}
    </>
  )
}

const Lead = ({ ring }: { readonly ring: RingSummary }) => (
  <li class="lead">
    <a href={ringLink(ring.id)}>
      <strong>{ring.behaviours.map(behaviourWord).join(', ')}</strong>
      <span class="id quiet">{ring.id}</span>
    </a>
    <span>
      {accounts(ring.accounts)}
      {ring.targets === 0 ? '' : ` on ${counted(ring.targets, 'target')}`}
    </span>
    <span class="quiet">{ring.markets.map(marketWord).join(', ')}</span>
    <span class="quiet end" title={rateSentence(ring.fdr)}>
      surprise {nats(ring.score)} nats · {percent(ring.fdr)} chance leads
    </span>
  </li>
)

const JobRow = ({ job }: { readonly job: Job }) => (
  <li>
    <Chip kind={job.state === 'failed' ? 'down' : job.state === 'done' ? '' : 'up'}>{job.state}</Chip>
    <span>
      {job.type} {job.mode === 'write' ? '' : `(${job.mode})`}
      {job.state === 'running' ? ` ${Math.round(100 * job.progress.done)} %, ${job.progress.stage}` : ''}
      {job.error ? ` ${job.error.detail}` : ''}
    </span>
    <span class="quiet end">{time(job.finishedAt ?? job.createdAt)}</span>
  </li>
)

export const OverviewView = () => {
  const [seen, setSeen] = useKept<string | null>('ringfence.seen', null)
  // What was seen when the page was opened: looking at it must not make it old.
  const [since] = useState(seen)
  const [asked, setAsked] = useState(since)
  const leads = useLoad('leads', (request) => topRings(TOP, request))
  const changed = useLoad(`changes ${asked}`, (request) => changes(asked, request))
  const known = useLoad('runs', runs)
  const work = useLoad('jobs', (request) => jobs(6, request))
  const latest = leads.data?.run ?? null
  useEffect(() => {
    if (latest !== null && latest !== seen) setSeen(latest)
  })
  useEffect(() => {
    // A store that was made anew, or a run that is gone.
    if (changed.problem?.code === 'run.unknown' && asked !== null) setAsked(null)
  })
  const run = known.data?.runs.find(({ id }) => id === latest)
  const before = known.data?.runs.find(({ id }) => id === (changed.data?.since ?? ''))
  return (
    <>
      <h1>Overview</h1>
      {leads.problem?.code === 'run.none' ? (
        <Note>
          Nothing was detected in this store yet. Load records with <code>ringfence ingest</code>, then start a
          detection with <code>ringfence detect</code> or <code>POST /v1/jobs</code>.
        </Note>
      ) : (
        <>
          {run ? (
            <p class="quiet">
              Run of {time(run.finishedAt)} over what was known {run.asOf === null ? 'then' : `at ${time(run.asOf)}`}:{' '}
              {counted(run.counts.interactions ?? 0, 'interaction')} between{' '}
              {counted(run.counts.entities ?? 0, 'entity', 'entities')}, {counted(run.counts.rings ?? 0, 'ring')}.
            </p>
          ) : null}
          <div class="columns">
            <div class="stack">
              <section class="panel" aria-labelledby="leads">
                <h2 id="leads">Strongest leads</h2>
                <p class="quiet">By surprise: how unlikely chance alone gives as much.</p>
                <With of={leads} what="the leads">
                  {(list) => (
                    <>
                      <ul class="rows">
                        {list.rings.map((ring) => (
                          <Lead key={ring.id} ring={ring} />
                        ))}
                      </ul>
                      {list.rings.length === 0 ? <p>The latest run named no ring.</p> : null}
                      <p>
                        <a href={linkTo(['rings'])}>All {counted(list.total, 'ring')}</a>
                      </p>
                    </>
                  )}
                </With>
              </section>
              <section class="panel" aria-labelledby="jobs">
                <h2 id="jobs">Jobs</h2>
                <With of={work} what="the jobs">
                  {(list) =>
                    list.jobs.length === 0 ? (
                      <p class="quiet">The service was asked for none yet.</p>
                    ) : (
                      <ul class="rows">
                        {list.jobs.map((job) => (
                          <JobRow key={job.id} job={job} />
                        ))}
                      </ul>
                    )
                  }
                </With>
              </section>
              <FlowsPanel />
            </div>
            <div class="stack">
              <section class="panel" aria-labelledby="changed">
                <h2 id="changed">
                  What changed since {asked !== null && asked === since ? 'your last visit' : 'the run before'}
                </h2>
                {before ? <p class="quiet">Against the run of {time(before.finishedAt)}.</p> : null}
                <With of={changed} what="what changed">
                  {(of) => <Changes of={of} />}
                </With>
              </section>
            </div>
          </div>
        </>
      )}
    </>
  )
}
