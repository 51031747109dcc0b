/**
 * What the graph is made of: the one place that says which entity kinds and interaction types exist and what they mean.
 * Types, validation, both stores, the mapping's checks and `docs/schema.md` follow from it: to add an interaction type, add
 * one entry with the next free code. A code is what stores and snapshots keep, so a code is never changed and never re-used.
 */

export const scenarios = {
  content: { code: 0, meaning: 'Videos, live rooms, comments and follows.' },
  shelf: { code: 1, meaning: 'Mall, search, product pages, orders and reviews.' },
  account: { code: 2, meaning: 'Log-in, payout and identity.' },
} as const satisfies Record<string, { code: number; meaning: string }>

export type Scenario = keyof typeof scenarios

/** `node` is the label in Neo4j. `identifier` kinds are things an account uses, not accounts. `personal` ids are masked by role. */
export interface EntityKindEntry {
  readonly code: number
  readonly node: string
  readonly path: string | null
  readonly identifier: boolean
  readonly personal: boolean
  readonly meaning: string
}

export const entityKinds = {
  creator: {
    code: 0,
    node: 'Creator',
    path: 'creators',
    identifier: false,
    personal: false,
    meaning: 'An account that publishes videos or sells products.',
  },
  user: {
    code: 1,
    node: 'User',
    path: 'users',
    identifier: false,
    personal: false,
    meaning: 'An account that watches, likes, orders or reviews.',
  },
  video: {
    code: 2,
    node: 'Video',
    path: 'videos',
    identifier: false,
    personal: false,
    meaning: 'A video, a live room or another piece of content.',
  },
  product: {
    code: 3,
    node: 'Product',
    path: 'products',
    identifier: false,
    personal: false,
    meaning: 'An item for sale.',
  },
  device: {
    code: 4,
    node: 'Device',
    path: null,
    identifier: true,
    personal: true,
    meaning: 'A phone, tablet or computer, by its fingerprint.',
  },
  network: {
    code: 5,
    node: 'Network',
    path: null,
    identifier: true,
    personal: true,
    meaning: 'An IP address or a network.',
  },
  payment: {
    code: 6,
    node: 'Payment',
    path: null,
    identifier: true,
    personal: true,
    meaning: 'A card, a wallet or a payout account.',
  },
  contact: {
    code: 7,
    node: 'Contact',
    path: null,
    identifier: true,
    personal: true,
    meaning: 'A phone number or an e-mail address.',
  },
  address: {
    code: 8,
    node: 'Address',
    path: null,
    identifier: true,
    personal: true,
    meaning: 'A delivery or return address.',
  },
} as const satisfies Record<string, EntityKindEntry>

export type EntityKind = keyof typeof entityKinds

const accounts = ['creator', 'user'] as const
const identifiers = ['device', 'network', 'payment', 'contact', 'address'] as const
const anything = [...accounts, 'video', 'product', ...identifiers] as const

/**
 * `actors` and `targets` are the kinds allowed at each end. `undirected` types mean the same in both directions.
 * `enforcement` types record a decision of the platform on one entity: actor and target are that entity.
 */
export interface InteractionTypeEntry {
  readonly code: number
  readonly actors: readonly EntityKind[]
  readonly targets: readonly EntityKind[]
  readonly scenario: Scenario
  readonly undirected?: true
  readonly enforcement?: true
  readonly meaning: string
}

