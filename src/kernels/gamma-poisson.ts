/**
 * Upper tails of counts, in nats (-ln p), accurate far into the tail where p underflows.
 *
 * Poisson: P(X >= n) with mean mu. Negative binomial: the predictive distribution of a Poisson count whose rate is mu * L with
 * L ~ Gamma(shape, scale 1/rate); P(X = k) = G(k + shape) / (k! G(shape)) (1 - q)^shape q^k with q = mu / (rate + mu).
 * Gelman, A. et al. (2013): Bayesian Data Analysis, 3rd edition, section 2.6.
 * Log-gamma: Lanczos, C. (1964): A precision approximation of the gamma function. SIAM J. Numer. Anal. B 1, 86-96, with the
 * coefficients g = 7, n = 9 (relative error below 1e-14).
 */

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

/** ln G(x) for x > 0. */
export const logGamma = (x: number): number => {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const z = x - 1
  let sum = LANCZOS[0]!
  for (let i = 1; i < 9; i++) sum += LANCZOS[i]! / (z + i)
  const t = z + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum)
}

/** Terms of a tail series are dropped when they no longer change a double. */
const NEGLIGIBLE = 1e-16

/** -ln P(X >= n), X ~ Poisson(mu). 0 for n <= 0; infinite for mu = 0 and n > 0. */
export const poissonSurprise = (n: number, mu: number): number => {
  if (n <= 0) return 0
  if (mu <= 0) return Number.POSITIVE_INFINITY
  if (n <= mu) return belowMeanSurprise(n, (k) => k * Math.log(mu) - mu - logGamma(k + 1))
  let sum = 1
  let term = 1
  for (let k = n + 1; term > NEGLIGIBLE * sum; k++) {
    term *= mu / k
    sum += term
  }
  return Math.max(0, mu - n * Math.log(mu) + logGamma(n + 1) - Math.log(sum))
}

/** Near and below the mean the upper tail is one minus the few terms below it. */
const belowMeanSurprise = (n: number, logTerm: (k: number) => number): number => {
  let below = 0
  for (let k = 0; k < n; k++) below += Math.exp(logTerm(k))
  return below >= 1 ? 0 : -Math.log1p(-below)
}

/**
 * -ln P(X >= n) of the predictive negative binomial: mean mu * shape / rate. `shape` and `rate` above 0. 0 for n <= 0.
 */
export const gammaPoissonSurprise = (n: number, mu: number, shape: number, rate: number): number => {
  if (n <= 0) return 0
  if (mu <= 0) return Number.POSITIVE_INFINITY
  const q = mu / (rate + mu)
  const logTerm = (k: number): number =>
    logGamma(k + shape) - logGamma(k + 1) - logGamma(shape) + shape * Math.log1p(-q) + k * Math.log(q)
  if (n <= (mu * shape) / rate) return belowMeanSurprise(n, logTerm)
  let sum = 1
  let term = 1
  for (let k = n; term > NEGLIGIBLE * sum; k++) {
    term *= ((k + shape) / (k + 1)) * q
    sum += term
  }
  return Math.max(0, -(logTerm(n) + Math.log(sum)))
}

/** -ln P(X >= k), X ~ Binomial(n, q). 0 for k <= 0; infinite for k > n. */
export const binomialSurprise = (k: number, n: number, q: number): number => {
  if (k <= 0 || q >= 1) return k > n ? Number.POSITIVE_INFINITY : 0
  if (k > n || q <= 0) return Number.POSITIVE_INFINITY
  const logTerm = (x: number): number =>
    logGamma(n + 1) - logGamma(x + 1) - logGamma(n - x + 1) + x * Math.log(q) + (n - x) * Math.log1p(-q)
  if (k <= n * q) return belowMeanSurprise(k, logTerm)
  const odds = q / (1 - q)
  let sum = 1
  let term = 1
  for (let x = k; x < n && term > NEGLIGIBLE * sum; x++) {
    term *= ((n - x) / (x + 1)) * odds
    sum += term
  }
  return Math.max(0, -(logTerm(k) + Math.log(sum)))
}
