/**
 * How a caller stops a kernel: kernels call `check` at least every `checkInterval` steps of their inner work, and it throws
 * when the job was cancelled. Nothing is left half-done that matters, as kernels own all arrays that they write.
 */
export type Check = () => void

export const neverCancelled: Check = () => {}

/** Steps between two calls of `check`: well under 100 ms of any kernel's work, and too rare to be seen in a profile. */
export const checkInterval = 1 << 16
