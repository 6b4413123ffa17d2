/** RFC 9112 5. */
export function fieldLines(fields: readonly string[]): string {
  let lines = ''
  for (let index = 0; index < fields.length; index += 2) lines += `${fields[index]}: ${fields[index + 1]}\r\n`
  return lines
}
