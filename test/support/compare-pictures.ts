import { Worker } from 'node:worker_threads'

export type PictureTask =
  | { readonly name: string; readonly taken: Uint8Array; readonly most: number }
  | { readonly first: Uint8Array; readonly second: Uint8Array }

const ask = <T>(task: PictureTask): Promise<T> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./picture-worker.js', import.meta.url), { workerData: task })
    worker.once('message', resolve)
    worker.once('error', reject)
  })

/** Empty where a picture is like the kept one of this name; else what is wrong and what to do. */
export const unlikeKept = (name: string, taken: Uint8Array, most: number): Promise<string> => ask({ name, taken, most })

/** The share of cells in which two pictures differ. */
export const pictureDifference = (first: Uint8Array, second: Uint8Array): Promise<number> => ask({ first, second })
