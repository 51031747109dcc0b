import { history } from '../api/routes.js'
import { useLoad } from '../lib/use-load.js'
import { eventSentence, eventWord, percent, time } from '../lib/words.js'
import { Chip, Ring } from '../ui/name.js'
import { With } from '../ui/state.js'

const states = {
  active: 'The latest run has it.',
  dormant: 'The latest run does not have it.',
  merged: 'It was merged into another, which goes on.',
  dissolved: 'It was not found for many runs and counts as dissolved.',
} as const

export const Life = ({ ring }: { readonly ring: string }) => {
  const life = useLoad(`history ${ring}`, (request) => history(ring, request))
  return (
    <section class="panel" aria-labelledby="life">
      <h2 id="life">Its life from run to run</h2>
      <With of={life} what="its life">
        {({ state, mergedInto, events }) => (
          <>
            <p>
              {states[state]} {mergedInto === null ? null : <Ring id={mergedInto} />}
            </p>
            <ol class="rows life">
              {events.map((event) => (
                <li key={`${event.run} ${event.event}`}>
                  <Chip>{eventWord(event.event)}</Chip>
                  <span>
                    {eventSentence(event)}{' '}
                    {event.overlap === null ? null : <span class="quiet">overlap {percent(event.overlap)}</span>}
                  </span>
                  <span class="quiet end">{time(event.at)}</span>
                </li>
              ))}
            </ol>
          </>
        )}
      </With>
    </section>
  )
}
