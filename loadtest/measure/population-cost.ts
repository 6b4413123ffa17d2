/** What many identities cost beside one, each served by a Torhaus of its own in the same rounds. */
import { populationGoals } from '../goals.ts'
import { roundedSpread } from '../results/rounded.ts'
import type { Comparison } from '../results/scenario-result.ts'
import { type Figures, spread } from './figures.ts'

/** Per round, then the median. `counts`: by the name of the subject. Nothing where no one is alone. */
export function populationCost(
  scenario: string,
  figures: ReadonlyMap<string, Figures>,
  counts: ReadonlyMap<string, number>,
): Comparison[] {
  const costsOf = (name: string) => figures.get(name)?.costs ?? []
  const [alone] = [...counts].find(([, count]) => count === 1) ?? []
  if (alone === undefined) return []
  return [...counts]
    .filter(([name]) => name !== alone)
    .map(([name, count]) => {
      const ratios = costsOf(name).map((cost, round) => cost / (costsOf(alone)[round] ?? Number.NaN))
      const atMost = populationGoals[scenario]?.[count]
      return {
        what: `${count.toLocaleString('en-US')} identities, cost beside one`,
        ...{ measured: roundedSpread(spread(ratios)), digits: 2 },
        ...(atMost !== undefined && { atMost }),
      }
    })
}
