/** Numbers in the order of writing, from 0: (:RingfenceSequence {name, next}). Whoever takes one holds the lock until its transaction ends. */
import { rows, type Transaction } from './connection.js'

export const nextInSequence = async (
  tx: Transaction,
  name: 'model-change' | 'scoring' | 'propagation',
): Promise<number> => {
  const [taken] = await rows<{ place: number }>(
    tx,
    `MERGE (s:RingfenceSequence {name: $name}) ON CREATE SET s.next = 0
      SET s.next = s.next + 1 RETURN s.next - 1 AS place`,
    { name },
  )
  return taken!.place
}
