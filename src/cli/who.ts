/** Who asks for a change, for the record: a name that is set, or that of the account on this machine. */
import { hostname, userInfo } from 'node:os'

const accountName = (): string => {
  try {
    return userInfo().username
  } catch {
    // A container may run under a number that has no name.
    return String(process.getuid?.() ?? 'unknown')
  }
}

export const whoAsks = (): string => process.env.RINGFENCE_USER || `${accountName()}@${hostname()}`
