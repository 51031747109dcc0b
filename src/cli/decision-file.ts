/** Decisions from a CSV file: `subject,label,reason` with `at`, `expires` and `evidence` where known. */
import { readFile } from 'node:fs/promises'
import { RingfenceError } from '../errors.js'
import type { GivenLabel } from '../jobs/labels.js'
import { labelDecisions } from '../store/decision-store.js'
import { rowsOf } from './label-file.js'

/** Words of files that train reads, too. */
const words: Readonly<Record<string, GivenLabel['label']>> = {
  ...Object.fromEntries(labelDecisions.map((word) => [word, word])),
  '1': 'confirmed',
  bad: 'confirmed',
  '0': 'cleared',
  good: 'cleared',
}

/** Throws `label.file` with file, line and what was wrong. Several pieces of evidence are parted by blanks. */
export const readDecisions = async (file: string, reason: string | undefined): Promise<readonly GivenLabel[]> => {
  const data = await readFile(file).catch((cause: unknown) => {
    throw new RingfenceError('label.file', `${file} cannot be read.`, {}, { cause })
  })
  const [header, ...rows] = rowsOf(file, data, 'label.file')
  const names = header!.cells.map((cell) => cell.trim().toLowerCase())
  const place = (...wanted: readonly string[]) => names.findIndex((name) => wanted.includes(name))
  const places = {
    subject: place('subject', 'entity'),
    label: place('label'),
    reason: place('reason'),
    at: place('at'),
    expires: place('expires', 'expiresat'),
    evidence: place('evidence'),
  }
  if (places.subject < 0 || places.label < 0)
    throw new RingfenceError('label.file', `${file} has no columns subject and label, but ${names.join(', ')}.`)
  return rows.flatMap(({ cells, line }): readonly GivenLabel[] => {
    const cell = (at: number): string => (at < 0 ? '' : cells[at]!.trim())
    const fail = (what: string) => new RingfenceError('label.file', `${file}, line ${line}: ${what}`)
    const said = cell(places.label).toLowerCase()
    if (said === '') return []
    const label = words[said]
    if (label === undefined) throw fail(`"${said}" is none of ${Object.keys(words).join(', ')}`)
    const why = cell(places.reason) || reason
    if (!why) throw fail('there is no reason; --reason gives one for all')
    const [at, expires] = [cell(places.at), cell(places.expires)]
    for (const time of [at, expires])
      if (time !== '' && Number.isNaN(Date.parse(time))) throw fail(`"${time}" is no time in ISO 8601`)
    const evidence = cell(places.evidence).split(/\s+/).filter(Boolean)
    return [
      {
        // Ids may begin or end with a blank.
        subject: cells[places.subject]!,
        label,
        reason: why,
        ...(at === '' ? {} : { at: new Date(at).toISOString() }),
        ...(expires === '' ? {} : { expiresAt: new Date(expires).toISOString() }),
        ...(evidence.length === 0 ? {} : { evidence }),
      },
    ]
  })
}
