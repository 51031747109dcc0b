/**
 * Agreement between people who judge the same things by names without an order.
 *
 * Krippendorff's alpha, K. Krippendorff, "Computing Krippendorff's alpha-reliability", University of Pennsylvania (2011), nominal: any number of judges,
 * judgements may be missing. With n(u, c) judgements c of unit u, m(u) = sum over c of n(u, c) at least 2, n(c) their sum over units and n the sum of all:
 * observed disagreement = 1/n sum over u of sum over c of n(u, c) (m(u) - n(u, c)) / (m(u) - 1); expected = sum over c of n(c) (n - n(c)) / (n (n - 1));
 * alpha = 1 - observed / expected. 1: they agree; 0: as chance would.
 *
 * Cohen's kappa, J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20 (1960): two judges of the same
 * units; (p - e) / (1 - e) with p the share of agreement and e that of two who judge apart with their own frequencies.
 */

/** `units`: for each, how often each judgement was given (one length for all). NaN where fewer than two units of two judgements or all are the same. */
export const krippendorffAlpha = (units: readonly (readonly number[])[]): number => {
  const totals: number[] = []
  let all = 0
  let observed = 0
  for (const counts of units) {
    const judgements = counts.reduce((sum, count) => sum + count, 0)
    if (judgements < 2) continue
    all += judgements
    counts.forEach((count, c) => {
      totals[c] = (totals[c] ?? 0) + count
      observed += (count * (judgements - count)) / (judgements - 1)
    })
  }
  const expected = totals.reduce((sum, total) => sum + (total * (all - total)) / (all - 1), 0)
  return expected > 0 ? 1 - observed / expected : Number.NaN
}

/** `table[a * classes + b]`: units that the first judged a and the second b. NaN where there is none, or both always said the same one thing. */
export const cohenKappa = (table: readonly number[], classes: number): number => {
  const all = table.reduce((sum, count) => sum + count, 0)
  let agreed = 0
  let chance = 0
  for (let a = 0; a < classes; a++) {
    agreed += table[a * classes + a]!
    let row = 0
    let column = 0
    for (let b = 0; b < classes; b++) {
      row += table[a * classes + b]!
      column += table[b * classes + a]!
    }
    chance += (row / all) * (column / all)
  }
  return all > 0 && chance < 1 ? (agreed / all - chance) / (1 - chance) : Number.NaN
}
