/**
 * How a webhook is signed: HMAC-SHA-256 over `id.timestamp.body` with a secret of the webhook, which follows from the service's own, so that no secret is
 * kept in the store. A receiver compares the signature, refuses old timestamps, and takes an id once.
 */
import { createHmac } from 'node:crypto'

/** The secret of one webhook, 64 hex digits. */
export const webhookSecret = (service: string, webhook: string): string =>
  createHmac('sha256', service).update(`ringfence webhook ${webhook}`).digest('hex')

/** `timestamp` in seconds since 1970. */
export const sign = (secret: string, id: string, timestamp: number, body: string): string =>
  `v1=${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('hex')}`
