/**
 * Adam with decoupled weight decay, on plain arrays: the same steps whatever the backend, and a state that a checkpoint holds as it is.
 *
 * Diederik P. Kingma, Jimmy Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, arXiv:1412.6980, algorithm 1; Ilya
 * Loshchilov, Frank Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, arXiv:1711.05101, algorithm 2.
 */
export interface AdamState {
  readonly step: number
  readonly first: Float32Array
  readonly second: Float32Array
}

const decayFirst = 0.9
const decaySecond = 0.999
const epsilon = 1e-8

export const startAdam = (size: number): AdamState => ({
  step: 0,
  first: new Float32Array(size),
  second: new Float32Array(size),
})

/** Changes `values` and the moments in place; returns the state after the step. `decay[i]` is 1 where weight decay applies. */
export const adamStep = (
  state: AdamState,
  values: Float32Array,
  gradient: Float32Array,
  rate: number,
  weightDecay: number,
  decay: Uint8Array,
): AdamState => {
  const { first, second } = state
  const step = state.step + 1
  const correctFirst = 1 - decayFirst ** step
  const correctSecond = 1 - decaySecond ** step
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i]!
    const m = decayFirst * first[i]! + (1 - decayFirst) * g
    const v = decaySecond * second[i]! + (1 - decaySecond) * g * g
    first[i] = m
    second[i] = v
    const move = m / correctFirst / (Math.sqrt(v / correctSecond) + epsilon)
    values[i]! -= rate * (move + (decay[i] ? weightDecay * values[i]! : 0))
  }
  return { step, first, second }
}
