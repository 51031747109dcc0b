/** The value after `--NAME`; undefined where it is absent. */
export const option = (args: readonly string[], name: string): string | undefined => {
  const at = args.indexOf(`--${name}`)
  return at < 0 ? undefined : args[at + 1]
}

/** `--NAME N`, a whole number above 0. */
export const countOption = (args: readonly string[], standard: number, name = 'count'): number => {
  const text = option(args, name)
  const count = text === undefined ? standard : Number(text)
  if (!Number.isSafeInteger(count) || count < 1)
    throw new Error(`--${name} must be a whole number above 0, not ${text}`)
  return count
}
