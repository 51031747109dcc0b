/** A what-if's answer as people read it: one line a ring that is not as it was. */
import type { RingDifference } from '../rings/difference.js'
import { count, shortNumber, textTable } from './table.js'

/** More names than so do not fit on a line; `--json` has all. */
const NAMED = 4

const few = (names: readonly string[]): string =>
  names.length > NAMED ? `${names.slice(0, NAMED).join(' ')} and ${count(names.length - NAMED)} more` : names.join(' ')

export const differenceText = (difference: RingDifference): string => {
  const { base, born, gone, changed, rescored, same, membersIn, membersOut } = difference
  const rows: readonly string[][] = [
    ...born.map(({ ring, event, from, members, score }) => [
      ring,
      from === null ? event : `${event} from ${from}`,
      String(members.length),
      '',
      shortNumber(score),
      few(members),
    ]),
    ...gone.map(({ ring, mergedInto, members }) => [
      ring,
      mergedInto === null ? 'gone' : `merged into ${mergedInto}`,
      '',
      String(members.length),
      '',
      few(members),
    ]),
    ...changed.map(({ ring, joined, left, before, after }) => [
      ring,
      'changed',
      String(joined.length),
      String(left.length),
      `${shortNumber(before.score)} to ${shortNumber(after.score)}`,
      few([...joined.map((name) => `+${name}`), ...left.map((name) => `-${name}`)]),
    ]),
    ...rescored.map(({ ring, before, after }) => [
      ring,
      'same members',
      '',
      '',
      `${shortNumber(before.score)} to ${shortNumber(after.score)}`,
      '',
    ]),
  ]
  const words = [
    `${count(born.length)} new`,
    `${count(gone.length)} gone`,
    `${count(changed.length)} with other members`,
    `${count(rescored.length)} with another surprise alone`,
    `${count(same)} the same`,
  ]
  const said = `Beside run ${base}: ${words.join(', ')} rings; ${count(membersIn.length)} entities come into rings, ${count(membersOut.length)} fall out of all.`
  return rows.length === 0
    ? said
    : `${said}\n${textTable(['ring', 'what', 'in', 'out', 'nats', 'members'], rows, [2, 3])}`
}
