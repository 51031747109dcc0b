import { expect, test } from '@jest/globals'
import { ringDifference } from '#src/rings/difference.js'
import type { RingRecord } from '#src/store/store.js'
import { ringRecord, runRecord } from '../../support/runs.js'

const ring = (id: string, users: string, score = 10): RingRecord =>
  ringRecord(id, {
    score,
    fdr: 0.01,
    members: users.split('').map((user) => ({ kind: 'user', id: user, role: 'core', score: 1 })),
  })

test('what is new, gone, changed and the same, with who came in and who fell out', () => {
  const base = {
    run: runRecord('base'),
    rings: [ring('grown', 'abc'), ring('into', 'de'), ring('lost', 'fg'), ring('kept', 'hi'), ring('weaker', 'jk')],
  }
  const rings = [
    ring('grown', 'bcdex', 12),
    ring('new', 'xy'),
    ring('part', 'fz'),
    ring('kept', 'hi'),
    ring('weaker', 'jk', 9),
  ]
  const event = { overlap: 0.5, accounts: 2 }
  const difference = ringDifference(base, rings, {
    events: [
      { ...event, ring: 'grown', event: 'grown', other: null },
      { ...event, ring: 'into', event: 'merged', other: 'grown' },
      { ...event, ring: 'new', event: 'back', other: null },
      { ...event, ring: 'part', event: 'split', other: 'lost' },
    ],
    dormant: [],
  })
  const standing = { score: 10, fdr: 0.01 }
  expect(difference).toEqual({
    base: 'base',
    born: [
      { ring: 'new', event: 'back', from: null, members: ['user:x', 'user:y'], ...standing },
      { ring: 'part', event: 'split', from: 'lost', members: ['user:f', 'user:z'], ...standing },
    ],
    gone: [
      { ring: 'into', mergedInto: 'grown', members: ['user:d', 'user:e'], ...standing },
      { ring: 'lost', mergedInto: null, members: ['user:f', 'user:g'], ...standing },
    ],
    changed: [
      {
        ring: 'grown',
        joined: ['user:d', 'user:e', 'user:x'],
        left: ['user:a'],
        before: standing,
        after: { score: 12, fdr: 0.01 },
      },
    ],
    rescored: [{ ring: 'weaker', before: standing, after: { score: 9, fdr: 0.01 } }],
    same: 1,
    membersIn: ['user:x', 'user:y', 'user:z'],
    membersOut: ['user:a', 'user:g'],
  })
})
