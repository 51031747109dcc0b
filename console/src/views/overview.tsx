/** What changed since the last visit, where ten minutes do most, and what the service is doing. */
import { useEffect, useState } from 'preact/hooks'
import { changes, runs, topLeads } from '../api/routes.js'
import type { RingChanges } from '../api/shapes.js'
import { useKept } from '../lib/kept.js'
import { useLoad } from '../lib/use-load.js'
import { counted, eventSentence, eventWord, time, whole } from '../lib/words.js'
import { Chip, Ring } from '../ui/name.js'
import { Note, With } from '../ui/state.js'
import { FlowsPanel, MigrationPanel } from './flows.js'
import { LeadsPanel } from './overview-leads.js'
import { JobsPanel, ModelPanel } from './overview-work.js'

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

export const OverviewView = () => {
  const [seen, setSeen] = useKept<string | null>('ringfence.seen', null)
  // What was seen when the page was opened: looking at it must not make it old.
  const [since] = useState(seen)
  const [asked, setAsked] = useState(since)
  const leads = useLoad('leads', (request) => topLeads(TOP, request))
  const changed = useLoad(`changes ${asked}`, (request) => changes(asked, request))
  const known = useLoad('runs', runs)
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
              <LeadsPanel of={leads} />
              <JobsPanel />
              <ModelPanel />
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
              <FlowsPanel />
              <MigrationPanel />
            </div>
          </div>
        </>
      )}
    </>
  )
}
