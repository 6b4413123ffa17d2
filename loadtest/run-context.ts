/** What every run is given. */
export interface Run {
  /** Quick, to see that it works: its figures say little. */
  readonly short: boolean
  readonly signal: AbortSignal
  /** Progress. */
  readonly tell: (line: string) => void
}