export const interactionTypes = {
  publish: {
    code: 0,
    actors: ['creator'],
    targets: ['video'],
    scenario: 'content',
    meaning: 'A creator publishes a video.',
  },
  promote: {
    code: 1,
    actors: ['video'],
    targets: ['product'],
    scenario: 'content',
    meaning: 'A video shows or links a product.',
  },
  sell: {
    code: 2,
    actors: ['creator'],
    targets: ['product'],
    scenario: 'shelf',
    meaning: 'A creator offers a product for sale.',
  },
  follow: {
    code: 3,
    actors: ['user'],
    targets: ['creator'],
    scenario: 'content',
    meaning: 'A user follows a creator.',
  },
  view: { code: 4, actors: ['user'], targets: ['video'], scenario: 'content', meaning: 'A user watches a video.' },
  like: { code: 5, actors: ['user'], targets: ['video'], scenario: 'content', meaning: 'A user likes a video.' },
  comment: {
    code: 6,
    actors: ['user'],
    targets: ['video'],
    scenario: 'content',
    meaning: 'A user comments on a video.',
  },
  share: { code: 7, actors: ['user'], targets: ['video'], scenario: 'content', meaning: 'A user shares a video.' },
  favorite: { code: 8, actors: ['user'], targets: ['video'], scenario: 'content', meaning: 'A user saves a video.' },
  click: {
    code: 9,
    actors: ['user'],
    targets: ['product'],
    scenario: 'shelf',
    meaning: 'A user opens a product page.',
  },
  cart: {
    code: 10,
    actors: ['user'],
    targets: ['product'],
    scenario: 'shelf',
    meaning: 'A user puts a product in the cart.',
  },
  order: { code: 11, actors: ['user'], targets: ['product'], scenario: 'shelf', meaning: 'A user orders a product.' },
  review: { code: 12, actors: ['user'], targets: ['product'], scenario: 'shelf', meaning: 'A user reviews a product.' },
  refund: {
    code: 13,
    actors: ['user'],
    targets: ['product'],
    scenario: 'shelf',
    meaning: 'A user is paid back for a product.',
  },
  uses: {
    code: 14,
    actors: accounts,
    targets: identifiers,
    scenario: 'account',
    meaning: 'An account is seen with a device, network, payment, contact or address.',
  },
  operates: {
    code: 15,
    actors: ['user'],
    targets: ['creator'],
    scenario: 'account',
    meaning: 'A user acts for a creator.',
  },
  transfer: {
    code: 16,
    actors: ['user'],
    targets: ['user'],
    scenario: 'account',
    meaning: 'Money, goods or an account itself goes from one user to another.',
  },
  associate: {
    code: 17,
    actors: ['user'],
    targets: ['user'],
    scenario: 'account',
    undirected: true,
    meaning: 'Two users are linked, with no direction.',
  },
  warn: {
    code: 18,
    actors: anything,
    targets: anything,
    scenario: 'account',
    enforcement: true,
    meaning: 'The platform warned this entity.',
  },
  restrict: {
    code: 19,
    actors: anything,
    targets: anything,
    scenario: 'account',
    enforcement: true,
    meaning: 'The platform limited what this entity can do.',
  },
  ban: {
    code: 20,
    actors: anything,
    targets: anything,
    scenario: 'account',
    enforcement: true,
    meaning: 'The platform banned this entity.',
  },
} as const satisfies Record<string, InteractionTypeEntry>

export type InteractionType = keyof typeof interactionTypes

/**
 * Attributes with a fixed meaning. All others are free, may hold anything about a person, and are kept from roles that may not see
 * identifiers of persons, as these are where `personal` says so.
 */
export const reservedAttributes = {
  fingerprint: { personal: false, meaning: 'Perceptual hash of published content.' },
  rating: { personal: false, meaning: 'Of a review, 1 to 5.' },
  text_hash: { personal: false, meaning: 'Hash of the text of a comment or review.' },
  amount: { personal: false, meaning: 'Of an order or a transfer.' },
  currency: { personal: false, meaning: 'Of the amount.' },
  reason: { personal: false, meaning: 'Of an enforcement.' },
} as const satisfies Record<string, { personal: boolean; meaning: string }>

export type ReservedAttribute = keyof typeof reservedAttributes

/** Whether an attribute is kept from roles that may not see identifiers of persons. */
export const isPersonalAttribute = (name: string): boolean =>
  !Object.hasOwn(reservedAttributes, name) || reservedAttributes[name as ReservedAttribute].personal

export const entityKindNames = Object.keys(entityKinds) as EntityKind[]
export const interactionTypeNames = Object.keys(interactionTypes) as InteractionType[]
export const scenarioNames = Object.keys(scenarios) as Scenario[]

const byCode = <K extends string>(entries: Record<K, { code: number }>): readonly (K | undefined)[] => {
  const names: K[] = []
  for (const name of Object.keys(entries) as K[]) names[entries[name].code] = name
  return names
}

/** Index is the code. */
export const entityKindByCode = byCode(entityKinds)
export const interactionTypeByCode = byCode(interactionTypes)
export const scenarioByCode = byCode(scenarios)

/** The entry of a type, seen with its general shape. */
export const interactionType = (name: InteractionType): InteractionTypeEntry => interactionTypes[name]
export const entityKind = (name: EntityKind): EntityKindEntry => entityKinds[name]
export const isEntityKind = (name: string): name is EntityKind => Object.hasOwn(entityKinds, name)
export const isInteractionType = (name: string): name is InteractionType => Object.hasOwn(interactionTypes, name)
export const isScenario = (name: string): name is Scenario => Object.hasOwn(scenarios, name)

/** What a record may hold; both ends of the service check against these. */
export const limits = {
  idBytes: 512,
  /** One record as text: a longer line is rejected without being held. */
  lineBytes: 16 * 2 ** 20,
  marketBytes: 32,
  attributesBytes: 2 ** 20,
  /** Times outside are typing errors or another unit: 1970-01-01 to 2099-12-31, epoch milliseconds. */
  earliest: 0,
  latest: Date.UTC(2100, 0, 1) - 1,
} as const
