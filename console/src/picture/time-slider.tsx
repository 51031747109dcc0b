/** Shows the picture as it was at a time, and plays it from first to last. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { changeQuery } from '../lib/address.js'
import { counted, time } from '../lib/words.js'

const STEPS = 500
/** A whole campaign in so long. */
const PLAY_MS = 12_000
/** New pictures a second while it plays: more would take the time of the drawing. */
const FRAME_MS = 60

interface Props {
  readonly times: { readonly from: number; readonly to: number } | null
  readonly until: number | null
  readonly change: (until: number | null) => void
  readonly untimed: number
}

export const TimeSlider = ({ times, until, change, untimed }: Props) => {
  const [playing, setPlaying] = useState(false)
  const at = useRef(until)
  at.current = until
  useEffect(() => {
    if (!playing || times === null) return
    let last = performance.now()
    const timer = setInterval(() => {
      const now = performance.now()
      const next = (at.current ?? times.from) + ((now - last) / PLAY_MS) * (times.to - times.from)
      last = now
      if (next >= times.to) {
        change(null)
        changeQuery({ until: null })
        setPlaying(false)
      } else change(next)
    }, FRAME_MS)
    return () => clearInterval(timer)
  }, [playing, times, change])
  if (times === null)
    return (
      <p class="quiet">
        {untimed > 0
          ? `No two times are known of ${counted(untimed, 'edge')}, so the campaign cannot be played.`
          : 'Nothing happened at two different times, so there is nothing to play.'}
      </p>
    )
  const text = (ms: number): string => time(new Date(ms).toISOString())
  const keep = (ms: number | null): void => changeQuery({ until: ms === null ? null : new Date(ms).toISOString() })
  const move = (step: number): number | null =>
    step >= STEPS ? null : times.from + (step / STEPS) * (times.to - times.from)
  return (
    <div class="time">
      <button
        type="button"
        onClick={() => {
          if (!playing && until === null) change(times.from)
          if (playing) keep(until)
          setPlaying(!playing)
        }}
      >
        {playing ? 'Pause' : 'Play'}
      </button>
      <label>
        <span class="sr">Picture as it was at</span>
        <input
          type="range"
          min={0}
          max={STEPS}
          step={1}
          value={until === null ? STEPS : Math.round(((until - times.from) / (times.to - times.from)) * STEPS)}
          aria-valuetext={until === null ? `all, until ${text(times.to)}` : text(until)}
          onInput={(event) => change(move(Number(event.currentTarget.value)))}
          onChange={(event) => keep(move(Number(event.currentTarget.value)))}
        />
      </label>
      <output>{until === null ? `all, until ${text(times.to)}` : text(until)}</output>
      {untimed > 0 ? <span class="quiet">{counted(untimed, 'edge')} without a time always shown</span> : null}
    </div>
  )
}
