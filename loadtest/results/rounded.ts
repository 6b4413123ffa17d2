import type { Spread } from './scenario-result.ts'

/**
 * To so many significant digits: what is kept shows no more than was measured. 0 where there was nothing to measure.
 */
export const rounded = (value: number, digits = 4): number =>
  Number.isFinite(value) ? Number(value.toPrecision(digits)) : 0

export const roundedSpread = ({ median, least, most }: Spread): Spread => ({
  median: rounded(median),
  least: rounded(least),
  most: rounded(most),
})
