/** From figures to places on an axis. */

export interface Tick {
  readonly at: number
  readonly label: string
}

export interface Scale {
  /** 0 at the beginning of the axis, 1 at its end. */
  place(value: number): number
  readonly ticks: readonly Tick[]
}

/** From 0 to a round number above `most`. */
export function linearScale(most: number, tickCount = 5): Scale {
  const step = roundStep(most / tickCount)
  const end = Math.max(step, Math.ceil(most / step) * step)
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, index) => tick(index * step))
  return { place: value => value / end, ticks }
}

/** Powers of ten, and their doubles and fivefolds where there is room for them. `least` is above 0. */
export function logScale(least: number, most: number): Scale {
  const decades = Math.log10(most / least)
  const factors = decades > 3 ? [1] : [1, 2, 5]
  const [from, to] = [roundDown(least, factors), roundUp(most, factors)]
  const ticks: Tick[] = []
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
    for (const factor of factors) {
      const at = factor * 10 ** power
      if (at >= from * 0.999 && at <= to * 1.001) ticks.push(tick(at))
    }
  }
  return logScaleWith(from, to, ticks)
}

export const logScaleWith = (from: number, to: number, ticks: readonly Tick[]): Scale => ({
  place: value => Math.log(Math.max(value, from) / from) / Math.log(to / from),
  ticks,
})

/** 1234 as 1,234; 0.5 as 0.5. */
export const numberText = (value: number) =>
  Number(value.toPrecision(6)).toLocaleString('en-US', { maximumFractionDigits: 3 })

/** 1024 as 1 KB. */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return numberText(bytes)
  return bytes < 1 << 20 ? `${numberText(bytes / 1024)} KB` : `${numberText(bytes / (1 << 20))} MB`
}

const tick = (at: number): Tick => ({ at, label: numberText(at) })

/** The next of 1, 2, 5 times a power of ten. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step || 1))
  const factor = [1, 2, 5, 10].find(candidate => candidate * power >= step * 0.999) ?? 10
  return factor * power
}

function roundDown(value: number, factors: readonly number[]): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return (factors.findLast(factor => factor * power <= value * 1.001) ?? 1) * power
}

function roundUp(value: number, factors: readonly number[]): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([...factors, 10].find(factor => factor * power >= value * 0.999) ?? 10) * power
}
