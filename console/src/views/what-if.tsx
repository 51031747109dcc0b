/** A dry run, with other settings or as if some entities or types had never been recorded, as a difference from the latest run. Nothing is written. */
import { useState } from 'preact/hooks'
import { asProblem, type ProblemError, send } from '../api/client.js'
import type { ChangedRing, Difference, Job, ListedRing } from '../api/shapes.js'
import { changeQuery } from '../lib/address.js'
import { useDraft } from '../lib/kept.js'
import { useJob } from '../lib/use-job.js'
import { counted, nats, percent, whole } from '../lib/words.js'
import { JobProgress } from '../ui/job-progress.js'
import { Entity, Ring } from '../ui/name.js'
import { Note, Problem } from '../ui/state.js'

const words = (text: string): string[] =>
  text
    .split(/[\n,]+/)
    .map((each) => each.trim())
    .filter(Boolean)

const Form = () => {
  // What somebody types is there again after a sign-in or a reload.
  const [entities, setEntities] = useDraft('what-if.entities')
  const [types, setTypes] = useDraft('what-if.types')
  const [fdr, setFdr] = useDraft('what-if.fdr')
  const [detectors, setDetectors] = useDraft('what-if.detectors')
  const [problem, setProblem] = useState<ProblemError | null>(null)
  const [busy, setBusy] = useState(false)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setProblem(null)
    const without = {
      ...(words(entities).length > 0 ? { entities: words(entities) } : {}),
      ...(words(types).length > 0 ? { types: words(types) } : {}),
    }
    try {
      const job = await send<Job>('POST', '/v1/jobs', {
        type: 'detect',
        mode: 'dry-run',
        parameters: {
          whatIf: without,
          ...(fdr === '' ? {} : { fdr: Number(fdr) }),
          ...(words(detectors).length > 0 ? { detectors: words(detectors) } : {}),
        },
      })
      changeQuery({ job: job.id })
    } catch (error) {
      setProblem(asProblem(error))
    }
    setBusy(false)
  }
  return (
    <form class="panel ask" onSubmit={submit}>
      <h2>What if these had never been recorded?</h2>
      <label>
        Entities, one a line, as kind:id
        <textarea
          value={entities}
          dir="auto"
          spellcheck={false}
          placeholder={'user:u1\ndevice:d7'}
          onInput={(event) => setEntities(event.currentTarget.value)}
        />
      </label>
      <label>
        Types of interactions, such as view, like{' '}
        <input value={types} spellcheck={false} onInput={(event) => setTypes(event.currentTarget.value)} />
      </label>
      <p class="quiet">With other settings, or with those of the latest run where a field is empty:</p>
      <div class="line">
        <label>
          Chance leads up to{' '}
          <input
            type="number"
            min="0"
            max="1"
            step="0.01"
            value={fdr}
            onInput={(event) => setFdr(event.currentTarget.value)}
          />
        </label>
        <label>
          Detectors, such as lockstep, sybil{' '}
          <input value={detectors} spellcheck={false} onInput={(event) => setDetectors(event.currentTarget.value)} />
        </label>
      </div>
      {problem ? <Problem problem={problem} /> : null}
      <button type="submit" class="primary" disabled={busy}>
        {busy ? 'Asking …' : 'Start a dry run'}
      </button>
      <p class="quiet">
        A dry run looks for rings anew in all that is known now, writes nothing, and is compared with the latest run. It
        needs the role operator, lead or admin.
      </p>
    </form>
  )
}

const Listed = ({ title, rings }: { readonly title: string; readonly rings: readonly ListedRing[] }) => (
  <section class="panel">
    <h2>
      {title} <span class="quiet">{whole(rings.length)}</span>
    </h2>
    <ul class="rows">
      {rings.map(({ ring, members, score, fdr }) => (
        <li key={ring}>
          <Ring id={ring} />
          <span>{counted(members.length, 'member')}</span>
          <span class="quiet end">
            {nats(score)} nats, {percent(fdr)}
          </span>
        </li>
      ))}
    </ul>
  </section>
)

const MOST_NAMES = 20

const Names = ({ names }: { readonly names: readonly string[] }) => (
  <>
    {names.slice(0, MOST_NAMES).map((name) => (
      <span key={name}>
        <Entity name={name} />{' '}
      </span>
    ))}
    {names.length > MOST_NAMES ? <span class="quiet">and {whole(names.length - MOST_NAMES)} more</span> : null}
  </>
)

const Changed = ({ rings }: { readonly rings: readonly ChangedRing[] }) => (
  <section class="panel">
    <h2>
      Changed <span class="quiet">{whole(rings.length)}</span>
    </h2>
    <ul class="rows">
      {rings.map(({ ring, joined, left, before, after }) => (
        <li key={ring}>
          <Ring id={ring} />
          {joined && joined.length > 0 ? (
            <span>
              joined: <Names names={joined} />
            </span>
          ) : null}
          {left && left.length > 0 ? (
            <span>
              left: <Names names={left} />
            </span>
          ) : null}
          <span class="quiet end">
            {nats(before.score)} → {nats(after.score)} nats
          </span>
        </li>
      ))}
    </ul>
  </section>
)

const Found = ({ difference }: { readonly difference: Difference }) => (
  <>
    <p>
      <b>{whole(difference.same)}</b> rings stay as they are.{' '}
      {counted(difference.membersIn.length, 'entity', 'entities')} would come into rings,{' '}
      {counted(difference.membersOut.length, 'entity', 'entities')} would fall out of all:{' '}
      <Names names={difference.membersOut} />
    </p>
    <div class="columns">
      <Listed title="Gone" rings={difference.gone} />
      <Listed title="New" rings={difference.born} />
    </div>
    <Changed rings={[...difference.changed, ...difference.rescored]} />
  </>
)

const Watched = ({ id }: { readonly id: string }) => {
  const { job, isOpen, problem, reload } = useJob(id)
  if (problem) return <Problem problem={problem} reload={reload} />
  if (job === null || isOpen) return <JobProgress job={job} />
  if (job.state !== 'done') return <Note>{job.error ? job.error.detail : `The dry run was ${job.state}.`}</Note>
  const difference = job.result?.difference as Difference | null | undefined
  return difference ? (
    <Found difference={difference} />
  ) : (
    <Note>This job is no what-if: it has no difference to show.</Note>
  )
}

export const WhatIf = ({ query }: { readonly query: URLSearchParams }) => {
  const job = query.get('job')
  return (
    <>
      <Form />
      {job === null ? null : <Watched key={job} id={job} />}
    </>
  )
}
