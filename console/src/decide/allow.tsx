/** The allow-list: what detection is not to see, from the next run on. */
import { useState } from 'preact/hooks'
import { type AllowEntry, allow, allowList, disallow } from '../api/decisions.js'
import { useDraft } from '../lib/kept.js'
import { useAction } from '../lib/use-action.js'
import { useLoad } from '../lib/use-load.js'
import { day, time } from '../lib/words.js'
import { Chip, Entity, Text } from '../ui/name.js'
import { Problem, With } from '../ui/state.js'
import { Expiry, expiryOf, Reason } from './fields.js'

/** Whether a name or pattern of the list means this entity. */
export const means = (entry: string, name: string): boolean => {
  const parts = entry.split('*')
  const [first = '', ...rest] = parts
  if (rest.length === 0) return entry === name
  const last = rest.at(-1)!
  if (!name.startsWith(first) || !name.endsWith(last)) return false
  let at = first.length
  for (const part of rest.slice(0, -1)) {
    const next = name.indexOf(part, at)
    if (next < 0) return false
    at = next + part.length
  }
  return at <= name.length - last.length
}

const Row = ({ entry, done }: { readonly entry: AllowEntry; readonly done: () => void }) => {
  const [reason, setReason] = useState<string | null>(null)
  const action = useAction()
  return (
    <li class={entry.holds ? '' : 'past'}>
      <Entity name={entry.name} />
      {entry.holds ? null : <Chip>expired</Chip>}
      <Text text={entry.reason} />
      <span class="quiet end">
        <Text text={entry.owner} />, {time(entry.at)}
        {entry.expiresAt === null ? ', no end' : `, until ${day(entry.expiresAt)}`}
      </span>
      {reason === null ? (
        <button type="button" class="tiny" onClick={() => setReason('')}>
          take off the list<span class="sr">: {entry.name}</span>
        </button>
      ) : (
        <form
          class="line whole"
          onSubmit={(event) => {
            event.preventDefault()
            void action.run(async () => {
              await disallow(entry.id, reason.trim())
              done()
            })
          }}
        >
          <label>
            Why take it off{' '}
            <input value={reason} dir="auto" required onInput={(event) => setReason(event.currentTarget.value)} />
          </label>
          <button type="submit" disabled={action.busy || reason.trim() === ''}>
            Take off
          </button>
        </form>
      )}
      {action.problem ? <Problem problem={action.problem} /> : null}
    </li>
  )
}

const Form = ({ name, done }: { readonly name: string; readonly done: () => void }) => {
  const [entry, setEntry] = useState(name)
  const [reason, setReason] = useDraft(`allow.${name}.reason`)
  const [expires, setExpires] = useState('')
  const action = useAction()
  return (
    <form
      class="ask"
      aria-label="Hide from detection"
      onSubmit={(event) => {
        event.preventDefault()
        void action.run(async () => {
          await allow({ name: entry.trim(), reason: reason.trim(), expiresAt: expiryOf(expires) })
          setReason('')
          done()
        })
      }}
    >
      <label>
        What, as kind:id; * stands for any characters
        <input
          value={entry}
          dir="auto"
          spellcheck={false}
          maxLength={600}
          required
          onInput={(event) => setEntry(event.currentTarget.value)}
        />
      </label>
      <Reason value={reason} change={setReason} title="Why detection should not see it" />
      <Expiry value={expires} change={setExpires} />
      {action.problem ? <Problem problem={action.problem} /> : null}
      <p>
        <button type="submit" disabled={action.busy || entry.trim() === '' || reason.trim() === ''}>
          Hide from detection
        </button>
      </p>
      <p class="quiet">
        From the next run on it is as if it had never been recorded; the run says what each entry hid. It needs the role
        lead or admin.
      </p>
    </form>
  )
}

/** Of one entity, or all of it. */
export const AllowPanel = ({ name = null }: { readonly name?: string | null }) => {
  const [turn, setTurn] = useState(0)
  const done = (): void => setTurn(turn + 1)
  const list = useLoad(`allow ${turn}`, allowList)
  return (
    <section class="panel" aria-labelledby="allow">
      <h2 id="allow">Allow-list</h2>
      <With of={list} what="the allow-list">
        {({ entries }) => {
          const mine = name === null ? entries : entries.filter((entry) => means(entry.name, name))
          return (
            <>
              {mine.length === 0 ? (
                <p>{name === null ? 'Nothing is hidden from detection.' : 'Detection sees it.'}</p>
              ) : (
                <ul class="rows">
                  {mine.map((entry) => (
                    <Row key={entry.id} entry={entry} done={done} />
                  ))}
                </ul>
              )}
              <details>
                <summary>Hide {name === null ? 'something' : 'it'} from detection</summary>
                <Form key={turn} name={name ?? ''} done={done} />
              </details>
            </>
          )
        }}
      </With>
    </section>
  )
}
