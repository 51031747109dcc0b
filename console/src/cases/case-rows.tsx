import type { Case } from '../api/cases.js'
import { linkTo } from '../lib/address.js'
import { counted, day, statusWord } from '../lib/words.js'
import { Chip, Subject, Text } from '../ui/name.js'

export const caseLink = (id: string): string => linkTo(['cases', id])

export const isLate = ({ status, dueAt }: Case): boolean =>
  status !== 'closed' && dueAt !== null && Date.parse(dueAt) < Date.now()

export const CaseRows = ({ of, named = true }: { readonly of: readonly Case[]; readonly named?: boolean }) => (
  <ul class="rows">
    {of.map((each) => (
      <li key={each.id}>
        <Chip kind={each.status === 'closed' ? '' : 'up'}>{statusWord(each.status)}</Chip>
        <a href={caseLink(each.id)}>
          <Text text={each.title} />
        </a>
        {named ? <Subject name={each.subject} /> : null}
        <span class="quiet">
          {each.assignee === null ? 'nobody has it' : <Text text={each.assignee} />}
          {each.comments.length > 0 ? `, ${counted(each.comments.length, 'comment')}` : ''}
        </span>
        <span class={isLate(each) ? 'end late' : 'quiet end'}>
          {each.dueAt === null ? '' : `${isLate(each) ? 'was due' : 'due'} ${day(each.dueAt)}`}
        </span>
      </li>
    ))}
  </ul>
)
