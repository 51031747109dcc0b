/**
 * API keys: 256 random bits, shown once when made; the store keeps their SHA-256 alone. A key is as hard to guess as its
 * hash is to invert, so that no slow password hash is needed.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { ApiKeyRecord } from '../store/store.js'

/** From the one that may only look to the one that may do everything; a key has exactly one. */
export const keyRoles = ['viewer', 'investigator', 'lead', 'operator', 'ingest', 'admin'] as const
export type KeyRole = (typeof keyRoles)[number]

export const isKeyRole = (role: string): role is KeyRole => (keyRoles as readonly string[]).includes(role)

/** Tells a leaked key from other secrets, for people and for secret scanners. */
const PREFIX = 'ringfence_'

/** What the store keeps of a key, 64 hex digits. */
export const hashApiKey = (key: string): string => createHash('sha256').update(key).digest('hex')

/** The id that a key names; null of one that names none, as those did that were made earlier. It may be made up. */
export const claimedKeyId = (key: string): string | null => {
  const id = /^ringfence_([0-9a-f]{12})_/.exec(key)?.[1]
  return id === undefined ? null : `k-${id}`
}

/** A new key and the record to keep; the key itself is nowhere else. It begins with its id, so that guesses at one key are told. */
export const makeApiKey = (role: KeyRole, name: string): { readonly key: string; readonly record: ApiKeyRecord } => {
  const id = randomBytes(6).toString('hex')
  const key = `${PREFIX}${id}_${randomBytes(32).toString('base64url')}`
  return {
    key,
    record: {
      id: `k-${id}`,
      hash: hashApiKey(key),
      role,
      name,
      createdAt: new Date().toISOString(),
      revokedAt: null,
    },
  }
}
