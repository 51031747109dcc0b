/** The cases of a ring or an entity, and the way to open one. */
import { useState } from 'preact/hooks'
import { cases, ME, openCase } from '../api/cases.js'
import { goTo } from '../lib/address.js'
import { useDraft } from '../lib/kept.js'
import { useAction } from '../lib/use-action.js'
import { useLoad } from '../lib/use-load.js'
import { Problem, With } from '../ui/state.js'
import { CaseRows, caseLink } from './case-rows.js'

export const dueOf = (day: string): string | null => (day === '' ? null : `${day}T23:59:59Z`)

const Open = ({ subject, title }: { readonly subject: string; readonly title: string }) => {
  const [typed, setTitle] = useDraft(`case.${subject}.title`)
  const [due, setDue] = useState('')
  const [mine, setMine] = useState(true)
  const action = useAction()
  return (
    <form
      class="ask"
      aria-label="Open a case"
      onSubmit={(event) => {
        event.preventDefault()
        void action.run(async () => {
          const opened = await openCase({
            subject,
            title: typed.trim() || title,
            assignee: mine ? ME : null,
            dueAt: dueOf(due),
          })
          setTitle('')
          goTo(caseLink(opened.id))
        })
      }}
    >
      <label>
        Title
        <input
          value={typed}
          placeholder={title}
          dir="auto"
          maxLength={200}
          onInput={(event) => setTitle(event.currentTarget.value)}
        />
      </label>
      <label>
        Due (empty: no date) <input type="date" value={due} onInput={(event) => setDue(event.currentTarget.value)} />
      </label>
      <label class="choice">
        <input type="checkbox" checked={mine} onChange={(event) => setMine(event.currentTarget.checked)} />
        <span>I take it</span>
      </label>
      {action.problem ? <Problem problem={action.problem} /> : null}
      <p>
        <button type="submit" disabled={action.busy}>
          Open a case
        </button>
      </p>
    </form>
  )
}

export const CasesPanel = ({ subject, title }: { readonly subject: string; readonly title: string }) => {
  const found = useLoad(`cases ${subject}`, (request) => cases({ subject }, request))
  return (
    <section class="panel" aria-labelledby="cases">
      <h2 id="cases">Cases</h2>
      <With of={found} what="its cases">
        {({ cases: list }) => (
          <>
            {list.length === 0 ? <p>No case was opened on it.</p> : <CaseRows of={list} named={false} />}
            <details>
              <summary>Open {list.length === 0 ? 'a' : 'another'} case</summary>
              <Open subject={subject} title={title} />
            </details>
          </>
        )}
      </With>
    </section>
  )
}
