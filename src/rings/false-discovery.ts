/**
 * False-discovery rate over the candidates of a run.
 *
 * Benjamini, Y. and Hochberg, Y. (1995): Controlling the false discovery rate: a practical and powerful approach to multiple
 * testing. Journal of the Royal Statistical Society B 57(1), 289-300.
 *
 * q(i) = min over j >= i of p(j) m / j, with the p-values in rising order and m hypotheses. Everything is in nats
 * (-ln p), because a ring's p underflows a double long before it stops mattering for the order.
 */

/**
 * `nats` of each candidate, already corrected for the search within its detector; `silent` counts the detectors that ran and
 * found nothing: each is one more hypothesis with p = 1, without which a run of many silent detectors would be judged too
 * mildly. Returns the q-value of each, 0 to 1, in the order given.
 */
export const falseDiscoveryRates = (nats: Float64Array, silent: number): Float64Array => {
  const hypotheses = nats.length + silent
  const order = Int32Array.from(nats, (_, i) => i).sort((a, b) => nats[b]! - nats[a]!)
  const rates = new Float64Array(nats.length)
  let least = 0
  for (let position = nats.length - 1; position >= 0; position--) {
    const logRate = -nats[order[position]!]! + Math.log(hypotheses / (position + 1))
    least = Math.min(least, logRate)
    rates[order[position]!] = Math.exp(least)
  }
  return rates
}
