/** What our pages say to one reader: texts of the table of a language, and times as people say them there. */
import { english, type TextKey, type Texts } from '../texts/english.ts'
import { Html, html } from './html.ts'

export type Filling = Readonly<Record<string, string | number | Html>>

export interface Speech {
  /** Language tag (BCP 47). */
  readonly tag: string
  /** Which way it is written (HTML 3.2.6.4). */
  readonly direction: 'ltr' | 'rtl'
  /** The text, with what is filled in where it has a name in braces. All that is no Html is escaped. */
  say(key: TextKey, filling?: Filling): Html
  /** In the largest unit that is not too coarse, rounded down. */
  duration(durationMs: number): string
  /** A time in the past, both ways people read it: how long ago, and in UTC. */
  moment(timeMs: number, nowMs: number): Html
  /** The same without markup, for an attribute. */
  momentText(timeMs: number, nowMs: number): Html
}

const PLACE = /\{(\w+)\}/

const MINUTE_MS = 60_000

type Unit = 'minute' | 'hour' | 'day'

/** Minutes up to two hours, hours up to two days. */
function roundedDown(durationMs: number): readonly [count: number, unit: Unit] {
  const minutes = Math.max(0, Math.floor(durationMs / MINUTE_MS))
  if (minutes < 120) return [minutes, 'minute']
  return minutes < 2880 ? [Math.floor(minutes / 60), 'hour'] : [Math.floor(minutes / 1440), 'day']
}

/** `tag`: whose rules for numbers and times count. */
export function speechOf(tag: string, texts: Texts): Speech {
  // Made when they are needed first: 15 ms, for which a start would wait.
  let ago: Intl.RelativeTimeFormat | undefined
  const units = new Map<Unit, Intl.NumberFormat>()
  const agoText = (count: number, unit: Unit): string => {
    ago ??= new Intl.RelativeTimeFormat(tag)
    return ago.format(-count, unit)
  }
  const countText = (count: number, unit: Unit): string => {
    const format = units.get(unit) ?? new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' })
    units.set(unit, format)
    return format.format(count)
  }
  const say = (key: TextKey, filling: Filling = {}) => filled(texts[key], filling)
  const momentText = (timeMs: number, nowMs: number) => {
    const [count, unit] = roundedDown(nowMs - timeMs)
    const utc = new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')
    return say('time.both', { ago: count === 0 ? say('time.justNow') : agoText(count, unit), utc })
  }
  return {
    tag,
    direction: new Intl.Locale(tag).getTextInfo().direction === 'rtl' ? 'rtl' : 'ltr',
    say,
    momentText,
    duration(durationMs) {
      const [count, unit] = roundedDown(durationMs)
      return count === 0 ? texts['time.lessThanMinute'] : countText(count, unit)
    },
    // HTML 4.5.14: whoever reads the page for somebody can say it in their zone.
    moment: (timeMs, nowMs) =>
      html`<time datetime="${new Date(timeMs).toISOString()}">${momentText(timeMs, nowMs)}</time>`,
  }
}

/** What has no name in `filling` stays as it is. */
function filled(text: string, filling: Filling): Html {
  const parts = text.split(PLACE)
  return new Html(parts.map((part, at) => html`${at % 2 === 0 ? part : (filling[part] ?? `{${part}}`)}`.text).join(''))
}

/** For operators, whose pages are in English. */
export const ENGLISH: Speech = speechOf('en', english)
