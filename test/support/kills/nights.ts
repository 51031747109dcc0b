/** What comes in by night: a small simulated platform in the order of time, half of it by POST and half as a file. */
import { Encoder } from '#src/simulate/encode.js'
import { defaultSimulation } from '#src/simulate/parameters.js'
import { Simulation } from '#src/simulate/simulate.js'

/** Of the first night: rings are there from the start. */
const FIRST_SHARE = 0.5
const POSTS_A_NIGHT = 3

export interface Night {
  readonly posted: readonly (readonly string[])[]
  readonly filed: readonly string[]
}

/** Lines of native CSV, in the order of time, by night; nights after the last have none. */
export const nightsOf = (count: number): readonly Night[] => {
  const simulation = new Simulation({
    ...defaultSimulation(10_000),
    ringsEach: 2,
    behaviours: ['lockstep', 'sybil'],
    difficulties: ['easy'],
  })
  const encoder = new Encoder(simulation.world, simulation.names)
  const decoder = new TextDecoder()
  const lines = [...simulation.hours()].flatMap((hour) => decoder.decode(encoder.csv(hour)).split('\n').slice(0, -1))
  const first = Math.floor(lines.length * FIRST_SHARE)
  const each = Math.ceil((lines.length - first) / Math.max(1, count - 1))
  return Array.from({ length: count }, (_, night) => {
    const own = night === 0 ? lines.slice(0, first) : lines.slice(first + (night - 1) * each, first + night * each)
    const half = own.slice(0, own.length >> 1)
    const part = Math.ceil(half.length / POSTS_A_NIGHT)
    return {
      posted: Array.from({ length: POSTS_A_NIGHT }, (_, i) => half.slice(i * part, (i + 1) * part)),
      filed: own.slice(own.length >> 1),
    }
  })
}

/** A line of native CSV as a record for POST. */
export const asObject = (line: string): object => {
  const [id, type, actor, target, at, market, scenario, weight] = line.split(',')
  const attributes = line.split(',').slice(8).join(',')
  const text = attributes.startsWith('"') ? attributes.slice(1, -1).replaceAll('""', '"') : attributes
  return {
    id,
    type,
    actor,
    target,
    ...(at ? { at } : {}),
    ...(market ? { market } : {}),
    ...(scenario ? { scenario } : {}),
    ...(weight ? { weight: Number(weight) } : {}),
    ...(text ? { attributes: JSON.parse(text) } : {}),
  }
}
