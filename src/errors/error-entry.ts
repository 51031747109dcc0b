/** What there is to say of an error, beside what happened this time. */
export interface ErrorEntry {
  readonly status: number
  /** Exit code of the command: 1 internal, 2 unusable input or usage, 130 cancelled. */
  readonly exit: 1 | 2 | 4 | 130
  readonly title: string
  /** What the reader can do about it. */
  readonly advice: string
}
