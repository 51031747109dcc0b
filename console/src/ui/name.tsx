/** Names come from other people: shown as they are, in their own direction, cut where they are long, whole on demand. */
import { useState } from 'preact/hooks'
import { entityLink, ringLink } from '../lib/address.js'

const CUT = 36

const characters = (text: string): string[] => [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment)

export const Text = ({ text }: { readonly text: string }) => <bdi dir="auto">{text}</bdi>

interface NameProps {
  readonly name: string
  readonly link: string | null
  readonly kind?: string
}

export const Cut = ({ name, link, kind }: NameProps) => {
  const [whole, setWhole] = useState(false)
  const parts = name.length > CUT ? characters(name) : null
  const isLong = parts !== null && parts.length > CUT
  const shown = isLong && !whole ? `${parts.slice(0, CUT - 1).join('')}…` : name
  const content = (
    <>
      {kind === undefined ? null : <span class={`kind kind-${kind}`}>{kind}</span>}
      <bdi dir="auto" class="id">
        {shown}
      </bdi>
    </>
  )
  return (
    <span class="name">
      {link === null ? (
        content
      ) : (
        <a href={link} {...(isLong ? { title: name } : {})}>
          {content}
        </a>
      )}
      {isLong ? (
        <button type="button" class="tiny" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? 'cut' : 'whole'}
          <span class="sr"> name of {parts.length} characters</span>
        </button>
      ) : null}
    </span>
  )
}

const linkable = new Set(['creator', 'user', 'video', 'product'])

/** `kind:id`, with a link to its page where it has one. */
export const Entity = ({ name, plain = false }: { readonly name: string; readonly plain?: boolean }) => {
  const colon = name.indexOf(':')
  const kind = name.slice(0, colon)
  return <Cut kind={kind} name={name.slice(colon + 1)} link={!plain && linkable.has(kind) ? entityLink(name) : null} />
}

export const Ring = ({ id }: { readonly id: string }) => <Cut name={id} link={ringLink(id)} />

/** What a decision or a case is about: an entity, or `ring:id`. */
export const Subject = ({ name }: { readonly name: string }) =>
  name.startsWith('ring:') ? (
    <Cut name={name.slice(5)} kind="ring" link={ringLink(name.slice(5))} />
  ) : (
    <Entity name={name} />
  )

export const Chip = ({
  children,
  kind = '',
}: {
  readonly children: preact.ComponentChildren
  readonly kind?: string
}) => <span class={`chip ${kind}`}>{children}</span>
