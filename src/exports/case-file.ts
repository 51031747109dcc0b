/**
 * A case file: one HTML page to read, print and hand over. Nothing is loaded from elsewhere, nothing runs, and its own policy forbids both;
 * every text of a record is escaped and kept in its own direction.
 */
import { createHash } from 'node:crypto'
import type { MemberRecord, RecordedRingEvent, RingRecord, RunRecord } from '../store/store.js'
import { version } from '../version.js'
import { speaksAgainst } from './against.js'
import type { EvidenceRow, ExportContent } from './content.js'
import { roleColours } from './look.js'
import type { ExportFormat } from './part.js'
import { drawRing } from './picture.js'
import { xml } from './xml.js'

const style = `:root{color-scheme:light}body{font:14px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}section.ring{border-top:3px solid #222;margin-top:3rem}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.2rem .6rem .2rem 0;border-bottom:1px solid #ccc;vertical-align:top;overflow-wrap:anywhere}td.n,th.n{text-align:right}
svg.ring-picture{width:100%;height:auto;border:1px solid #ccc}svg.dot{width:.8em;height:.8em}.lead{border-left:4px solid #0072b2;padding:.2rem .8rem;background:#eef4fa}.small{font-size:.85rem;color:#555}
details summary{cursor:pointer}ol.facts>li{margin-bottom:.6rem}bdi{overflow-wrap:anywhere}
@media print{body{margin:0;max-width:none;font-size:10pt}section.ring{break-before:page;border:0}h2{break-after:avoid}tr,svg,li{break-inside:avoid}thead{display:table-header-group}a{color:inherit;text-decoration:none}}
@page{margin:15mm}`

/** The policy of the page, also for whoever serves it: its one style, by its hash, and nothing else. */
export const CASE_FILE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`

/** Text of a record: escaped, and its direction kept from its surroundings. */
const said = (text: string): string => `<bdi>${xml(text)}</bdi>`
const nameOf = ({ kind, id }: { readonly kind: string; readonly id: string }): string => `${kind}:${id}`
const time = (at: number | null): string => (at === null ? 'unknown' : new Date(at).toISOString().replace('.000Z', 'Z'))
const whole = (value: number): string => value.toLocaleString('en-US')
const short = (value: number): string =>
  value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(1) : String(Number(value.toPrecision(3)))

const roleMeanings: Readonly<Record<string, string>> = {
  core: 'acts at the centre of it',
  mule: 'lends its account or identity',
  amplifier: 'adds reach',
  broker: 'ties others together',
  beneficiary: 'what or whom the others act for',
}

const memberRows = (members: readonly MemberRecord[]): string =>
  members
    .map(
      (member) =>
        `<tr><td>${said(nameOf(member))}</td><td>${xml(member.role)}</td><td class="n">${member.score.toFixed(2)}</td></tr>`,
    )
    .join('\n')

const table = (head: readonly string[], rows: string): string =>
  `<table><thead><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr></thead><tbody>\n${rows}\n</tbody></table>`

const evidenceItem = (ring: RingRecord, place: number, rows: readonly EvidenceRow[]): string => {
  const fact = ring.facts[place]!
  const lines = rows
    .map(({ type, id, record }) =>
      record
        ? `<tr><td>${type}</td><td>${said(id)}</td><td>${said(nameOf(record.actor))}</td><td>${said(nameOf(record.target))}</td><td>${time(record.at)}</td></tr>`
        : `<tr><td>${type}</td><td>${said(id)}</td><td colspan="3">not in the store any more</td></tr>`,
    )
    .join('\n')
  const kept =
    rows.length === fact.interactionCount
      ? `${whole(rows.length)} interactions show it`
      : `${whole(fact.interactionCount)} interactions show it; the ${whole(rows.length)} that are kept`
  return `<li>${said(fact.sentence)}<br><span class="small">Observed ${short(fact.observed)}, expected by chance ${short(fact.expected)} ${xml(fact.unit)}. Code ${xml(fact.code)}.</span>
<details><summary>${kept}</summary>${table(['type', 'id', 'actor', 'target', 'time'], lines)}</details></li>`
}

const eventWords: Readonly<Record<RecordedRingEvent['event'], string>> = {
  born: 'seen for the first time',
  grown: 'grew',
  shrunk: 'shrank',
  merged: 'went into another ring',
  split: 'parted from another ring',
  dormant: 'was looked for and not found',
  back: 'was found again',
  dissolved: 'counts as dissolved',
}

const historyRows = (history: readonly RecordedRingEvent[]): string =>
  history
    .map(
      ({ at, event, accounts, other, run }) =>
        `<tr><td>${xml(at)}</td><td>${eventWords[event]}</td><td class="n">${whole(accounts)}</td><td>${other === null ? '' : said(other)}</td><td>${said(run)}</td></tr>`,
    )
    .join('\n')

const ringSection = (
  ring: RingRecord,
  rows: readonly EvidenceRow[],
  run: RunRecord,
  history: readonly RecordedRingEvent[],
): string => {
  const picture = drawRing(ring, rows)
  const accounts = ring.members.filter(({ role }) => role !== 'beneficiary')
  const targets = ring.members.filter(({ role }) => role === 'beneficiary')
  const roles = [...new Set(ring.members.map(({ role }) => role))].sort()
  const byFact = ring.facts.map((_, place) => rows.filter(({ fact }) => fact === place + 1))
  const legend = roles
    .map(
      (role) =>
        `<svg class="dot" viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill="${roleColours[role] ?? '#999999'}"/></svg> ${xml(role)}`,
    )
    .join(' &nbsp; ')
  return `<section class="ring" id="${xml(ring.id)}">
