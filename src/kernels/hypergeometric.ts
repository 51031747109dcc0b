/**
 * Logarithms of factorials, binomials and hypergeometric tails, in nats.
 *
 * P(X >= x) for X the number of marked items among `drawn` taken without replacement from `total`, of which `marked` are
 * marked: sum over j >= x of C(marked, j) C(total - marked, drawn - j) / C(total, drawn). Terms above the mean fall faster than
 * a geometric series, so summing stops when a term no longer changes the sum. ln n! is Stirling's series: Abramowitz and Stegun,
 * Handbook of Mathematical Functions, 1964, 6.1.41.
 */

/** ln n! of small n, exact sums; from here Stirling's series with four terms is within 1e-13. */
const tableSize = 256
const table = new Float64Array(tableSize)
for (let n = 2; n < tableSize; n++) table[n] = table[n - 1]! + Math.log(n)

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI)

/** ln n! for whole n >= 0. */
export const logFactorial = (n: number): number => {
  if (n < tableSize) return table[n]!
  const x = n + 1
  const square = x * x
  return (
    (x - 0.5) * Math.log(x) -
    x +
    halfLogTwoPi +
    (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / x
  )
}

/** ln of n over k; -Infinity where there is no such choice. */
export const logChoose = (n: number, k: number): number =>
  k < 0 || k > n ? -Infinity : logFactorial(n) - logFactorial(k) - logFactorial(n - k)

/** Below this share of the sum a term no longer matters in nats. */
const negligible = 1e-14

/** -ln P(X >= x), 0 where x is at or below the mean's floor (no surprise is claimed there), Infinity where it cannot happen. */
export const hypergeometricSurprise = (total: number, marked: number, drawn: number, x: number): number => {
  const most = Math.min(marked, drawn)
  if (x > most) return Infinity
  if (x <= 0 || total <= 0 || x <= (marked / total) * drawn) return 0
  const first = logChoose(marked, x) + logChoose(total - marked, drawn - x) - logChoose(total, drawn)
  let term = 1
  let sum = 1
  for (let j = x; j < most; j++) {
    term *= ((marked - j) / (j + 1)) * ((drawn - j) / (total - marked - drawn + j + 1))
    sum += term
    if (term < negligible * sum) break
  }
  return Math.max(0, -(first + Math.log(sum)))
}

/**
 * -ln P(Y_1 + ... + Y_k >= nats) for independent Y_i that are each at most exponential with mean 1, as -ln p of a valid test is:
 * the upper tail of a Gamma(k, 1), nats - ln(sum over j < k of nats^j / j!). (R. A. Fisher, Statistical Methods for Research
 * Workers, 4th ed., 1932, section 21.1.)
 */
export const combinedSurprise = (nats: number, tests: number): number => {
  if (nats <= 0 || tests <= 0) return 0
  if (nats === Infinity) return Infinity
  let term = 1
  let sum = 1
  for (let j = 1; j < tests; j++) {
    term *= nats / j
    sum += term
  }
  return Math.max(0, nats - Math.log(sum))
}
