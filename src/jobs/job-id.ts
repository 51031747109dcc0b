/**
 * Ids that grow: a later id of one process is after an earlier one, bytewise, so that jobs of the same due time and priority run in the order in which
 * they were asked for. UUID version 7 (RFC 9562, method 1): 48 bits of milliseconds, a counter of 12, the rest random.
 */
import { randomBytes } from 'node:crypto'

const COUNTER_LIMIT = 2 ** 12

let last = 0
let counter = 0

export const growingId = (now = Date.now()): string => {
  if (now > last) {
    last = now
    counter = 0
  } else if (++counter === COUNTER_LIMIT) {
    // Also where the clock was set back: it goes on from where it was.
    last++
    counter = 0
  }
  const time = last.toString(16).padStart(12, '0')
  const random = randomBytes(8)
  random[0] = (random[0]! & 0x3f) | 0x80
  const tail = random.toString('hex')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${tail.slice(0, 4)}-${tail.slice(4)}`
}
