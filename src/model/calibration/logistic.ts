/**
 * Logistic regression with a normal prior on the coefficients, by Newton's method (iteratively reweighted least squares).
 *
 *   minimize  sum_i w_i log(1 + exp(-(2 y_i - 1) (b_0 + x_i b))) + sum_j precision_j / 2 (b_j - center_j)^2
 *
 * P. J. Green, "Iteratively Reweighted Least Squares for Maximum Likelihood Estimation", Journal of the Royal Statistical Society
 * B 46(2), 1984. The inverse of the Hessian at the solution is the covariance of the coefficients (Laplace's approximation).
 */
export interface Prior {
  /** One entry for the intercept and one a column, in that order. */
  readonly center: Float64Array
  /** 0 or more; 0 is no prior. */
  readonly precision: Float64Array
}

export interface Logistic {
  /** Intercept first. */
  readonly coefficients: Float64Array
  /** Row-major square of the number of coefficients. */
  readonly covariance: Float64Array
}

const maxSteps = 100
/** Step in any coefficient at which it has converged. */
const tolerance = 1e-10
/** Keeps the Hessian invertible where classes are apart and there is no prior; far below any label's weight. */
const ridge = 1e-9

/** Lower triangle of the Cholesky factor, in place; false where the matrix is not positive definite. */
const factorize = (a: Float64Array, d: number): boolean => {
  for (let j = 0; j < d; j++) {
    let diagonal = a[j * d + j]!
    for (let k = 0; k < j; k++) diagonal -= a[j * d + k]! ** 2
    if (!(diagonal > 0)) return false
    const root = Math.sqrt(diagonal)
    a[j * d + j] = root
    for (let i = j + 1; i < d; i++) {
      let sum = a[i * d + j]!
      for (let k = 0; k < j; k++) sum -= a[i * d + k]! * a[j * d + k]!
      a[i * d + j] = sum / root
    }
  }
  return true
}

/** Solves L L' x = b in place. */
const solve = (l: Float64Array, d: number, b: Float64Array): void => {
  for (let i = 0; i < d; i++) {
    for (let k = 0; k < i; k++) b[i]! -= l[i * d + k]! * b[k]!
    b[i]! /= l[i * d + i]!
  }
  for (let i = d - 1; i >= 0; i--) {
    for (let k = i + 1; k < d; k++) b[i]! -= l[k * d + i]! * b[k]!
    b[i]! /= l[i * d + i]!
  }
}

/** log(1 + exp(x)) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))

/** `columns` hold finite values; labels are 1 or 0, or any share between. Works with one class where the prior holds it. */
export const fitLogistic = (
  columns: readonly Float64Array[],
  labels: ArrayLike<number>,
  prior: Prior,
  weights?: Float64Array,
): Logistic => {
  const d = columns.length + 1
  const n = labels.length
  if (prior.center.length !== d || prior.precision.length !== d)
    throw new RangeError(`the prior must have ${d} entries: the intercept's and one a column`)
  for (const column of columns)
    if (column.length !== n) throw new RangeError(`a column has ${column.length} values for ${n} labels`)
  const b = Float64Array.from(prior.center)
  // Rows side by side: the loops below go over all of them at each step.
  const x = new Float64Array(n * d)
  for (let i = 0; i < n; i++) {
    x[i * d] = 1
    for (let j = 1; j < d; j++) x[i * d + j] = columns[j - 1]![i]!
  }
  const dot = (v: Float64Array, from: number): number => {
    let sum = 0
    for (let j = 0; j < d; j++) sum += v[j]! * x[from + j]!
    return sum
  }
  const loss = (at: Float64Array) => {
    let sum = 0
    for (let i = 0; i < n; i++) {
      const s = dot(at, i * d)
      sum += (weights?.[i] ?? 1) * (softplus(s) - labels[i]! * s)
    }
    for (let j = 0; j < d; j++) sum += (prior.precision[j]! / 2) * (at[j]! - prior.center[j]!) ** 2
    return sum
  }
  const hessian = new Float64Array(d * d)
  const step = new Float64Array(d)
  const assemble = () => {
    hessian.fill(0)
    for (let j = 0; j < d; j++) {
      hessian[j * d + j] = prior.precision[j]! + ridge
      step[j] = prior.precision[j]! * (prior.center[j]! - b[j]!)
    }
    for (let i = 0; i < n; i++) {
      const from = i * d
      const w = weights?.[i] ?? 1
      const p = 1 / (1 + Math.exp(-dot(b, from)))
      const h = w * p * (1 - p)
      const g = w * (labels[i]! - p)
      for (let j = 0; j < d; j++) {
        const value = x[from + j]!
        const scaled = h * value
        step[j] = step[j]! + g * value
        const row = j * d
        for (let k = 0; k <= j; k++) hessian[row + k] = hessian[row + k]! + scaled * x[from + k]!
      }
    }
    if (!factorize(hessian, d)) throw new RangeError('the columns of a logistic regression must be finite')
  }
  let now = loss(b)
  for (let s = 0; s < maxSteps; s++) {
    assemble()
    solve(hessian, d, step)
    let share = 1
    let next = b.map((value, j) => value + step[j]!)
    let then = loss(next)
    // Newton's step may overshoot far from the solution; half of it, and half again, cannot.
    while (!(then <= now + 1e-12 * Math.abs(now)) && share > 1e-6) {
      share /= 2
      next = b.map((value, j) => value + share * step[j]!)
      then = loss(next)
    }
    b.set(next)
    now = then
    if (step.every((value) => Math.abs(value) * share < tolerance)) break
  }
  assemble()
  const covariance = new Float64Array(d * d)
  const unit = new Float64Array(d)
  for (let j = 0; j < d; j++) {
    unit.fill(0)
    unit[j] = 1
    solve(hessian, d, unit)
    covariance.set(unit, j * d)
  }
  return { coefficients: b, covariance }
}
