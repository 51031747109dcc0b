/** Text tables, CSV as in RFC 4180, and numbers as people read them. */

/** Columns side by side; those in `right` flush right. */
export const textTable = (
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string => {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]): string =>
    header
      .map((_, column) => {
        const cell = row[column] ?? ''
        return right.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)
      })
      .join('  ')
      .trimEnd()
  return all.map(line).join('\n')
}

/** RFC 4180: quoted where a comma, a quote or a line break asks for it. */
export const csvField = (value: string): string => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)

/** Lines end with CR LF, as RFC 4180 says. */
export const csvLine = (fields: readonly string[]): string => `${fields.map(csvField).join(',')}\r\n`

export const count = (value: number): string => value.toLocaleString('en-US')

export const seconds = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(1)} s`

/** Rounded to what a person can use; the sign of a huge surprise is its size, not its digits. */
export const shortNumber = (value: number): string =>
  value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(1) : String(Number(value.toPrecision(3)))

export const day = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ')
