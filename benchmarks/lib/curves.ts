/** Two plots of a square from 0 to 1 as SVG, plain enough to read as a file: calibration with intervals, and precision against recall. */
import { wilsonInterval } from '#src/model/calibration/calibrate.js'
import { calibrationBins, type Scored } from '#src/model/metrics.js'

const side = 320
const left = 56
const top = 40
/** Told apart by people who see red and green alike: Okabe and Ito's palette. */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00']

const x = (value: number): string => (left + side * value).toFixed(1)
const y = (value: number): string => (top + side * (1 - value)).toFixed(1)

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

export interface Curve {
  readonly name: string
  /** Each x, y in 0 .. 1. */
  readonly points: readonly (readonly [number, number])[]
}

interface Frame {
  readonly title: string
  readonly across: string
  readonly up: string
  /** A line below: from which data. */
  readonly from: string
}

const frame = ({ title, across, up, from }: Frame, content: readonly string[], legend: readonly string[]): string => {
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
  const width = left + side + 210
  const height = top + side + 74
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${left}" y="22" font-weight="bold">${escaped(title)}</text>`,
    ...ticks.flatMap((tick) => [
      `<line x1="${x(tick)}" y1="${y(0)}" x2="${x(tick)}" y2="${y(1)}" stroke="#ddd"/>`,
      `<line x1="${x(0)}" y1="${y(tick)}" x2="${x(1)}" y2="${y(tick)}" stroke="#ddd"/>`,
      `<text x="${x(tick)}" y="${top + side + 16}" text-anchor="middle">${tick}</text>`,
      `<text x="${left - 6}" y="${Number(y(tick)) + 4}" text-anchor="end">${tick}</text>`,
    ]),
    `<text x="${x(0.5)}" y="${top + side + 34}" text-anchor="middle">${escaped(across)}</text>`,
    `<text transform="translate(16 ${y(0.5)}) rotate(-90)" text-anchor="middle">${escaped(up)}</text>`,
    ...content,
    ...legend.flatMap((name, i) => [
      `<rect x="${left + side + 14}" y="${top + 18 * i}" width="12" height="12" fill="${colours[i % colours.length]}"/>`,
      `<text x="${left + side + 32}" y="${top + 18 * i + 10}">${escaped(name)}</text>`,
    ]),
    `<text x="${left}" y="${top + side + 58}" fill="#555" font-size="11">${escaped(from)}</text>`,
    '</svg>',
  ].join('\n')}\n`
}

/** Rates of ten bins of equal mass against what was said, each with the interval in which its true rate lies 95 times of 100. */
export const calibrationPlot = (
  scored: readonly { readonly name: string; readonly rows: Scored }[],
  text: Pick<Frame, 'title' | 'from'>,
): string => {
  const content = scored.flatMap(({ rows }, i) => {
    const colour = colours[i % colours.length]
    const bins = calibrationBins(rows)
    return [
      `<polyline fill="none" stroke="${colour}" points="${bins.map((bin) => `${x(bin.said)},${y(bin.seen)}`).join(' ')}"/>`,
      ...bins.flatMap(({ said, seen, count }) => {
        const { low, high } = wilsonInterval(seen, count)
        return [
          `<line x1="${x(said)}" y1="${y(low)}" x2="${x(said)}" y2="${y(high)}" stroke="${colour}" opacity=".5"/>`,
          `<circle cx="${x(said)}" cy="${y(seen)}" r="3" fill="${colour}"/>`,
        ]
      }),
    ]
  })
  const diagonal = `<line x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" stroke="#888" stroke-dasharray="4 4"/>`
  const labels = { across: 'probability that was said', up: 'share that is bad' }
  return frame(
    { ...text, ...labels },
    [diagonal, ...content],
    scored.map(({ name }) => name),
  )
}

/** Precision at each recall; equal scores are taken together. */
export const precisionRecall = ({ scores, labels }: Scored): readonly (readonly [number, number])[] => {
  const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!)
  const all = labels.reduce((sum, label) => sum + label, 0)
  const points: (readonly [number, number])[] = []
  let found = 0
  for (const [i, row] of order.entries()) {
    found += labels[row]!
    if (i + 1 < order.length && scores[order[i + 1]!] === scores[row]) continue
    points.push([found / all, found / (i + 1)])
  }
  return points
}

/** More points than pixels tell nothing. */
const mostPoints = 300

const thinned = (points: Curve['points']): Curve['points'] =>
  points.length <= mostPoints
    ? points
    : Array.from({ length: mostPoints }, (_, i) => points[Math.round((i * (points.length - 1)) / (mostPoints - 1))]!)

export const precisionRecallPlot = (
  curves: readonly Curve[],
  share: number,
  text: Pick<Frame, 'title' | 'from'>,
): string => {
  const chance = `<line x1="${x(0)}" y1="${y(share)}" x2="${x(1)}" y2="${y(share)}" stroke="#888" stroke-dasharray="4 4"/>`
  const lines = curves.map(
    ({ points }, i) =>
      `<polyline fill="none" stroke-width="${i === 0 ? 2.5 : 1.2}" stroke="${colours[i % colours.length]}" points="${thinned(
        points,
      )
        .map(([recall, precision]) => `${x(recall)},${y(precision)}`)
        .join(' ')}"/>`,
  )
  const labels = { across: 'recall: share of the bad that is found', up: 'precision: share of the found that is bad' }
  return frame(
    { ...text, ...labels },
    [chance, ...lines],
    curves.map(({ name }) => name),
  )
}
