/**
 * The plot of growth in docs/performance.md, from the lines of `npm run bench -- scale --json`: seconds and peak memory of each stage
 * against the number of interactions, all axes logarithmic. Writes SVG to standard output: node build/scripts/growth.js FIGURES...
 */
import { readFileSync } from 'node:fs'

interface Line {
  readonly model: string
  readonly metric: string
  readonly value: number
  readonly reference: number | null
}

interface Series {
  readonly name: string
  readonly colour: string
  readonly dashed: boolean
  /** Interactions and value, by rising interactions. */
  readonly points: readonly (readonly [number, number])[]
}

interface Panel {
  readonly title: string
  readonly series: readonly Series[]
}

const WIDTH = 420
const HEIGHT = 320
const MARGIN = { left: 64, right: 18, top: 36, bottom: 92 }
/** Told apart by people who see colours differently (Okabe and Ito). */
const colours: Readonly<Record<string, string>> = { simulate: '#009e73', ingest: '#0072b2', detect: '#d55e00' }

const sizeOf = (model: string): number => Number.parseInt(model, 10)

const seriesOf = (lines: readonly Line[], unit: 'seconds' | 'processor' | 'peak'): Series[] =>
  Object.entries(colours).flatMap(([stage, colour]) => {
    const own = lines
      .filter(({ metric }) => metric === `${stage}-${unit}`)
      .sort((a, b) => sizeOf(a.model) - sizeOf(b.model))
    const points = own.map(({ model, value }) => [sizeOf(model), value] as const)
    const said = own.flatMap(({ model, reference }) =>
      reference === null ? [] : [[sizeOf(model), reference] as const],
    )
    return [
      { name: stage, colour, dashed: false, points },
      ...(said.length > 0 ? [{ name: `${stage}, estimated`, colour, dashed: true, points: said }] : []),
    ]
  })

const short = (value: number): string =>
  value >= 1e6 ? `${value / 1e6} M` : value >= 1e3 ? `${value / 1e3} k` : String(Number(value.toPrecision(3)))

const draw = ({ title, series }: Panel, left: number): string => {
  const all = series.flatMap(({ points }) => points)
  const decades = (values: readonly number[]): readonly [number, number] => [
    Math.floor(Math.log10(Math.min(...values))),
    Math.ceil(Math.log10(Math.max(...values) * 1.0001)),
  ]
  const [x0, x1] = decades(all.map(([x]) => x))
  const [y0, y1] = decades(all.map(([, y]) => y))
  const x = (value: number): number =>
    left + MARGIN.left + ((Math.log10(value) - x0) / (x1 - x0)) * (WIDTH - MARGIN.left - MARGIN.right)
  const y = (value: number): number =>
    HEIGHT - MARGIN.bottom - ((Math.log10(value) - y0) / (y1 - y0)) * (HEIGHT - MARGIN.top - MARGIN.bottom)
  const at = (value: number): string => value.toFixed(1)
  const parts = [`<text x="${left + MARGIN.left}" y="20" font-weight="bold">${title}</text>`]
  const [bottom, top] = [y(10 ** y0), y(10 ** y1)]
  const [from, to] = [x(10 ** x0), x(10 ** x1)]
  for (let d = x0; d <= x1; d++)
    parts.push(
      `<line x1="${at(x(10 ** d))}" y1="${at(bottom)}" x2="${at(x(10 ** d))}" y2="${at(top)}" stroke="#ddd"/>`,
      `<text x="${at(x(10 ** d))}" y="${at(bottom + 16)}" text-anchor="middle">${short(10 ** d)}</text>`,
    )
  for (let d = y0; d <= y1; d++)
    parts.push(
      `<line x1="${at(from)}" y1="${at(y(10 ** d))}" x2="${at(to)}" y2="${at(y(10 ** d))}" stroke="#ddd"/>`,
      `<text x="${at(from - 6)}" y="${at(y(10 ** d) + 4)}" text-anchor="end">${short(10 ** d)}</text>`,
    )
  parts.push(`<text x="${at((from + to) / 2)}" y="${at(bottom + 34)}" text-anchor="middle">interactions</text>`)
  series.forEach(({ name, colour, dashed, points }, i) => {
    const dash = dashed ? ' stroke-dasharray="5 4"' : ''
    const path = points.map(([px, py]) => `${at(x(px))},${at(y(py))}`).join(' ')
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`)
    if (!dashed)
      for (const [px, py] of points)
        parts.push(`<circle cx="${at(x(px))}" cy="${at(y(py))}" r="3.5" fill="${colour}"/>`)
    const [lx, ly] = [left + MARGIN.left + (i % 2) * 150, HEIGHT - 36 + Math.floor(i / 2) * 18]
    parts.push(
      `<line x1="${lx}" y1="${ly - 4}" x2="${lx + 22}" y2="${ly - 4}" stroke="${colour}" stroke-width="2"${dash}/>`,
      `<text x="${lx + 28}" y="${ly}">${name}</text>`,
    )
  })
  return parts.join('\n')
}

const lines = process.argv
  .slice(2)
  .flatMap((path) => readFileSync(path, 'utf8').trim().split('\n'))
  .map((line) => JSON.parse(line) as Line)
if (lines.length === 0) {
  process.stderr.write('usage: node build/scripts/growth.js FIGURES.ndjson... > GROWTH.svg\n')
  process.exit(2)
}
const panels: readonly Panel[] = [
  { title: 'Seconds by the clock', series: seriesOf(lines, 'seconds') },
  { title: 'Seconds of processor time', series: seriesOf(lines, 'processor') },
  { title: 'Peak memory, MB', series: seriesOf(lines, 'peak') },
]
process.stdout.write(
  [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH * panels.length}" height="${HEIGHT}" viewBox="0 0 ${WIDTH * panels.length} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    ...panels.map((panel, i) => draw(panel, i * WIDTH)),
    '</svg>\n',
  ].join('\n'),
)
