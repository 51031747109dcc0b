/** Numbers in sentences. */
export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** Two significant digits below ten, as whole numbers above. */
export const rounded = (x: number): string => (x >= 10 ? String(Math.round(x)) : String(Number(x.toPrecision(2))))
