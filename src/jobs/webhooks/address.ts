/**
 * Where webhooks may go. Only hosts that the operator allows; and of these only public addresses, looked up at the moment of each connection, since
 * a name that was public when it was checked can lead inward later (DNS rebinding). Redirects are not followed.
 */
import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { RingfenceError } from '../../errors.js'

export interface AddressRules {
  /** `host` or `host:port`, in small letters. */
  readonly hosts: readonly string[]
  /** Also addresses of private networks, this machine among them, and http. */
  readonly allowPrivate: boolean
}

/** Addresses that are no one's on the public network: RFC 6890 and its registry. */
const inward = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  inward.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  inward.addSubnet(net, bits, 'ipv6')

/** Whether an address belongs to a private network, this machine, or nobody. `address` is an IP. */
export const isInward = (address: string): boolean => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped) return inward.check(mapped[1]!, 'ipv4')
  const family = isIP(address)
  return family === 0 || inward.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

const refused = (detail: string): RingfenceError => new RingfenceError('webhook.address', detail)

/** Throws `webhook.address`. */
export const checkAddress = (address: string, { hosts, allowPrivate }: AddressRules): URL => {
  let url: URL
  try {
    url = new URL(address)
  } catch {
    throw refused(`${address} is not an address.`)
  }
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:'))
    throw refused(`${url.protocol}// is not allowed: webhooks go over https.`)
  if (url.username || url.password) throw refused('an address has no user or password in it.')
  if (!hosts.includes(url.hostname) && !hosts.includes(url.host))
    throw refused(`${url.host} is not among the hosts that RINGFENCE_WEBHOOK_HOSTS allows.`)
  const literal = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (!allowPrivate && isIP(literal) !== 0 && isInward(literal))
    throw refused(`${literal} is an address of a private network.`)
  return url
}

/** A look-up for a connection that gives public addresses alone. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 0)
    const found = addresses.filter(({ address }) => !isInward(address))
    if (found.length === 0) return callback(refused(`${hostname} leads to a private network.`), '', 0)
    if (options.all) return callback(null, found)
    callback(null, found[0]!.address, found[0]!.family)
  })
}
