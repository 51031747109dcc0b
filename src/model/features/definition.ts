/** What a feature is, for people and for the check that a model and the code mean the same. */
export interface FeatureDefinition {
  /** Stable; parts with dots. */
  readonly name: string
  /** Of the number: count, log count, days, share, or the unit of the column it comes from. */
  readonly unit: string
  /** One sentence: what it says of an entity. */
  readonly sentence: string
  /** What of the past it reads. */
  readonly asOf: string
}

/** Columns beside what they are. */
export interface FeatureColumn extends FeatureDefinition {
  readonly values: Float32Array
}
