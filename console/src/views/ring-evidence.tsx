import { useState } from 'preact/hooks'
import type { Evidence, Fact, Interaction } from '../api/shapes.js'
import { changeQuery } from '../lib/address.js'
import { counted, exactTime, marketWord, nats, whole } from '../lib/words.js'
import { Entity, Text } from '../ui/name.js'
import { Note } from '../ui/state.js'

const FIRST_ROWS = 50
/** More push what speaks against it off the page. */
const FIRST_FACTS = 8

const InteractionTable = ({ fact }: { readonly fact: Fact }) => {
  const [rows, setRows] = useState(FIRST_ROWS)
  const row = (each: Interaction) => (
    <tr key={`${each.type} ${each.id}`}>
      <td>{exactTime(each.at)}</td>
      <td>{each.type}</td>
      <td>
        <Entity name={each.actor} />
      </td>
      <td>
        <Entity name={each.target} />
      </td>
      <td>{marketWord(each.market)}</td>
      <td class="quiet">
        <Text text={each.id} />
      </td>
    </tr>
  )
  return (
    <>
      {fact.interactionCount > fact.interactions.length ? (
        <p class="quiet">
          {whole(fact.interactions.length)} of {counted(fact.interactionCount, 'interaction')} are kept with the fact.
        </p>
      ) : null}
      {fact.interactions.length === 0 ? (
        <p class="quiet">No single interaction is kept with it.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        <section class="scroll tall" tabIndex={0} aria-label="Interactions that show this">
          <table>
            <thead>
              <tr>
                {['Time', 'Type', 'Who', 'On what', 'Market', 'Record'].map((title) => (
                  <th key={title} scope="col">
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{fact.interactions.slice(0, rows).map(row)}</tbody>
          </table>
        </section>
      )}
      {fact.interactions.length > rows ? (
        <button type="button" onClick={() => setRows(fact.interactions.length)}>
          Show all {whole(fact.interactions.length)}
        </button>
      ) : null}
    </>
  )
}

const number = (value: number): string => (Number.isInteger(value) ? whole(value) : value.toPrecision(3))
const expected = (value: number): string => (value > 0 && value < 0.01 ? 'under 0.01' : number(value))

export const EvidencePanel = ({
  facts,
  chosen,
}: {
  readonly facts: readonly Fact[]
  readonly chosen: number | null
}) => {
  const [all, setAll] = useState((chosen ?? 0) >= FIRST_FACTS)
  const shown = all ? facts : facts.slice(0, FIRST_FACTS)
  return (
    <section class="panel" aria-labelledby="evidence">
      <h2 id="evidence">Evidence</h2>
      <ol class="evidence">
        {shown.map((fact, place) => {
          const isOpen = chosen === place
          return (
            <li key={`${place} ${fact.code}`} class={isOpen ? 'open' : ''}>
              <button
                type="button"
                class="fact"
                aria-expanded={isOpen}
                onClick={() => changeQuery({ fact: isOpen ? null : String(place) })}
              >
                <Text text={fact.sentence} />
              </button>
              <p class="quiet">
                Seen {number(fact.observed)} {fact.unit}, expected by chance {expected(fact.expected)};{' '}
                {counted(fact.interactionCount, 'interaction')}
              </p>
              {isOpen ? <InteractionTable fact={fact} /> : null}
            </li>
          )
        })}
      </ol>
      {facts.length > shown.length ? (
        <button type="button" onClick={() => setAll(true)}>
          Show all {whole(facts.length)} facts
        </button>
      ) : null}
    </section>
  )
}

/** What holds for every ring of the run, and so says little about this one. */
const REMARK = 'Remark of the run: '

const Sentences = ({ of }: { readonly of: readonly string[] }) => (
  <ul class="plain-list">
    {of.map((sentence) => (
      <li key={sentence}>
        <Text text={sentence} />
      </li>
    ))}
  </ul>
)

export const Against = ({
  sentences,
  hangsOn,
}: {
  readonly sentences: readonly string[]
  readonly hangsOn: Evidence['hangsOn']
}) => {
  const remarks = sentences.filter((each) => each.startsWith(REMARK))
  return (
    <section class="panel" aria-labelledby="against">
      <h2 id="against">What speaks against it, and what it hangs on</h2>
      <Sentences of={sentences.filter((each) => !each.startsWith(REMARK))} />
      {remarks.length === 0 ? null : (
        <details>
          <summary>{counted(remarks.length, 'remark')} of the run</summary>
          <Sentences of={remarks.map((each) => each.slice(REMARK.length))} />
        </details>
      )}
      {hangsOn === null ? null : (
        <>
          <p>It can lose {nats(hangsOn.slackNats)} nats of surprise before the run would not have named it.</p>
          {hangsOn.entities && hangsOn.entities.length > 0 ? (
            <p>
              Without{' '}
              {hangsOn.entities.map((name) => (
                <Entity key={name} name={name} />
              ))}{' '}
              it would not have been named.
            </p>
          ) : null}
          {hangsOn.entities === null ? <Note>No few entities carry it, or its facts are not kept whole.</Note> : null}
        </>
      )}
    </section>
  )
}
