/** Features of many rows, column by column; NaN is "not known". Columns may stand on shared memory. */
export interface FeatureMatrix {
  readonly rows: number
  /** One name a column, each once. */
  readonly names: readonly string[]
  /** Each of length `rows`. */
  readonly columns: readonly Float32Array[]
}

export const checkMatrix = ({ rows, names, columns }: FeatureMatrix): void => {
  if (names.length !== columns.length)
    throw new RangeError(`${columns.length} feature columns have ${names.length} names: give each one name`)
  for (let j = 0; j < columns.length; j++)
    if (columns[j]!.length !== rows)
      throw new RangeError(`feature ${names[j]} has ${columns[j]!.length} values for ${rows} rows`)
  if (new Set(names).size !== names.length) throw new RangeError('two features have one name')
}

/** The given rows, in the given order. */
export const takeRows = (matrix: FeatureMatrix, rows: Int32Array): FeatureMatrix => ({
  rows: rows.length,
  names: matrix.names,
  columns: matrix.columns.map((column) => {
    const taken = new Float32Array(rows.length)
    for (let i = 0; i < rows.length; i++) taken[i] = column[rows[i]!]!
    return taken
  }),
})
