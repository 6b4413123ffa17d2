import { parseAddressRange } from './address-range.ts'
import type { Report } from './diagnostic.ts'

/** IP addresses and CIDR ranges, none of which is everything. */
export function checkRanges(path: string, ranges: readonly string[], report: Report): void {
  ranges.forEach((text, index) => {
    const range = parseAddressRange(text)
    if (range === undefined) report(`${path}[${index}]`, `${JSON.stringify(text)} is not an IP address or CIDR range`)
    else if (range.prefix === 0) report(`${path}[${index}]`, 'would be every address')
  })
}
