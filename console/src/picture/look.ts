/** Colours of the picture: roles as in exports and case files (Okabe and Ito 2008, told apart by colour-blind eyes), the rest from the page's style. */
import type { Shape } from './fields.js'

const roles: Readonly<Record<string, string>> = {
  core: '#d55e00',
  broker: '#cc79a7',
  amplifier: '#e69f00',
  mule: '#f0e442',
  beneficiary: '#0072b2',
}

export const shapeOf = (kind: string): Shape =>
  kind === 'user' || kind === 'creator' ? 'disc' : kind === 'video' || kind === 'product' ? 'square' : 'diamond'

/** As a hexadecimal colour, which is all that the graphics card's helper reads of them. */
const hexOf = (computed: string): string => {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 1
  const context = canvas.getContext('2d')!
  context.fillStyle = computed
  context.fillRect(0, 0, 1, 1)
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data
  return `#${[r, g, b].map((each) => each!.toString(16).padStart(2, '0')).join('')}`
}

export interface Look {
  readonly ink: string
  readonly quiet: string
  readonly panel: string
  readonly node: string
  readonly edge: string
  readonly faint: string
  readonly accent: string
}

/** What the style says for the theme of the moment. */
export const readLook = (element: HTMLElement): Look => {
  const probe = document.createElement('span')
  element.append(probe)
  const read = (name: string): string => {
    probe.style.color = `var(--${name})`
    return hexOf(getComputedStyle(probe).color)
  }
  const look = {
    ink: read('ink'),
    quiet: read('quiet'),
    panel: read('panel'),
    node: read('node'),
    edge: read('edge'),
    faint: read('faint'),
    accent: read('accent'),
  }
  probe.remove()
  return look
}

/** Identifiers are what ties a ring: they stand out among what is no member. */
export const nodeColour = (role: string | null, kind: string, look: Look): string =>
  role === null ? (shapeOf(kind) === 'diamond' ? look.ink : look.node) : (roles[role] ?? look.node)
