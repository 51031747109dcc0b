/** One decision on many: first the count and a sample, then the write of just these, then a way to take all of it back. */
import { useState } from 'preact/hooks'
import {
  type BulkEstimate,
  estimateBulk,
  type GivenLabel,
  MOST_AT_ONCE,
  takeBulkBack,
  writeBulk,
} from '../api/decisions.js'
import { useAction } from '../lib/use-action.js'
import { counted, decisionWord, whole } from '../lib/words.js'
import { Entity } from '../ui/name.js'
import { Note, Problem } from '../ui/state.js'
import { DecisionFields, expiryOf, useDecision } from './fields.js'

interface Looked {
  readonly labels: readonly GivenLabel[]
  readonly estimate: BulkEstimate
}

const Sample = ({ of: { count, byLabel, sample, decided, decidedSample } }: { readonly of: BulkEstimate }) => (
  <div class="notice" role="status">
    <p>
      <b>{counted(count, 'entity', 'entities')}</b>:{' '}
      {Object.entries(byLabel)
        .map(([label, many]) => `${whole(many)} ${decisionWord(label).toLowerCase()}`)
        .join(', ')}
      . {decided === 0 ? 'Nothing was decided on any of them.' : null}
    </p>
    {decided > 0 ? (
      <p>
        <b>On {whole(decided)} of them something is decided already</b>, which this would replace:{' '}
        {decidedSample.map(({ subject, label, owner }) => (
          <span key={subject}>
            <Entity name={subject} /> {decisionWord(label).toLowerCase()} by {owner};{' '}
          </span>
        ))}
      </p>
    ) : null}
    <p>
      The first {whole(sample.length)}:{' '}
      {sample.map(({ subject }) => (
        <span key={subject}>
          <Entity name={subject} />{' '}
        </span>
      ))}
    </p>
  </div>
)

const Written = ({
  batch,
  count,
  again,
}: {
  readonly batch: string
  readonly count: number
  readonly again: () => void
}) => {
  const action = useAction()
  const [back, setBack] = useState<number | null>(null)
  if (back !== null) return <Note>{counted(back, 'decision')} taken back, and on record as such.</Note>
  return (
    <div class="notice" role="status">
      <p>
        {counted(count, 'decision')} written as bulk <code>{batch}</code>.
      </p>
      <p class="buttons">
        <button
          type="button"
          disabled={action.busy}
          onClick={() =>
            action.run(async () => setBack((await takeBulkBack(batch, 'Taken back right after it was written.')).count))
          }
        >
          Take all {whole(count)} back
        </button>
        <button type="button" onClick={again}>
          Decide on others
        </button>
      </p>
      {action.problem ? <Problem problem={action.problem} /> : null}
    </div>
  )
}

interface Props {
  /** Of what is typed here; also keeps two such forms of a page apart. */
  readonly name: string
  /** How many are meant; null where that is known once they are read. */
  readonly count: number | null
  readonly what: string
  readonly collect: () => Promise<readonly string[]>
}

export const Bulk = ({ name, count, what, collect }: Props) => {
  const draft = useDecision(name)
  const [looked, setLooked] = useState<Looked | null>(null)
  const [written, setWritten] = useState<{ readonly batch: string; readonly count: number } | null>(null)
  const [tooMany, setTooMany] = useState(false)
  const action = useAction()
  if (written) return <Written {...written} again={() => setWritten(null)} />
  if (tooMany || (count ?? 0) > MOST_AT_ONCE)
    return (
      <Note>
        They are more than the {whole(MOST_AT_ONCE)} that are decided on at once: choose a role, or use{' '}
        <code>ringfence labels import</code>.
      </Note>
    )
  const look = (): Promise<void> =>
    action.run(async () => {
      const subjects = await collect()
      setTooMany(subjects.length > MOST_AT_ONCE)
      if (subjects.length > MOST_AT_ONCE) return
      const labels = subjects.map(
        (subject): GivenLabel => ({
          subject,
          label: draft.label!,
          reason: draft.reason.trim(),
          expiresAt: expiryOf(draft.expires),
        }),
      )
      setLooked({ labels, estimate: await estimateBulk(labels) })
    })
  const write = ({ labels, estimate }: Looked): Promise<void> =>
    action.run(async () => {
      setWritten(await writeBulk(labels, estimate.seen))
      setLooked(null)
      draft.clear()
    })
  return (
    <form
      class="ask"
      aria-label={`Decide on ${what}`}
      onInput={() => setLooked(null)}
      onSubmit={(event) => {
        event.preventDefault()
        void (looked ? write(looked) : look())
      }}
    >
      <DecisionFields name={`bulk ${name}`} draft={draft} />
      {looked ? <Sample of={looked.estimate} /> : null}
      {action.problem ? <Problem problem={action.problem} /> : null}
      <p class="buttons">
        <button type="submit" class="primary" disabled={action.busy || !draft.isWhole || count === 0}>
          {action.busy
            ? 'Working …'
            : looked
              ? `Write ${counted(looked.estimate.count, 'decision')}`
              : `Look at what would be decided: ${what}`}
        </button>
        {looked ? (
          <button type="button" onClick={() => setLooked(null)}>
            Not these
          </button>
        ) : null}
      </p>
      <p class="quiet">Nothing is written before its count and a sample were shown. It needs the role lead or admin.</p>
    </form>
  )
}
