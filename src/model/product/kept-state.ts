/** The state of a network's training as bytes and back: a line of JSON with the numbers' places, then the numbers. */
import type { KindNetwork, KindState } from '../graphsage/kinds-train.js'

export interface NetworkState {
  /** One of the two is there. */
  readonly done: KindNetwork | null
  readonly current: KindState | null
}

interface Header {
  readonly epoch: number
  readonly step: number
  readonly size: number
  readonly isDone: boolean
  readonly best: { readonly epoch: number; readonly validation: number | null } | null
}

const lineEnd = 10

export const writeNetworkState = ({ done, current }: NetworkState): Uint8Array => {
  const best = done ?? current!.best
  const arrays = [
    ...(current ? [current.parameters, current.averaged, current.adam.first, current.adam.second] : []),
    ...(best ? [best.parameters] : []),
  ]
  const header: Header = {
    epoch: current?.epoch ?? 0,
    step: current?.adam.step ?? 0,
    size: arrays[0]!.length,
    isDone: done !== null,
    best: best && { epoch: best.epoch, validation: best.validation },
  }
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(header)}\n`),
    ...arrays.map((values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
  ])
}

/** Of bytes that `writeNetworkState` wrote. */
export const readNetworkState = (bytes: Uint8Array): NetworkState => {
  const end = bytes.indexOf(lineEnd)
  const { epoch, step, size, isDone, best } = JSON.parse(Buffer.from(bytes.subarray(0, end)).toString()) as Header
  const numbers = new Float32Array(Uint8Array.from(bytes.subarray(end + 1)).buffer)
  let at = 0
  const next = () => {
    at += size
    return numbers.slice(at - size, at)
  }
  if (isDone) return { done: { ...best!, parameters: next() }, current: null }
  const parameters = next()
  const averaged = next()
  const adam = { step, first: next(), second: next() }
  return { done: null, current: { epoch, parameters, averaged, adam, best: best && { ...best, parameters: next() } } }
}
