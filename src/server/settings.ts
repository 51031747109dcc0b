/** Settings of the service, from the environment. docs/api.md lists them. */
import { BlockList, isIP } from 'node:net'
import { RingfenceError } from '../errors.js'
import type { SessionLimits } from '../jobs/sessions.js'
import type { WebhookSettings } from '../jobs/webhooks/dispatcher.js'

export interface ServerSettings {
  /** Requests a minute of one key or address. */
  readonly rateLimit: number
  /** Requests a minute of one address that may fail for want of a valid key. */
  readonly authFailureLimit: number
  readonly session: SessionLimits
  /** Addresses or networks of proxies whose X-Forwarded headers are believed. */
  readonly trustedProxies: readonly string[]
  /** Bytes of a JSON body; NDJSON is streamed and has no limit but that of a line. */
  readonly bodyLimit: number
  /** Masks identifiers the same way over restarts; without it they are masked anew at each start. */
  readonly maskKey: string | null
  readonly logLevel: string
  /** Whether a store without schedules is given the usual ones. */
  readonly seedSchedules: boolean
  readonly webhooks: WebhookSettings
  /** How long a service may be silent before another one of its store takes its job. */
  readonly leaseSeconds: number
  /** Whether risk takes in interactions as they come. */
  readonly liveRisk: boolean
}

const integer = (name: string, fallback: number, least: number, most: number): number => {
  const text = process.env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < least || value > most)
    throw new RingfenceError('setting.invalid', `${name} must be a whole number from ${least} to ${most}.`, { name })
  return value
}

const yesOrNo = (name: string, fallback: boolean): boolean => {
  const text = process.env[name]
  if (text === undefined || text === '') return fallback
  if (text !== 'yes' && text !== 'no')
    throw new RingfenceError('setting.invalid', `${name} must be yes or no.`, { name })
  return text === 'yes'
}

const list = (name: string): readonly string[] =>
  (process.env[name] ?? '')
    .split(',')
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== '')

/** An address, or a network as `10.0.0.0/8`. */
const isNetwork = (text: string): boolean => {
  const [address = '', bits] = text.split('/')
  if (isIP(address) === 0) return false
  if (bits === undefined) return true
  try {
    new BlockList().addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4')
    return /^\d+$/.test(bits)
  } catch {
    return false
  }
}

const networks = (name: string): readonly string[] => {
  const all = list(name)
  const wrong = all.find((each) => !isNetwork(each))
  if (wrong !== undefined)
    throw new RingfenceError('setting.invalid', `${name}: ${wrong} is neither an address nor a network.`, { name })
  return all
}

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

const SECRET_LENGTH = 32

const secret = (name: string): string | null => {
  const text = process.env[name]
  if (text === undefined || text === '') return null
  if (text.length < SECRET_LENGTH)
    throw new RingfenceError('setting.invalid', `${name} must have ${SECRET_LENGTH} characters or more.`, { name })
  return text
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

export const readSettings = (): ServerSettings => {
  const logLevel = process.env.RINGFENCE_LOG_LEVEL || 'info'
  if (!LOG_LEVELS.includes(logLevel))
    throw new RingfenceError('setting.invalid', `RINGFENCE_LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}.`)
  return {
    rateLimit: integer('RINGFENCE_RATE_LIMIT', 1_200_000, 1, 1e9),
    authFailureLimit: integer('RINGFENCE_AUTH_FAILURE_LIMIT', 30, 1, 1e9),
    session: {
      lifetimeMs: integer('RINGFENCE_SESSION_HOURS', 12, 1, 720) * HOUR_MS,
      idleMs: integer('RINGFENCE_SESSION_IDLE_MINUTES', 60, 1, 43_200) * MINUTE_MS,
    },
    trustedProxies: networks('RINGFENCE_TRUSTED_PROXIES'),
    bodyLimit: integer('RINGFENCE_BODY_LIMIT', 16 * 2 ** 20, 1024, 2 ** 30),
    maskKey: process.env.RINGFENCE_MASK_KEY || null,
    logLevel,
    seedSchedules: yesOrNo('RINGFENCE_SEED_SCHEDULES', true),
    liveRisk: yesOrNo('RINGFENCE_LIVE_RISK', true),
    leaseSeconds: integer('RINGFENCE_LEASE_SECONDS', 30, 2, 3600),
    webhooks: {
      hosts: list('RINGFENCE_WEBHOOK_HOSTS'),
      allowPrivate: yesOrNo('RINGFENCE_WEBHOOK_PRIVATE', false),
      secret: secret('RINGFENCE_WEBHOOK_SECRET'),
    },
  }
}
