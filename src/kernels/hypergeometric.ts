/**
 * Logarithms of factorials, binomials and hypergeometric tails, in nats.
 *
 * P(X >= x) for X the number of marked items among `drawn` taken without replacement from `total`, of which `marked` are
 * marked: sum over j >= x of C(marked, j) C(total - marked, drawn - j) / C(total, drawn). Terms above the mean fall faster than
 * a geometric series, so summing stops when a term no longer changes the sum. ln n! is Stirling's series: Abramowitz and Stegun,
 * Handbook of Mathematical Functions, 1964, 6.1.41.
 */

/** ln Gamma(1/2) */
const halfLogPi = 0.5 * Math.log(Math.PI)
const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI)

/** From here Stirling's series with four terms is within 1e-13. */
const stirlingFrom = 24

/** ln Gamma(x) for x > 0; below `stirlingFrom` by Gamma(x + 1) = x Gamma(x). */
export const logGamma = (x: number): number => {
  let product = 1
  let z = x
  while (z < stirlingFrom) product *= z++
  const square = z * z
  return (
    (z - 0.5) * Math.log(z) -
    z +
    halfLogTwoPi +
    (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / z -
    Math.log(product)
  )
}

const tableSize = 256
const table = new Float64Array(tableSize)
for (let n = 2; n < tableSize; n++) table[n] = table[n - 1]! + Math.log(n)

/** ln n! for whole n >= 0. */
export const logFactorial = (n: number): number => (n < tableSize ? table[n]! : logGamma(n + 1))

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

/**
 * Cost in nats, -ln of a probability that sums to 1 over all compositions, of telling how `total` items fall into `classes`
 * classes: the Dirichlet-multinomial with weight 1/2 a class (R. E. Krichevsky and V. K. Trofimov, "The Performance of Universal
 * Encoding", IEEE Transactions on Information Theory 27(2), 1981). Compositions that use few classes cost little.
 */
export const compositionCost = (counts: Int32Array, from: number, classes: number): number => {
  let total = 0
  let cost = classes * halfLogPi
  for (let c = 0; c < classes; c++) {
    const count = counts[from + c]!
    if (count === 0) {
      cost -= halfLogPi
      continue
    }
    total += count
    cost -= logGamma(count + 0.5) - logFactorial(count)
  }
  return cost - logFactorial(total) - logGamma(classes / 2) + logGamma(total + classes / 2)
}
