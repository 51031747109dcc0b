import { useState } from 'preact/hooks'
import { check, exportAddress } from '../api/routes.js'
import { useLoad } from '../lib/use-load.js'
import { counted } from '../lib/words.js'
import { With } from '../ui/state.js'

const formats = [
  ['html', 'Case file', 'one page to print or send'],
  ['graphml', 'GraphML', 'Gephi, networkx'],
  ['gexf', 'GEXF', 'Gephi'],
  ['csv', 'CSV', 'members'],
  ['parquet', 'Parquet', 'members'],
  ['cypher', 'Cypher', 'Neo4j'],
  ['json', 'JSON', ''],
] as const

const Verify = ({ ring }: { readonly ring: string }) => {
  const [asked, setAsked] = useState(false)
  const found = useLoad(asked ? `verify ${ring}` : null, (request) => check(ring, request))
  if (!asked)
    return (
      <button type="button" onClick={() => setAsked(true)}>
        Count every fact again
      </button>
    )
  return (
    <With of={found} what="the records again">
      {({ holds, facts }) => {
        const broken = facts.filter(({ state }) => state === 'broken').length
        return (
          <p role="status">
            {holds
              ? `All ${counted(facts.length, 'fact')} still hold against what the store has now.`
              : `${counted(broken, 'fact')} of ${facts.length} no longer hold against what the store has now.`}
          </p>
        )
      }}
    </With>
  )
}

export const Exports = ({ ring }: { readonly ring: string }) => (
  <section class="panel" aria-labelledby="exports">
    <h2 id="exports">Hand it over</h2>
    <ul class="exports">
      {formats.map(([format, title, use]) => (
        <li key={format}>
          <a
            href={exportAddress(ring, format)}
            {...(format === 'html' ? { target: '_blank', rel: 'noopener' } : { download: '' })}
          >
            {title}
          </a>{' '}
          <span class="quiet">{use}</span>
        </li>
      ))}
    </ul>
    <p class="quiet">
      Identifiers of persons are masked where your role may not see them. A file that was cut off ends without its last
      line.
    </p>
    <Verify ring={ring} />
  </section>
)
