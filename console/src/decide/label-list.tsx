/** What was decided, newest first, each with its reason and a way to take it back. */
import { useState } from 'preact/hooks'
import { type Label, takeBack } from '../api/decisions.js'
import { useAction } from '../lib/use-action.js'
import { day, decisionWord, stateWord, time, whole } from '../lib/words.js'
import { Chip, Subject, Text } from '../ui/name.js'
import { Problem } from '../ui/state.js'

const MOST_EVIDENCE = 5

const Back = ({ label, done }: { readonly label: Label; readonly done: () => void }) => {
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const action = useAction()
  if (!open)
    return (
      <button type="button" class="tiny" onClick={() => setOpen(true)}>
        take back<span class="sr"> the decision of {label.owner}</span>
      </button>
    )
  return (
    <form
      class="line whole"
      onSubmit={(event) => {
        event.preventDefault()
        void action.run(async () => {
          await takeBack(label.id, reason.trim())
          done()
        })
      }}
    >
      <label>
        Why take it back{' '}
        <input
          ref={(field) => field?.focus()}
          value={reason}
          dir="auto"
          maxLength={2000}
          required
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={action.busy || reason.trim() === ''}>
        Take back
      </button>
      <button type="button" onClick={() => setOpen(false)}>
        Keep it
      </button>
      {action.problem ? <Problem problem={action.problem} /> : null}
    </form>
  )
}

const Evidence = ({ of }: { readonly of: readonly string[] }) => (
  <span class="quiet">
    {' '}
    rests on{' '}
    {of.slice(0, MOST_EVIDENCE).map((each) => (
      <span key={each}>
        <code>
          <bdi dir="auto">{each}</bdi>
        </code>{' '}
      </span>
    ))}
    {of.length > MOST_EVIDENCE ? `and ${whole(of.length - MOST_EVIDENCE)} more` : ''}
  </span>
)

interface RowsProps {
  readonly named?: boolean
  /** After one was taken back; without it none can be. */
  readonly done?: () => void
}

const Row = ({ label, named = false, done }: RowsProps & { readonly label: Label }) => (
  <li class={label.state === 'counts' ? '' : 'past'}>
    <Chip kind={label.label === null ? '' : `decision-${label.label}`}>
      {label.label === null ? 'Taken back' : decisionWord(label.label)}
    </Chip>
    {label.state === 'counts' || label.state === 'undo' ? null : <span class="quiet">{stateWord(label.state)}</span>}
    {named ? <Subject name={label.subject} /> : null}
    <span>
      <Text text={label.reason} />
      {label.evidence.length > 0 ? <Evidence of={label.evidence} /> : null}
      {label.batch === null ? null : <span class="quiet"> one of many, bulk {label.batch}</span>}
      {label.takenBack ? (
        <span class="quiet">
          {' '}
          Taken back by {label.takenBack.owner}: <Text text={label.takenBack.reason} />
        </span>
      ) : null}
    </span>
    <span class="quiet end">
      <Text text={label.owner} />, {time(label.at)}
      {label.expiresAt === null ? '' : `, until ${day(label.expiresAt)}`}
    </span>
    {label.state === 'counts' && done ? <Back label={label} done={done} /> : null}
  </li>
)

export const LabelRows = ({ labels, ...rest }: RowsProps & { readonly labels: readonly Label[] }) => (
  <ul class="rows">
    {labels.map((label) => (
      <Row key={label.id} label={label} {...rest} />
    ))}
  </ul>
)
