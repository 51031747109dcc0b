/** From each domain on the left to each on the right, as thick as what goes there: the picture of a table that stands beside it. */
import { scaleLinear, scalePoint } from 'd3-scale'

export interface Flow {
  readonly from: string
  readonly to: string
  readonly amount: number
}

interface Props {
  readonly flows: readonly Flow[]
  readonly title: string
  /** Of a domain on the right, beside its name. */
  readonly note?: (domain: string) => string
}

const WIDTH = 600
const ROW = 34
const TOP = 10
const LEFT = 120
const RIGHT = 400
const THICKEST = 18
/** Fainter ones would not be seen. */
const THINNEST = 0.75
/** Told apart by eyes that do not see all colours, as the roles of the picture (Okabe and Ito 2008). */
const COLOURS = 7

/** By what comes and goes, the busiest first. */
export const busiest = (flows: readonly Flow[]): readonly string[] => {
  const through = new Map<string, number>()
  for (const { from, to, amount } of flows)
    for (const each of [from, to]) through.set(each, (through.get(each) ?? 0) + amount)
  return [...through].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([name]) => name)
}

export const FlowMap = ({ flows, title, note }: Props) => {
  const names = busiest(flows)
  const y = scalePoint(names, [TOP + ROW / 2, TOP + ROW * (names.length - 0.5)])
  const width = scaleLinear([0, Math.max(1e-9, ...flows.map(({ amount }) => amount))], [THINNEST, THICKEST])
  const at = (name: string): number => y(name) ?? 0
  const middle = (LEFT + RIGHT) / 2
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label={title}>
      <svg class="flow-map" viewBox={`0 0 ${WIDTH} ${2 * TOP + ROW * names.length}`} role="img" aria-label={title}>
        {[...flows]
          .sort((a, b) => b.amount - a.amount)
          .map(({ from, to, amount }) => (
            <path
              key={`${from} ${to}`}
              class={`flow-${names.indexOf(from) % COLOURS}`}
              d={`M${LEFT},${at(from)} C${middle},${at(from)} ${middle},${at(to)} ${RIGHT},${at(to)}`}
              stroke-width={width(amount)}
            >
              <title>
                {from} to {to}: {amount.toPrecision(2)}
              </title>
            </path>
          ))}
        {names.map((name) => (
          <g key={name}>
            <text x={LEFT - 8} y={at(name) + 4} text-anchor="end">
              {name}
            </text>
            <text x={RIGHT + 8} y={at(name) + 4}>
              {name} {note ? note(name) : ''}
            </text>
          </g>
        ))}
      </svg>
    </section>
  )
}
