/** What the service is doing: its jobs, and the model in use. */
import { jobs, modelStatus } from '../api/routes.js'
import type { Job, ModelStatus } from '../api/shapes.js'
import { useLoad } from '../lib/use-load.js'
import { counted, time } from '../lib/words.js'
import { Chip } from '../ui/name.js'
import { Note, With } from '../ui/state.js'

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

export const JobsPanel = () => {
  const work = useLoad('jobs', (request) => jobs(6, request))
  return (
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
  )
}

const Model = ({ of: { champion, candidate, problem, scoring } }: { readonly of: ModelStatus }) => (
  <>
    {champion === null ? (
      <p>
        No model is in use: scores rank by rings alone. <code>ringfence train</code> makes one from labels.
      </p>
    ) : (
      <p>
        <b>{champion.id}</b> is in use, trained {time(champion.trainedAt)} on {counted(champion.labels, 'label')}.{' '}
        {champion.kinds.map(({ kind, measured }) => (
          <span key={kind}>
            {kind}:{' '}
            {measured
              .map(
                ({ metric, value, spread }) =>
                  `${metric} ${value.toFixed(2)}${spread === null ? '' : ` ± ${spread.toFixed(2)}`}`,
              )
              .join(', ')}
            .{' '}
          </span>
        ))}
      </p>
    )}
    {problem ? (
      <Note>
        {problem.detail} {problem.advice}
      </Note>
    ) : null}
    {candidate === null ? null : (
      <p>
        <b>{candidate.id}</b> of {time(candidate.trainedAt)} challenges it.
      </p>
    )}
    {scoring === null ? (
      <p class="quiet">Nothing was scored yet.</p>
    ) : (
      <p class="quiet">
        Last scored {time(scoring.finishedAt)}
        {scoring.model === null ? ' without a model' : ''}.
      </p>
    )}
    {scoring?.notes.map(({ code, message }) => (
      <p key={`${code} ${message}`} class="quiet">
        {message}
      </p>
    ))}
  </>
)

export const ModelPanel = () => {
  const status = useLoad('model', modelStatus)
  return (
    <section class="panel" aria-labelledby="model">
      <h2 id="model">Model</h2>
      <With of={status} what="the state of the model">
        {(of) => <Model of={of} />}
      </With>
    </section>
  )
}
