/** Two people, each at a service of their own on one store: whoever comes second is told of the first's decision. */
import { expect } from '@jest/globals'
import { allow, disallow, listAllowed } from '#src/jobs/allow-list.js'
import { verifyAudit } from '#src/jobs/audit.js'
import { changeCase, commentCase, openCase, readCase } from '#src/jobs/cases.js'
import { openLabelBook } from '#src/jobs/label-book.js'
import { addLabel, type Deciding, undoLabels } from '#src/jobs/labels.js'
import { Sessions } from '#src/jobs/sessions.js'
import type { GraphStore } from '#src/store/store.js'

const people = ['ada', 'bo'] as const

interface Refusal {
  readonly code: string
  readonly detail: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** Both at once; one is first, and what the other one is told. */
const both = async <T>(work: (i: 0 | 1) => Promise<T>): Promise<{ readonly won: T; readonly refused: Refusal }> => {
  const settled = await Promise.allSettled([work(0), work(1)])
  const won = settled.filter((each) => each.status === 'fulfilled')
  const lost = settled.filter((each) => each.status === 'rejected')
  expect([won.length, lost.length]).toEqual([1, 1])
  return { won: won[0]!.value, refused: lost[0]!.reason as Refusal }
}

export const twoDecide = async (stores: readonly [GraphStore, GraphStore]): Promise<void> => {
  const deciding = await Promise.all(
    stores.map(
      async (store, i): Promise<Deciding> => ({
        store,
        book: await openLabelBook(store),
        who: people[i as 0 | 1],
        subjects: { ring: () => null, hasEntity: async () => true },
      }),
    ),
  )
  const label = await both((i) => addLabel(deciding[i]!, { subject: 'user:u1', label: 'confirmed', reason: 'x' }, null))
  expect(label.refused.code).toBe('label.conflict')
  expect(label.refused.detail).toContain(`${label.won.owner} decided on user:u1: confirmed`)
  expect(label.refused.facts.decisions).toMatchObject([{ id: label.won.id }])
  const second = deciding[label.won.owner === 'ada' ? 1 : 0]!
  const after = await addLabel(second, { subject: 'user:u1', label: 'cleared', reason: 'y' }, label.won.id)
  expect(after).toMatchObject({ state: 'counts', owner: second.who })
  const undo = await both((i) => undoLabels(deciding[i]!, { id: after.id }, 'an appeal', true))
  expect(undo.refused).toMatchObject({ code: 'label.taken-back', detail: expect.stringMatching(/^(ada|bo) took it/) })

  const opened = await openCase(stores[0], 'ada', { subject: 'user:u1', title: 'phones' })
  const change = await both((i) => changeCase(stores[i], people[i], opened.id, 1, { assignee: people[i] }))
  expect(change.refused.code).toBe('case.conflict')
  expect(change.refused.facts.case).toMatchObject({ version: 2, assignee: change.won.assignee })
  expect(change.refused.detail).toContain(`${change.won.assignee} changed case`)
  const closed = await changeCase(stores[1], 'bo', opened.id, 2, { status: 'closed' })
  expect(closed.status).toBe('closed')
  // Comments of both are kept, and an appeal opens the case again.
  await Promise.all(people.map((who, i) => commentCase(stores[i as 0 | 1], who, opened.id, `by ${who}`, i === 0)))
  const now = await readCase(stores[0], opened.id)
  expect(now.status).toBe('open')
  expect(now.comments.map(({ text }) => text).sort()).toEqual(['by ada', 'by bo'])

  const entry = await both((i) => allow(stores[i], people[i], { name: 'user:u9', reason: 'staff', expiresAt: null }))
  expect(entry.refused.code).toBe('allow.conflict')
  expect(entry.refused.detail).toContain(`${entry.won.owner} put user:u9 on the allow-list`)
  expect(entry.refused.facts.entry).toEqual(entry.won)
  expect(await listAllowed(stores[0])).toEqual([entry.won])
  const off = await both((i) => disallow(stores[i], people[i], entry.won.id, `says ${people[i]}`))
  expect(off.refused.code).toBe('allow.unknown')
  expect(off.refused.detail).toMatch(/^(ada|bo) took al-[0-9a-f]+ off the allow-list at .* \(says (ada|bo)\)/)
  // What is off the list may come on it again.
  const again = await allow(stores[0], 'ada', { name: 'user:u9', reason: 'staff again', expiresAt: null })
  expect(again.id).not.toBe(entry.won.id)
  expect(await verifyAudit(stores[1])).toMatchObject({ holds: true, faultCount: 0 })
}

/** A browser that is sent now to the one, now to the other. */
export const twoServeASession = async (stores: readonly [GraphStore, GraphStore]): Promise<void> => {
  let now = Date.parse('2026-03-01T00:00:00Z')
  const limits = { lifetimeMs: 12 * 3_600_000, idleMs: 3_600_000 }
  const [here, there] = stores.map((store) => new Sessions(store, limits, () => now)) as [Sessions, Sessions]
  const person = { source: 'key', subject: 'k-1', role: 'lead', name: 'ada', who: 'ada (k-1)' } as const
  const { record, token } = await here.open(person, '192.0.2.1')
  expect((await there.find(record.id, token))?.who).toBe('ada (k-1)')
  expect(await there.find(record.id, `${token}x`)).toBeNull()
  now += 16 * 60_000
  const renewed = (await Promise.all([here.use(record.id), there.use(record.id)])).filter((each) => each !== null)
  expect(renewed).toHaveLength(1)
  const fresh = renewed[0]!.token
  for (const each of [here, there])
    for (const given of [token, fresh]) expect(await each.find(record.id, given)).not.toBeNull()
  now += 3 * 60_000
  for (const each of [here, there]) {
    expect(await each.find(record.id, token)).toBeNull()
    expect(await each.find(record.id, fresh)).not.toBeNull()
  }
  await here.end(record.id, 'ada', 'signed out')
  now += 2001
  await expect(there.find(record.id, fresh)).rejects.toMatchObject({ code: 'session.ended' })
}
