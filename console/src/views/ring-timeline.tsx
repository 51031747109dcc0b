/**
 * When things happened, row by row: what acts in step stands one above the other. Drawn as SVG with the scales of d3, because a chart library would
 * bring more code than the rest of the console and no rows of single actions.
 */
import { scaleUtc } from 'd3-scale'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Fact, Interaction } from '../api/shapes.js'
import { counted, time, whole } from '../lib/words.js'
import { Note } from '../ui/state.js'

const MOST_ROWS = 40
const ROW = 14
const BARS = 46
const AXIS = 22
const BINS = 96

const rowsBy = { actor: 'by account', target: 'by target' } as const
type RowsBy = keyof typeof rowsBy

interface Timed extends Interaction {
  readonly ms: number
}

/** Interactions of the facts, each once, with and without a time. */
const gather = (facts: readonly Fact[]) => {
  const all = new Map<string, Interaction>()
  for (const fact of facts) for (const each of fact.interactions) all.set(`${each.type} ${each.id}`, each)
  const timed: Timed[] = []
  for (const each of all.values()) if (each.at !== null) timed.push({ ...each, ms: Date.parse(each.at) })
  timed.sort((a, b) => a.ms - b.ms)
  return { timed, untimed: all.size - timed.length }
}

const useWidth = () => {
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(800)
  useEffect(() => {
    if (!box.current) return
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(240, Math.floor(entry!.contentRect.width))))
    observer.observe(box.current)
    return () => observer.disconnect()
  }, [])
  return { box, width }
}

const short = (name: string, most: number): string => {
  const id = [...name.slice(name.indexOf(':') + 1)]
  return id.length > most ? `${id.slice(0, most - 1).join('')}…` : id.join('')
}

const Rows = ({
  timed,
  by,
  width,
}: {
  readonly timed: readonly Timed[]
  readonly by: RowsBy
  readonly width: number
}) => {
  const rows = new Map<string, Timed[]>()
  for (const each of timed) {
    const row = rows.get(each[by])
    if (row) row.push(each)
    else rows.set(each[by], [each])
  }
  const shown = [...rows]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, MOST_ROWS)
    .sort(([, a], [, b]) => a[0]!.ms - b[0]!.ms)
  const left = width < 500 ? 76 : 130
  const first = timed[0]!.ms
  const last = timed.at(-1)!.ms
  // A campaign of one moment still has a middle.
  const pad = Math.max((last - first) * 0.01, 30_000)
  const x = scaleUtc([new Date(first - pad), new Date(last + pad)], [left, width - 10])
  const bins = new Uint32Array(BINS)
  const span = last + 2 * pad - first
  for (const { ms } of timed) {
    const bin = Math.min(BINS - 1, Math.floor(((ms - first + pad) / span) * BINS))
    bins[bin] = bins[bin]! + 1
  }
  const most = Math.max(...bins)
  const barWidth = (width - 10 - left) / BINS
  const height = BARS + AXIS + shown.length * ROW + 4
  const at = (ms: number): string => x(ms).toFixed(1)
  const busiest = bins.indexOf(most)
  const busyFrom = first - pad + (busiest / BINS) * span
  const summary = `${counted(timed.length, 'action')} from ${time(new Date(first).toISOString())} to ${time(new Date(last).toISOString())}; the busiest stretch, from ${time(new Date(busyFrom).toISOString())}, has ${whole(most)} of them.`
  return (
    <>
      <p>{summary}</p>
      <svg
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={summary}
        class="timeline"
      >
        <title>{summary}</title>
        {Array.from(bins, (count, bin) =>
          count === 0 ? null : (
            <rect
              key={bin}
              class="bar"
              x={left + bin * barWidth}
              width={Math.max(1, barWidth - 1)}
              y={BARS - (count / most) * (BARS - 10)}
              height={(count / most) * (BARS - 10)}
            />
          ),
        )}
        <text class="axis" x={left - 6} y={16} text-anchor="end">
          {whole(most)}
        </text>
        {x.ticks(Math.max(2, Math.floor((width - left) / 90))).map((tick) => (
          <g key={tick.getTime()}>
            <line class="grid" x1={at(tick.getTime())} x2={at(tick.getTime())} y1={BARS} y2={height} />
            <text class="axis" x={at(tick.getTime())} y={BARS + 14} text-anchor="middle">
              {x.tickFormat()(tick)}
            </text>
          </g>
        ))}
        {shown.map(([name, actions], place) => {
          const y = BARS + AXIS + place * ROW + ROW / 2
          return (
            <g key={name}>
              <title>{name}</title>
              <text class="row" x={left - 6} y={y + 4} text-anchor="end">
                {short(name, width < 500 ? 10 : 18)}
              </text>
              <line class="grid" x1={left} x2={width - 10} y1={y} y2={y} />
              <path class="action" d={actions.map(({ ms }) => `M${at(ms)} ${y}h0`).join('')} />
            </g>
          )
        })}
      </svg>
      {rows.size > shown.length ? (
        <p class="quiet">
          The {whole(shown.length)} busiest of {whole(rows.size)} rows are drawn; the bars count all.
        </p>
      ) : null}
    </>
  )
}

export const Timeline = ({ facts, chosen }: { readonly facts: readonly Fact[]; readonly chosen: number | null }) => {
  const [by, setBy] = useState<RowsBy>('actor')
  const { box, width } = useWidth()
  const fact = chosen === null ? undefined : facts[chosen]
  const { timed, untimed } = useMemo(() => gather(fact ? [fact] : facts), [facts, fact])
  return (
    <div ref={box}>
      <fieldset class="roles">
        <legend class="sr">Rows</legend>
        {Object.entries(rowsBy).map(([each, title]) => (
          <button
            key={each}
            type="button"
            class="toggle"
            aria-pressed={by === each}
            onClick={() => setBy(each as RowsBy)}
          >
            {title}
          </button>
        ))}
        <span class="quiet">{fact ? `fact ${chosen! + 1} alone` : 'all facts'}</span>
      </fieldset>
      {timed.length === 0 ? (
        <Note>
          No times are known of {untimed === 0 ? 'its evidence' : counted(untimed, 'interaction')}: nothing can be said
          of acting at the same time.
        </Note>
      ) : (
        <Rows timed={timed} by={by} width={width} />
      )}
      {timed.length > 0 && untimed > 0 ? (
        <p class="quiet">{counted(untimed, 'interaction')} without a time are not drawn.</p>
      ) : null}
    </div>
  )
}