<h1>Ring ${said(ring.id)}</h1>
<p class="lead">A lead, not a verdict: ${whole(accounts.length)} accounts that act as one in a way that chance hardly explains, seen as ${xml(ring.behaviours.join(', '))}${targets.length > 0 ? `, for ${whole(targets.length)} ${targets.length === 1 ? 'target' : 'targets'}` : ''}. Whether it breaks a rule is for a person to decide.</p>
${table(
  ['surprise', 'false-discovery rate', 'from', 'to', 'markets', 'scenarios'],
  `<tr><td>${ring.score.toFixed(1)} nats</td><td>${short(ring.fdr)}</td><td>${time(ring.window?.from ?? null)}</td><td>${time(ring.window?.to ?? null)}</td><td>${said(ring.markets.filter((market) => market !== '').join(' ') || 'unknown')}</td><td>${xml(ring.scenarios.join(' '))}</td></tr>`,
)}
<h2>Picture</h2>
${picture.svg.replace('<svg ', '<svg class="ring-picture" ')}
<p class="small">${legend}. Circles are accounts, squares videos and products, diamonds identifiers; lines are interactions kept as evidence. ${
    picture.drawn === picture.all
      ? `All ${whole(picture.all)} are drawn.`
      : `Drawn are the ${whole(picture.drawn)} strongest of ${whole(picture.all)}; the tables have all members.`
  }</p>
<h2>Evidence</h2>
<ol class="facts">
${byFact.map((shown, place) => evidenceItem(ring, place, shown)).join('\n')}
</ol>
<h2>What speaks against it</h2>
<ul>
${speaksAgainst(ring, run, history)
  .map((sentence) => `<li>${said(sentence)}</li>`)
  .join('\n')}
</ul>
<h2>Accounts</h2>
${table(['account', 'role', 'strength'], memberRows(accounts))}
<p class="small">${roles.map((role) => `${xml(role)}: ${roleMeanings[role] ?? 'see the documentation'}`).join('; ')}. Strength is how much a member belongs, 0 to 1.</p>
<h2>Targets</h2>
${targets.length === 0 ? '<p>None.</p>' : table(['target', 'role', 'strength'], memberRows(targets))}
<h2>History of its identity</h2>
${history.length === 0 ? '<p>No run tells of it before.</p>' : table(['when', 'what', 'accounts', 'other ring', 'run'], historyRows(history))}
</section>
`
}

const FILE = 'case-file.html'

export const caseFile: ExportFormat<ExportContent> = {
  name: 'html',
  title: 'Case file',
  mediaType: 'text/html; charset=utf-8',
  parts: [FILE],
  async write(content, destination) {
    const part = await destination.part(FILE)
    const { run, rings, leftOut } = content.scope
    const title = rings.length === 1 ? `Ring ${rings[0]!.id}` : `${rings.length} rings of run ${run.id}`
    await part.write(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${xml(CASE_FILE_POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><title>${xml(title)}: case file</title><style>${style}</style></head><body>
`)
    if (rings.length === 0) await part.write('<p>No ring is in this export.</p>\n')
    await content.eachRing(async ({ ring, rows }) =>
      part.write(ringSection(ring, rows, run, await content.history(ring.id))),
    )
    await part.write(`<section class="ring"><h2>Sources</h2>
${table(
  ['what', 'value'],
  [
    ['run', said(run.id)],
    ['finished', xml(run.finishedAt)],
    ['data known at', run.asOf === null ? 'all that was in the store' : time(run.asOf)],
    ['interactions and entities in it', `${whole(run.counts.interactions)} and ${whole(run.counts.entities)}`],
    ['seed', String(run.seed)],
    ['made by', `Ringfence ${xml(version)}; the run by ${xml(run.version)}`],
    [
      'identifiers of persons',
      content.names.masked
        ? 'masked by a keyed hash (~ and 16 digits); the same identifier has the same mask'
        : 'shown as they are',
    ],
  ]
    .map(([what, value]) => `<tr><td>${what}</td><td>${value}</td></tr>`)
    .join('\n'),
)}
<p class="small">Each interaction is named by its type and id under its fact above; <code>ringfence verify RING</code> counts the facts again from what the store holds now.${leftOut.map((what) => ` ${xml(what)}`).join('')}</p>
</section></body></html>
`)
    // A case file tells of rings; entities beside them are in the other formats.
    return [await part.finish()]
  },
}
