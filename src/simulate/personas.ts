/** Temperaments of users: how much they watch, react and buy. */

/** Chances per video watched, but `views` and `shelf` (product pages opened without a video) are means per session. */
export interface Persona {
  readonly name: string
  readonly share: number
  readonly views: number
  readonly shelf: number
  readonly like: number
  readonly comment: number
  /** Shares the video. */
  readonly pass: number
  readonly favorite: number
  readonly follow: number
  /** Opens the page of a product that the video shows. */
  readonly click: number
  /** Puts a product in the cart whose page is open. */
  readonly order: number
}

export const personas: readonly Persona[] = [
  {
    name: 'watcher',
    share: 0.4,
    views: 9,
    shelf: 0.1,
    like: 0.04,
    comment: 0.003,
    pass: 0.003,
    favorite: 0.005,
    follow: 0.004,
    click: 0.1,
    order: 0.05,
  },
  {
    name: 'liker',
    share: 0.2,
    views: 8,
    shelf: 0.1,
    like: 0.35,
    comment: 0.01,
    pass: 0.01,
    favorite: 0.03,
    follow: 0.02,
    click: 0.12,
    order: 0.07,
  },
  {
    name: 'talker',
    share: 0.1,
    views: 6,
    shelf: 0.1,
    like: 0.2,
    comment: 0.12,
    pass: 0.08,
    favorite: 0.02,
    follow: 0.03,
    click: 0.12,
    order: 0.07,
  },
  {
    name: 'video shopper',
    share: 0.15,
    views: 5,
    shelf: 0.6,
    like: 0.1,
    comment: 0.02,
    pass: 0.01,
    favorite: 0.03,
    follow: 0.01,
    click: 0.4,
    order: 0.25,
  },
  {
    name: 'searcher',
    share: 0.1,
    views: 1,
    shelf: 4,
    like: 0.05,
    comment: 0.01,
    pass: 0.01,
    favorite: 0.02,
    follow: 0.005,
    click: 0.3,
    order: 0.3,
  },
  {
    name: 'collector',
    share: 0.05,
    views: 7,
    shelf: 0.4,
    like: 0.15,
    comment: 0.02,
    pass: 0.03,
    favorite: 0.2,
    follow: 0.03,
    click: 0.25,
    order: 0.1,
  },
]

/** A persona byte, uniform in 0..255, gives each persona its share. */
const byByte: readonly Persona[] = Array.from({ length: 256 }, (_, byte) => {
  let reach = 0
  for (const persona of personas) {
    reach += persona.share * 256
    if (byte < reach) return persona
  }
  return personas[personas.length - 1]!
})

export const personaOf = (byte: number): Persona => byByte[byte]!
