/** The value after `--NAME`; undefined where it is absent. */
export const option = (args: readonly string[], name: string): string | undefined => {
  const at = args.indexOf(`--${name}`)
  return at < 0 ? undefined : args[at + 1]
}

/** `--count N`, a whole number above 0. */
export const countOption = (args: readonly string[], standard: number): number => {
  const text = option(args, 'count')
  const count = text === undefined ? standard : Number(text)
  if (!Number.isSafeInteger(count) || count < 1) throw new Error(`--count must be a whole number above 0, not ${text}`)
  return count
}
