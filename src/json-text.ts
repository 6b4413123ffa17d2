/** Controls, marks of direction and the like, except the line feeds of an indented text. */
const STEERING = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A value as JSON, with what could steer a terminal escaped: `JSON.stringify` escapes the controls of ASCII alone. */
export const jsonText = (value: object, indent?: number): string =>
  `${JSON.stringify(value, null, indent).replace(STEERING, escaped)}\n`

const escaped = (character: string): string =>
  character
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
