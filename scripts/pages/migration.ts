/** The migration map of a forecast, as SVG. */
import { readFileSync } from 'node:fs'
import type { MapEntry, MapFlow } from '#src/risk/forecast/forecast.js'

/** What a forecast tells of domains: the answer of `ringfence forecast --json`. */
export interface Told {
  readonly asOf: string
  readonly knows: { readonly beatsBaseRate: boolean; readonly beatsRules: boolean }
  readonly map: readonly MapEntry[]
  readonly flows: readonly MapFlow[]
}

const WIDTH = 720
const ROW = 44
const TOP = 64
const LEFT = 150
const RIGHT = WIDTH - 230
const THICKEST = 22

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const text = (x: number, at: number, label: string, more = ''): string =>
  `<text x="${x}" y="${at.toFixed(1)}" ${more}>${escaped(label)}</text>`

export const migrationMap = ({ asOf, knows, map, flows }: Told): string => {
  const names = map.map(({ domain }) => domain)
  const y = (domain: string): number => TOP + ROW * (names.indexOf(domain) + 0.5)
  const most = Math.max(1e-9, ...flows.map(({ expected }) => expected))
  const hue = (domain: string): number => Math.round((360 * names.indexOf(domain)) / Math.max(1, names.length))
  const curves = [...flows].reverse().map(({ from, to, expected }) => {
    const middle = (LEFT + RIGHT) / 2
    const width = Math.max(0.5, (THICKEST * expected) / most)
    return `<path d="M${LEFT},${y(from)} C${middle},${y(from)} ${middle},${y(to)} ${RIGHT},${y(to)}" fill="none" stroke="hsl(${hue(from)} 60% 45%)" stroke-opacity=".55" stroke-width="${width.toFixed(1)}"><title>${escaped(`${from} to ${to}: ${expected.toFixed(2)}`)}</title></path>`
  })
  const said = knows.beatsRules
    ? 'looking back, better than simple rules'
    : knows.beatsBaseRate
      ? 'looking back, better than how often rings move, not than each simple rule'
      : 'looking back, no better than how often rings move'
  const height = TOP + ROW * names.length + 16

  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" fill="#222">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(16, 22, `Rings expected in a further domain within 28 days of ${asOf.slice(0, 10)}`, 'font-weight="bold"'),
    text(16, 42, said, 'fill="#555"'),
    ...curves,
    ...names.map((name) => text(LEFT - 10, y(name) + 4, name, 'text-anchor="end"')),
    ...map.map(({ domain, expected, interval }) =>
      text(
        RIGHT + 10,
        y(domain) + 4,
        `${domain}: ${expected.toFixed(1)} (${interval.low.toFixed(1)} to ${interval.high.toFixed(1)})`,
      ),
    ),
    '</svg>',
  ].join('\n')}\n`
}

/** The one in docs/risk.md. */
export const migrationPage = (): string =>
  migrationMap(JSON.parse(readFileSync('docs/pictures/migration.json', 'utf8')) as Told)
