/** One case: whose it is, until when, what was said, and what to hand over. Two people at once see what the other did. */
import { useState } from 'preact/hooks'
import { type Case, type CaseFields, caseStatuses, changeCase, comment, ME, oneCase } from '../api/cases.js'
import { isLate } from '../cases/case-rows.js'
import { dueOf } from '../cases/subject-cases.js'
import { DecisionsPanel } from '../decide/decisions.js'
import { Reason } from '../decide/fields.js'
import { linkTo } from '../lib/address.js'
import { useDraft } from '../lib/kept.js'
import { useAction } from '../lib/use-action.js'
import { useLoad } from '../lib/use-load.js'
import { day, statusWord, time } from '../lib/words.js'
import { Chip, Subject, Text } from '../ui/name.js'
import { Problem, With } from '../ui/state.js'
import { Exports } from './ring-exports.js'

interface Props {
  readonly of: Case
  readonly changed: (now: Case) => void
}

const Fields = ({ of, changed }: Props) => {
  const [status, setStatus] = useState<string>(of.status)
  const [assignee, setAssignee] = useState(of.assignee ?? '')
  const [due, setDue] = useState(of.dueAt?.slice(0, 10) ?? '')
  const action = useAction()
  const other = action.problem?.code === 'case.conflict' ? (action.problem.facts.case as Case) : null
  const write = (fields: CaseFields): Promise<void> =>
    action.run(async () => changed(await changeCase(other ?? of, fields)))
  return (
    <form
      class="line"
      aria-label="Change the case"
      onSubmit={(event) => {
        event.preventDefault()
        void write({
          status: caseStatuses.find((each) => each === status)!,
          assignee: assignee.trim() || null,
          dueAt: dueOf(due),
        })
      }}
    >
      <label>
        Status{' '}
        <select value={status} onChange={(event) => setStatus(event.currentTarget.value)}>
          {caseStatuses.map((each) => (
            <option key={each} value={each}>
              {statusWord(each)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Who has it{' '}
        <input
          value={assignee}
          dir="auto"
          maxLength={300}
          placeholder="nobody"
          onInput={(event) => setAssignee(event.currentTarget.value)}
        />
      </label>
      <label>
        Due <input type="date" value={due} onInput={(event) => setDue(event.currentTarget.value)} />
      </label>
      <button type="submit" class="primary" disabled={action.busy}>
        Save
      </button>
      <button type="button" disabled={action.busy} onClick={() => write({ assignee: ME })}>
        I take it
      </button>
      {other ? (
        <div class="notice bad whole" role="alert">
          <p>
            <strong>Somebody changed it while you did.</strong> It now has the status {statusWord(other.status)},{' '}
            {other.assignee === null ? 'nobody has it' : <Text text={other.assignee} />}
            {other.dueAt === null ? '' : `, due ${day(other.dueAt)}`}. What you chose is still here: save it again to
            put it in that place.
          </p>
          <button type="button" onClick={() => changed(other)}>
            Go on from theirs
          </button>
        </div>
      ) : action.problem ? (
        <Problem problem={action.problem} />
      ) : null}
    </form>
  )
}

const Say = ({ of, changed }: Props) => {
  const [text, setText] = useDraft(`case.${of.id}`)
  const action = useAction()
  const say = (appeal: boolean): Promise<void> =>
    action.run(async () => {
      const now = await comment(of.id, text.trim(), appeal)
      setText('')
      changed(now)
    })
  return (
    <form
      class="ask"
      aria-label="Say something"
      onSubmit={(event) => {
        event.preventDefault()
        void say(false)
      }}
    >
      <Reason value={text} change={setText} title="Comment" />
      {action.problem ? <Problem problem={action.problem} /> : null}
      <p class="buttons">
        <button type="submit" disabled={action.busy || text.trim() === ''}>
          Comment
        </button>
        <button type="button" disabled={action.busy || text.trim() === ''} onClick={() => say(true)}>
          Record it as an appeal{of.status === 'closed' ? ', which opens the case again' : ''}
        </button>
      </p>
    </form>
  )
}

const Whole = ({ of, changed }: Props) => (
  <>
    <h1>
      <Text text={of.title} />
    </h1>
    <p>
      <Chip kind={of.status === 'closed' ? '' : 'up'}>{statusWord(of.status)}</Chip> <Subject name={of.subject} />{' '}
      <span class="quiet">
        opened by <Text text={of.openedBy} />, {time(of.at)};{' '}
        {of.assignee === null ? (
          'nobody has it'
        ) : (
          <>
            <Text text={of.assignee} /> has it
          </>
        )}
      </span>{' '}
      {isLate(of) ? <span class="late">was due {day(of.dueAt)}</span> : null}
    </p>
    <section class="panel" aria-label="The case">
      <Fields key={of.version} of={of} changed={changed} />
    </section>
    <div class="columns">
      <div class="stack">
        <section class="panel" aria-labelledby="said">
          <h2 id="said">What was said</h2>
          {of.comments.length === 0 ? <p class="quiet">Nothing yet.</p> : null}
          <ul class="rows">
            {of.comments.map(({ at, who, text, appeal }) => (
              <li key={`${at} ${who} ${text}`}>
                {appeal ? <Chip kind="up">Appeal</Chip> : null}
                <span class="said">
                  <Text text={text} />
                </span>
                <span class="quiet end">
                  <Text text={who} />, {time(at)}
                </span>
              </li>
            ))}
          </ul>
          <Say of={of} changed={changed} />
        </section>
        {of.subject.startsWith('ring:') ? <Exports ring={of.subject.slice(5)} /> : null}
      </div>
      <DecisionsPanel subject={of.subject} />
    </div>
  </>
)

export const CaseView = ({ id }: { readonly id: string }) => {
  const found = useLoad(`case ${id}`, (request) => oneCase(id, request))
  const [now, setNow] = useState<Case | null>(null)
  return (
    <>
      <p class="crumbs">
        <a href={linkTo(['cases'])}>Cases</a>
      </p>
      <With of={found} what="the case">
        {(first) => <Whole of={now ?? first} changed={setNow} />}
      </With>
    </>
  )
}
