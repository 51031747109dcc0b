/** Twelve rings of three on one device each, which like one video within an hour; ninety others on devices of their own. */
import type { LabelRecord } from '#src/model/product/labels.js'
import type { RecordBatch } from '#src/store/record-batch.js'
import { batchOf, type InteractionInput } from './batches.js'

export const worldUsers = 126
export const worldStart = Date.UTC(2026, 0, 5)
const hour = (n: number): number => worldStart + n * 3_600_000
export const isPlanted = (user: number): boolean => user < 36

/** `prefix` names other users than those of ''. */
export const worldBatch = (prefix = ''): RecordBatch => {
  const interactions: InteractionInput[] = []
  for (let u = 0; u < worldUsers; u++) {
    const ring = isPlanted(u) ? Math.floor(u / 3) : -1
    const actor = `user:${prefix}u${u}` as const
    const device = `device:${prefix}${ring >= 0 ? `r${ring}` : `o${u}`}` as const
    interactions.push({ id: `${prefix}d${u}`, type: 'uses', actor, target: device, at: hour(0) })
    for (let i = 0; i < 6; i++)
      interactions.push({
        id: `${prefix}l${u}-${i}`,
        type: 'like',
        actor,
        target: `video:v${ring >= 0 ? (ring + i) % 40 : (u * 13 + i * 7) % 40}`,
        at: Math.round(hour(ring >= 0 ? 24 * ring + 0.1 * i : (u * 37 + i * 101) % 600)),
      })
  }
  return batchOf(interactions)
}

export const worldLabels = (count = 120, more: Partial<LabelRecord> = {}): readonly LabelRecord[] =>
  Array.from({ length: count }, (_, u) => ({
    kind: 'user',
    id: `u${u}`,
    label: isPlanted(u) ? 1 : 0,
    at: null,
    group: '',
    ...more,
  }))
