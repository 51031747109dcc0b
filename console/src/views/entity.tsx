/** One entity: its rings, its score explained, whom it meets, and why these two and not that third. */
import { useState } from 'preact/hooks'
import { entityPath, entityRings, entityScore } from '../api/routes.js'
import type { EntityScore } from '../api/shapes.js'
import { CasesPanel } from '../cases/subject-cases.js'
import { AllowPanel } from '../decide/allow.js'
import { DecisionsPanel } from '../decide/decisions.js'
import { entityLink, goTo } from '../lib/address.js'
import { useLoad } from '../lib/use-load.js'
import { behaviourWord, counted, nats, percent, rateSentence, roleMeaning, windowSentence } from '../lib/words.js'
import { Chip, Entity, Ring, Text } from '../ui/name.js'
import { Note, With } from '../ui/state.js'
import { ConnectionsPanel } from './entity-connections.js'
import { RiskPanel } from './entity-risk.js'
import { ExportJob } from './export-job.js'

const kinds = ['user', 'creator', 'video', 'product'] as const

const Ask = () => {
  const [kind, setKind] = useState<string>(kinds[0])
  const [id, setId] = useState('')
  return (
    <section class="panel">
      <h2>Look at an entity</h2>
      <form
        class="line"
        onSubmit={(event) => {
          event.preventDefault()
          if (id.trim() !== '') goTo(entityLink(`${kind}:${id.trim()}`))
        }}
      >
        <label>
          Kind{' '}
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
            {kinds.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <label>
          Id <input value={id} dir="auto" maxLength={512} onInput={(event) => setId(event.currentTarget.value)} />
        </label>
        <button type="submit" class="primary">
          Open
        </button>
      </form>
    </section>
  )
}

const Rings = ({ path }: { readonly path: string }) => {
  const rings = useLoad(`rings of ${path}`, (request) => entityRings(path, request))
  return (
    <section class="panel" aria-labelledby="its-rings">
      <h2 id="its-rings">Rings it is in</h2>
      <With of={rings} what="its rings">
        {(list) =>
          list.rings.length === 0 ? (
            <p>It is in no ring of the latest run. That says nothing for it or against it.</p>
          ) : (
            <ul class="rows">
              {list.rings.map((ring) => (
                <li key={ring.id}>
                  <Ring id={ring.id} />
                  <span>{ring.behaviours.map(behaviourWord).join(', ')}</span>
                  <Chip kind={`role-${ring.role}`}>{ring.role}</Chip>
                  <span class="quiet">
                    {roleMeaning(ring.role)}; strength {percent(ring.membership)}
                  </span>
                  <span class="quiet end" title={rateSentence(ring.fdr)}>
                    surprise {nats(ring.score)} nats · {percent(ring.fdr)} chance leads
                  </span>
                  <span class="quiet">{windowSentence(ring.window)}</span>
                </li>
              ))}
            </ul>
          )
        }
      </With>
    </section>
  )
}

const BAR = 84

/** Each reason with a bar that is as long as what it adds to, or takes from, the log-odds. */
const Reasons = ({ reasons }: { readonly reasons: EntityScore['explanation'] }) => {
  const most = Math.max(1e-9, ...reasons.map(({ contribution }) => Math.abs(contribution)))
  return (
    <div class="bars">
      {reasons.map(({ sentence, contribution }) => {
        const length = (Math.abs(contribution) / most) * (BAR / 2)
        return (
          <>
            <Text text={sentence} />
            <svg width={BAR} height="14" aria-hidden="true">
              <rect
                class={contribution > 0 ? 'plus' : 'minus'}
                x={contribution > 0 ? BAR / 2 : BAR / 2 - length}
                width={length}
                y="2"
                height="10"
              />
            </svg>
            <span class="num">
              {contribution > 0 ? '+' : '−'}
              {Math.abs(contribution).toFixed(2)}
            </span>
          </>
        )
      })}
    </div>
  )
}

const ScoreText = ({ of }: { readonly of: EntityScore }) => (
  <>
    <p>
      <b class="big">{of.supervised ? percent(of.score) : of.score.toFixed(2)}</b>{' '}
      {of.supervised ? (
        <>
          likely part of organized behaviour
          {of.interval ? `, between ${percent(of.interval.low)} and ${percent(of.interval.high)}` : ''}.{' '}
          <span class="quiet">
            {of.labels > 0
              ? `${counted(of.labels, 'labelled entity', 'labelled entities')} with such scores stand behind it.`
              : ''}
          </span>
        </>
      ) : (
        <span>by its rings alone: a ranking, no probability.</span>
      )}
    </p>
    {of.explanation.length > 0 ? <Reasons reasons={of.explanation} /> : null}
    {of.counterfactuals.length > 0 ? (
      <>
        <h3>If it had been otherwise</h3>
        <ul class="plain-list">
          {of.counterfactuals.map(({ sentence }) => (
            <li key={sentence}>
              <Text text={sentence} />
            </li>
          ))}
        </ul>
      </>
    ) : null}
    {of.model === null ? null : <p class="quiet">Model {of.model}. A score is a lead, never a verdict.</p>}
  </>
)

const Score = ({ path }: { readonly path: string }) => {
  const byModel = useLoad(`score ${path}`, (request) => entityScore(path, 'model', request))
  const noModel = byModel.problem?.code === 'model.none'
  const byRings = useLoad(noModel ? `rank ${path}` : null, (request) => entityScore(path, 'rings', request))
  return (
    <section class="panel" aria-labelledby="score">
      <h2 id="score">Score, explained</h2>
      {noModel ? (
        <>
          <Note>No model is in use yet, so there is no probability: what stands here ranks by rings alone.</Note>
          <With of={byRings} what="its rank">
            {(score) => <ScoreText of={score} />}
          </With>
        </>
      ) : (
        <With of={byModel} what="its score">
          {(score) => <ScoreText of={score} />}
        </With>
      )}
    </section>
  )
}

export const EntityView = ({ name, query }: { readonly name: string | null; readonly query: URLSearchParams }) => {
  const path = name === null ? null : entityPath(name)
  if (name === null)
    return (
      <>
        <h1>Entity</h1>
        <Ask />
      </>
    )
  if (path === null)
    return (
      <>
        <h1>
          <Entity name={name} />
        </h1>
        <Note>The pictures of rings show who uses an identifier. What is decided on it is here.</Note>
        <div class="columns">
          <DecisionsPanel subject={name} />
          <AllowPanel name={name} />
        </div>
        <Ask />
      </>
    )
  const isScored = name.startsWith('user:') || name.startsWith('creator:')
  return (
    <>
      <h1>
        <Entity name={name} plain />
      </h1>
      <div class="columns">
        <div class="stack">
          <Rings path={path} />
          {isScored ? <Score path={path} /> : null}
          <RiskPanel path={path} />
          <CasesPanel subject={name} title={`Look at ${name}`.slice(0, 200)} />
          <AllowPanel name={name} />
          <section class="panel" aria-labelledby="exports">
            <h2 id="exports">Hand it over</h2>
            <ExportJob what="it with its neighbours" parameters={{ entity: name }} />
          </section>
        </div>
        <div class="stack">
          <DecisionsPanel subject={name} />
          <ConnectionsPanel name={name} path={path} query={query} />
        </div>
      </div>
      <Ask />
    </>
  )
}
