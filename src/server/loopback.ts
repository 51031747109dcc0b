import { isIPv4 } from 'node:net'

/** Whether an address or host name can be reached from this machine alone. */
export const isLoopback = (host: string): boolean => {
  const plain = host.startsWith('::ffff:') ? host.slice('::ffff:'.length) : host
  return plain === 'localhost' || plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'))
}
