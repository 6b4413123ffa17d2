/** Colours of our own pages, and whether they can be read (WCAG 2.2, contrast ratio and relative luminance). */

/** What our own pages are written on. */
export const PAPER = { light: '#ffffff', dark: '#1b222c' } as const

/** Links and buttons, where nobody says otherwise. */
export const ACCENT = { light: '#1f5fbf', dark: '#7db0ff' } as const

/** For text (WCAG 2.2 1.4.3, level AA). */
export const MIN_CONTRAST = 4.5

/** From 1 (the same) to 21 (black and white), of two colours as `#rrggbb`. */
export function contrast(one: string, other: string): number {
  const [lighter = 0, darker = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(at => {
    const share = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
