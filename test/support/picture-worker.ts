/** Compares pictures outside of the tests' sandbox, in which loops over millions of points take fifty times as long. */
import { parentPort, workerData } from 'node:worker_threads'
import { PNG } from 'pngjs'
import type { PictureTask } from './compare-pictures.js'
import { comparePicture, differenceOf } from './pictures.js'

const read = (bytes: Uint8Array): PNG => PNG.sync.read(Buffer.from(bytes))

const task = workerData as PictureTask
parentPort!.postMessage(
  'name' in task
    ? comparePicture(task.name, Buffer.from(task.taken), task.most)
    : differenceOf(read(task.first), read(task.second)),
)
