/** Numbers as people read them. */
const NUMBER = new Intl.NumberFormat('en')

export const countOf = (value: number): string => NUMBER.format(Math.round(value))

export const shareOf = (part: number, all: number): string =>
  all === 0 ? 'nothing yet' : `${((100 * part) / all).toFixed(part === all ? 0 : 1)} %`

/** In the unit that leaves few digits. */
export function secondsOf(seconds: number | undefined): string {
  if (seconds === undefined) return '-'
  return seconds < 1 ? `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms` : `${seconds.toFixed(1)} s`
}

export const megabytesOf = (bytes: number): string => `${countOf(bytes / 2 ** 20)} MiB`

/** To the second, as records of the log are looked for. */
export const momentOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
