/** Keyset cursors, bound to a run: the next page begins after a place in that run's list, whatever happened since. */
import { RingfenceError } from '../errors.js'

interface Place {
  readonly run: string
  readonly after: string
}

export const writeCursor = (run: string, after: string): string =>
  Buffer.from(JSON.stringify([run, after])).toString('base64url')

export const readCursor = (text: string): Place => {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'string')
      return { run: value[0], after: value[1] }
  } catch {
    // Falls through to the one error.
  }
  throw new RingfenceError('cursor.invalid', 'It was not made by this service.')
}

/** A page of `items` from after the cursor's place. Throws `cursor.invalid` and, for another run, `cursor.expired`. */
export const page = <T>(
  items: readonly T[],
  idOf: (item: T) => string,
  run: string,
  limit: number,
  cursor: string | undefined,
): { readonly items: readonly T[]; readonly next: string | null } => {
  let from = 0
  if (cursor !== undefined) {
    const place = readCursor(cursor)
    if (place.run !== run)
      throw new RingfenceError('cursor.expired', `It belongs to run ${place.run}; the latest is ${run}.`)
    from = items.findIndex((item) => idOf(item) === place.after) + 1
    if (from === 0)
      throw new RingfenceError(
        'cursor.invalid',
        'Its place is not in this list; use it with the filters it was made with.',
      )
  }
  const part = items.slice(from, from + limit)
  const last = part.at(-1)
  return { items: part, next: last !== undefined && from + limit < items.length ? writeCursor(run, idOf(last)) : null }
}
