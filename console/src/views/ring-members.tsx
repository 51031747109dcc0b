import { useState } from 'preact/hooks'
import { MOST_AT_ONCE } from '../api/decisions.js'
import { memberNames, members } from '../api/routes.js'
import type { Member } from '../api/shapes.js'
import { Bulk } from '../decide/bulk.js'
import { useLoad } from '../lib/use-load.js'
import { counted, percent, roleMeaning, whole } from '../lib/words.js'
import { Chip, Entity } from '../ui/name.js'
import { With } from '../ui/state.js'

const FIRST_ROWS = 50

const order = ['core', 'broker', 'amplifier', 'mule', 'beneficiary']
const rank = (role: string): number => (order.includes(role) ? order.indexOf(role) : order.length)

interface TableProps {
  readonly ring: string
  readonly all: readonly Member[]
  readonly total: number
}

const MemberTable = ({ ring, all, total }: TableProps) => {
  const [role, setRole] = useState<string | null>(null)
  const [rows, setRows] = useState(FIRST_ROWS)
  const counts = new Map<string, number>()
  for (const member of all) counts.set(member.role, (counts.get(member.role) ?? 0) + 1)
  const found = all
    .filter((member) => role === null || member.role === role)
    .sort((a, b) => rank(a.role) - rank(b.role) || b.score - a.score)
  // What a ring acted on does no wrong by that alone.
  const meant = all.filter((member) => (role === null ? member.role !== 'beneficiary' : member.role === role))
  return (
    <>
      <fieldset class="roles">
        <legend class="sr">Role</legend>
        {[...counts]
          .sort(([a], [b]) => rank(a) - rank(b))
          .map(([each, count]) => (
            <button
              key={each}
              type="button"
              aria-pressed={role === each}
              class="toggle"
              title={roleMeaning(each)}
              onClick={() => setRole(role === each ? null : each)}
            >
              <span class={`dot role-${each}`} />
              {each} {whole(count)}
            </button>
          ))}
      </fieldset>
      {all.length < total ? (
        <p class="quiet">
          The first {whole(all.length)} of {whole(total)} by name; the export has all.
        </p>
      ) : null}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section class="scroll tall" tabIndex={0} aria-label="Table of members">
        <table>
          <thead>
            <tr>
              <th scope="col">Member</th>
              <th scope="col">Role</th>
              <th scope="col" class="num">
                Strength
              </th>
            </tr>
          </thead>
          <tbody>
            {found.slice(0, rows).map((member) => (
              <tr key={member.entity}>
                <th scope="row">
                  <Entity name={member.entity} />
                </th>
                <td>
                  <Chip kind={`role-${member.role}`}>{member.role}</Chip>
                </td>
                <td class="num">{percent(member.score)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {found.length > rows ? (
        <button type="button" onClick={() => setRows(rows + 500)}>
          Show more: {whole(found.length - rows)} are not shown
        </button>
      ) : null}
      <details>
        <summary>Decide on {role === null ? 'all accounts' : `all of the role ${role}`}</summary>
        <Bulk
          key={role}
          name={`members.${ring}`}
          count={all.length < total ? null : meant.length}
          what={role === null ? 'all accounts of the ring' : `all its members of the role ${role}`}
          collect={() => memberNames(ring, role, MOST_AT_ONCE)}
        />
      </details>
    </>
  )
}

export const Members = ({ ring }: { readonly ring: string }) => {
  const list = useLoad(`members ${ring}`, (request) => members(ring, null, request))
  return (
    <section class="panel" aria-labelledby="members">
      <h2 id="members">
        Members {list.data ? <span class="quiet">{counted(list.data.total, 'entity', 'entities')}</span> : null}
      </h2>
      <p class="quiet">
        Strength: how much of the evidence goes with the member, or how typical it is. Not a likelihood of guilt.
      </p>
      <With of={list} what="its members">
        {(found) => <MemberTable ring={ring} all={found.members} total={found.total} />}
      </With>
    </section>
  )
}
