/** What every decision asks for: what it is, why, and until when. What is typed is there again after a sign-in or a reload. */
import { type Decision, decisions } from '../api/decisions.js'
import { useDraft } from '../lib/kept.js'
import { decisionMeaning, decisionWord } from '../lib/words.js'

const MOST_REASON = 2000

export interface Draft {
  readonly label: Decision | null
  readonly reason: string
  /** A day; from its start the decision does not count any more. */
  readonly expires: string
  readonly setLabel: (label: string) => void
  readonly setReason: (reason: string) => void
  readonly setExpires: (day: string) => void
  readonly clear: () => void
  /** Whether enough is given to decide. */
  readonly isWhole: boolean
}

export const useDecision = (name: string): Draft => {
  const [label, setLabel] = useDraft(`${name}.label`)
  const [reason, setReason] = useDraft(`${name}.reason`)
  const [expires, setExpires] = useDraft(`${name}.expires`)
  const known = decisions.find((each) => each === label) ?? null
  return {
    label: known,
    reason,
    expires,
    setLabel,
    setReason,
    setExpires,
    clear: () => {
      setLabel('')
      setReason('')
      setExpires('')
    },
    isWhole: known !== null && reason.trim() !== '',
  }
}

export const expiryOf = (day: string): string | null => (day === '' ? null : `${day}T00:00:00Z`)

export const Reason = ({
  value,
  change,
  title = 'Reason',
}: {
  readonly value: string
  readonly change: (value: string) => void
  readonly title?: string
}) => (
  <label>
    {title}
    <textarea
      value={value}
      dir="auto"
      maxLength={MOST_REASON}
      rows={2}
      required
      onInput={(event) => change(event.currentTarget.value)}
    />
  </label>
)

export const Expiry = ({ value, change }: { readonly value: string; readonly change: (value: string) => void }) => (
  <label>
    Counts until (empty: no end){' '}
    <input type="date" value={value} onInput={(event) => change(event.currentTarget.value)} />
  </label>
)

export const DecisionFields = ({ name, draft }: { readonly name: string; readonly draft: Draft }) => (
  <>
    <fieldset class="choices">
      <legend>Decision</legend>
      {decisions.map((each) => (
        <label key={each} class="choice">
          <input
            type="radio"
            name={name}
            value={each}
            checked={draft.label === each}
            onChange={() => draft.setLabel(each)}
          />
          <span>
            {decisionWord(each)} <span class="quiet">{decisionMeaning(each)}</span>
          </span>
        </label>
      ))}
    </fieldset>
    <Reason value={draft.reason} change={draft.setReason} />
    <Expiry value={draft.expires} change={draft.setExpires} />
  </>
)
