import { isIPv4 } from 'node:net'

/** Whether an address or host name can be reached from this machine alone. */
export const isLoopback = (host: string): boolean => {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  const plain = bare.startsWith('::ffff:') ? bare.slice('::ffff:'.length) : bare
  return plain === 'localhost' || plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'))
}
