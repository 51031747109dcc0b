/** Sizes and colours of a graph for Gephi and for the picture of a case file: role first, then kind. Colours are told apart by colour-blind eyes (Okabe and Ito 2008). */
import type { EntityKind } from '../../graph-schema/schema.js'
import type { ExportNode } from './content.js'

export interface Colour {
  readonly r: number
  readonly g: number
  readonly b: number
}

const rgb = (hex: string): Colour => ({
  r: Number.parseInt(hex.slice(1, 3), 16),
  g: Number.parseInt(hex.slice(3, 5), 16),
  b: Number.parseInt(hex.slice(5, 7), 16),
})

export const roleColours: Readonly<Record<string, string>> = {
  core: '#d55e00',
  broker: '#cc79a7',
  amplifier: '#e69f00',
  mule: '#f0e442',
  beneficiary: '#0072b2',
}

export const kindColours: Readonly<Record<EntityKind, string>> = {
  creator: '#56b4e9',
  user: '#999999',
  video: '#009e73',
  product: '#009e73',
  device: '#333333',
  network: '#333333',
  payment: '#333333',
  contact: '#333333',
  address: '#333333',
}

export const colourText = (kind: EntityKind, role: string | undefined): string =>
  (role === undefined ? undefined : roleColours[role]) ?? kindColours[kind]

const colours = new Map<string, Colour>()

export const colourOf = ({ kind, memberships }: ExportNode): Colour => {
  const text = colourText(kind, memberships[0]?.role)
  let colour = colours.get(text)
  if (!colour) {
    colour = rgb(text)
    colours.set(text, colour)
  }
  return colour
}

const CONTEXT_SIZE = 4
const LEAST_MEMBER_SIZE = 8
const MEMBER_SIZE_RANGE = 12

/** Members by their strength, 8 to 20; others 4. */
export const sizeOf = ({ memberships }: ExportNode): number =>
  memberships[0] ? LEAST_MEMBER_SIZE + MEMBER_SIZE_RANGE * memberships[0].score : CONTEXT_SIZE
