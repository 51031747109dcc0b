/** Deciding on a ring or an entity. Who comes second sees what the first decided, and may still decide. */
import { useState } from 'preact/hooks'
import { decide, type Label, labelsOf } from '../api/decisions.js'
import { useDraft } from '../lib/kept.js'
import { useAction } from '../lib/use-action.js'
import { useLoad } from '../lib/use-load.js'
import { counted, decisionWord } from '../lib/words.js'
import { Note, Problem, With } from '../ui/state.js'
import { DecisionFields, expiryOf, useDecision } from './fields.js'
import { LabelRows } from './label-list.js'

/** As many as the service keeps with one decision. */
const MOST_EVIDENCE = 100

const lines = (text: string): string[] => [
  ...new Set(
    text
      .split('\n')
      .map((each) => each.trim())
      .filter(Boolean),
  ),
]

const lastOf = (labels: readonly Label[]): string | null =>
  labels.find(({ takesBack }) => takesBack === null)?.id ?? null

interface FormProps {
  readonly subject: string
  readonly seen: string | null
  /** Interactions, `type:id`, that are looked at right now. */
  readonly offered: readonly string[]
  readonly done: () => void
}

const Form = ({ subject, seen, offered, done }: FormProps) => {
  const draft = useDecision(subject)
  const [evidence, setEvidence] = useDraft(`${subject}.evidence`)
  const action = useAction()
  const refs = lines(evidence)
  const submit = (after: string | null): Promise<void> =>
    action.run(async () => {
      const given = {
        subject,
        label: draft.label!,
        reason: draft.reason.trim(),
        expiresAt: expiryOf(draft.expires),
        evidence: refs,
      }
      await decide(given, after)
      draft.clear()
      setEvidence('')
      done()
    })
  const conflict = action.problem?.code === 'label.conflict' ? (action.problem.facts.decisions as Label[]) : null
  return (
    <form
      class="ask"
      aria-label="Decide"
      onSubmit={(event) => {
        event.preventDefault()
        void submit(conflict?.at(-1)?.id ?? seen)
      }}
    >
      <DecisionFields name={`decision ${subject}`} draft={draft} />
      <label>
        Evidence, one a line: interactions as type:id, addresses, cases
        <textarea
          value={evidence}
          dir="auto"
          rows={refs.length > 1 ? 4 : 1}
          spellcheck={false}
          onInput={(event) => setEvidence(event.currentTarget.value)}
        />
      </label>
      {offered.length > 0 ? (
        <p>
          <button
            type="button"
            onClick={() =>
              setEvidence(
                lines([evidence, ...offered].join('\n'))
                  .slice(0, MOST_EVIDENCE)
                  .join('\n'),
              )
            }
          >
            Add the {counted(Math.min(offered.length, MOST_EVIDENCE), 'interaction')} of the opened fact
          </button>
        </p>
      ) : null}
      {conflict ? (
        <div class="notice bad" role="alert">
          <p>
            <strong>Somebody decided while you did.</strong> What you typed is still here. Read what they say; then
            decide all the same, or leave it.
          </p>
          <LabelRows labels={[...conflict].reverse()} />
        </div>
      ) : action.problem ? (
        <Problem problem={action.problem} />
      ) : null}
      <p class="buttons">
        <button type="submit" class="primary" disabled={action.busy || !draft.isWhole}>
          {action.busy
            ? 'Writing …'
            : conflict
              ? 'Decide all the same'
              : draft.label === null
                ? 'Decide'
                : `Decide: ${decisionWord(draft.label).toLowerCase()}`}
        </button>
        {conflict ? (
          <button type="button" onClick={done}>
            Leave it at that
          </button>
        ) : null}
      </p>
    </form>
  )
}

export const DecisionsPanel = ({
  subject,
  offered = [],
}: {
  readonly subject: string
  readonly offered?: readonly string[]
}) => {
  const [turn, setTurn] = useState(0)
  const found = useLoad(`labels ${subject} ${turn}`, (request) => labelsOf(subject, request))
  const isRing = subject.startsWith('ring:')
  return (
    <section class="panel" aria-labelledby="decisions">
      <h2 id="decisions">Decisions</h2>
      <With of={found} what="what was decided">
        {({ labels }) => (
          <>
            {labels.length === 0 ? <Note>Nobody has decided on it yet.</Note> : null}
            <LabelRows labels={labels} done={() => setTurn(turn + 1)} />
            <details open={isRing && labels.length === 0}>
              <summary>Decide{labels.length === 0 ? '' : ' anew'}</summary>
              <Form
                key={lastOf(labels)}
                subject={subject}
                seen={lastOf(labels)}
                offered={offered}
                done={() => setTurn(turn + 1)}
              />
            </details>
            <p class="quiet">
              {isRing
                ? 'It holds for its accounts as the ring is now, not for what it acted on. '
                : 'It holds for this one alone. '}
              Decisions train the model and start or stop risk. Each can be taken back, and stays on record.
            </p>
          </>
        )}
      </With>
    </section>
  )
}
