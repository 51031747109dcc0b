/** Risk by domain with the paths that carry it. A service where none was propagated says nothing about risk, and neither does the page. */
import { entityRisk } from '../api/routes.js'
import type { EntityRisk, RiskPath } from '../api/shapes.js'
import { useLoad } from '../lib/use-load.js'
import { counted, day, percent } from '../lib/words.js'
import { Chip, Entity } from '../ui/name.js'
import { With } from '../ui/state.js'

const FIRST_PATHS = 3

const PathText = ({ path }: { readonly path: RiskPath }) => (
  <li>
    <b>{percent(path.share)}</b> from <Entity name={path.source} /> <span class="quiet">{path.sourceDomain}</span>
    {path.steps.map((step) => (
      <span key={`${step.from} ${step.to} ${step.domain}`}>
        <span class="quiet">
          {step.interactions.length === 0
            ? ` → ${step.domain} `
            : ` → ${step.interactions.map(({ type, count }) => (count > 1 ? `${type} ×${count}` : type)).join(', ')} `}
        </span>
        <Entity name={step.to} />
        <span class="quiet">{step.interactions[0]?.last ? ` ${day(step.interactions[0].last)}` : ''}</span>
      </span>
    ))}
  </li>
)

const Domains = ({ of }: { readonly of: EntityRisk }) => (
  <>
    <p class="quiet">
      1 is as much as one certain source gives itself. A lead, no probability; no number is further off than{' '}
      {of.bound.toPrecision(1)}.
    </p>
    {of.domains.map((domain) => (
      <div key={domain.domain}>
        <h3>
          {domain.domain} <b>{domain.risk.toPrecision(2)}</b> {domain.role === null ? null : <Chip>{domain.role}</Chip>}
          {domain.harm > 0 ? <span class="quiet"> harm done to it {percent(domain.harm)}</span> : null}
        </h3>
        <ul class="rows dense nested">
          {domain.paths.slice(0, FIRST_PATHS).map((path) => (
            <PathText
              key={`${path.source} ${path.sourceDomain} ${path.steps.map(({ to }) => to).join(' ')}`}
              path={path}
            />
          ))}
        </ul>
        {domain.paths.length > FIRST_PATHS ? (
          <p class="quiet">{counted(domain.paths.length - FIRST_PATHS, 'weaker path')} not shown.</p>
        ) : null}
        {domain.rest > 0.005 ? (
          <p class="quiet">{percent(domain.rest)} of it comes by ways that are too many to tell.</p>
        ) : null}
      </div>
    ))}
  </>
)

export const RiskPanel = ({ path }: { readonly path: string }) => {
  const risk = useLoad(`risk ${path}`, (request) => entityRisk(path, request))
  if (risk.problem && (risk.problem.status === 404 || risk.problem.status === 409)) return null
  return (
    <section class="panel" aria-labelledby="risk">
      <h2 id="risk">Risk by domain</h2>
      <With of={risk} what="its risk">
        {(of) => (of.domains.length === 0 ? <p>No risk reaches it.</p> : <Domains of={of} />)}
      </With>
    </section>
  )
}
