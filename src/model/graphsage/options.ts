export interface SageOptions {
  readonly hidden: number
  /** Share of hidden numbers that are zeroed in training. */
  readonly dropout: number
  readonly learningRate: number
  readonly weightDecay: number
  readonly epochs: number
  /** Stops after so many epochs without a better average precision on the validation rows. */
  readonly patience: number
  /** Positives weigh (negatives / positives) ** balance: 1 gives both classes the same weight, 0 each row. */
  readonly balance: number
  /** Whether known labels of other nodes are inputs, and the share of training labels that each epoch shows. */
  readonly labelInputs: boolean
  readonly shown: number
  /** Networks that are trained from different seeds; the score is the mean of their logits. */
  readonly members: number
  readonly seed: number
}

/** Chosen by average precision on validation rows of two splits of `tolokers`; see docs/decisions.md. */
export const defaultSageOptions: SageOptions = {
  hidden: 64,
  dropout: 0.6,
  learningRate: 0.01,
  weightDecay: 0.1,
  epochs: 200,
  patience: 40,
  balance: 0.5,
  labelInputs: true,
  shown: 0.5,
  members: 1,
  seed: 1,
}
