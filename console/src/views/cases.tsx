/** Cases, mine first: by status, the nearest due date first. */
import { type Case, caseStatuses, cases, ME } from '../api/cases.js'
import { CaseRows, isLate } from '../cases/case-rows.js'
import { changeQuery } from '../lib/address.js'
import { useLoad } from '../lib/use-load.js'
import { counted, statusWord, whole } from '../lib/words.js'
import { Note, With } from '../ui/state.js'

const byDue = (a: Case, b: Case): number =>
  (a.dueAt ?? '9') < (b.dueAt ?? '9') ? -1 : a.dueAt === b.dueAt ? (a.at < b.at ? -1 : 1) : 1

const List = ({ all, status }: { readonly all: readonly Case[]; readonly status: string | null }) => {
  const wanted = all.filter((each) => (status === null ? each.status !== 'closed' : each.status === status)).sort(byDue)
  const late = wanted.filter(isLate).length
  return (
    <>
      <fieldset class="roles">
        <legend class="sr">Status</legend>
        <button
          type="button"
          class="toggle"
          aria-pressed={status === null}
          onClick={() => changeQuery({ status: null })}
        >
          not closed {whole(all.filter((each) => each.status !== 'closed').length)}
        </button>
        {caseStatuses.map((each) => (
          <button
            key={each}
            type="button"
            class="toggle"
            aria-pressed={status === each}
            onClick={() => changeQuery({ status: each })}
          >
            {statusWord(each).toLowerCase()} {whole(all.filter((one) => one.status === each).length)}
          </button>
        ))}
      </fieldset>
      <p role="status">
        {counted(wanted.length, 'case')}
        {late > 0 ? `, ${whole(late)} past its date` : ''}
      </p>
      {wanted.length === 0 ? (
        <Note>There is none. A case is opened on the page of a ring or an entity.</Note>
      ) : (
        <CaseRows of={wanted} />
      )}
    </>
  )
}

export const CasesView = ({ query }: { readonly query: URLSearchParams }) => {
  const whose = query.get('whose') === 'all' ? 'all' : 'mine'
  const found = useLoad(`cases ${whose}`, (request) => cases(whose === 'mine' ? { assignee: ME } : {}, request))
  return (
    <>
      <h1>Cases</h1>
      <fieldset class="roles">
        <legend class="sr">Whose</legend>
        {(['mine', 'all'] as const).map((each) => (
          <button
            key={each}
            type="button"
            class="toggle"
            aria-pressed={whose === each}
            onClick={() => changeQuery({ whose: each === 'mine' ? null : each })}
          >
            {each === 'mine' ? 'Mine' : 'Everybody’s'}
          </button>
        ))}
      </fieldset>
      <section class="panel" aria-label="Cases">
        <With of={found} what="the cases">
          {({ cases: all }) => <List all={all} status={query.get('status')} />}
        </With>
      </section>
    </>
  )
}
