/** What differs from one request to the next: identities, of which each request takes one at random. */
import { readFileSync } from 'node:fs'
import type { LoadRequest } from '../load.ts'

/** Files with one identity a line, by the placeholder that stands for it in the fields of a request. */
export type Lists = Readonly<Record<string, string>>

/** Puts an identity in the place of each placeholder. */
export function readLists(lists: Lists): (request: LoadRequest) => LoadRequest {
  const read = Object.entries(lists).map(([placeholder, file]) => ({
    placeholder,
    lines: readFileSync(file, 'utf8').trimEnd().split('\n'),
  }))
  return request => {
    let fields = request.fields
    for (const { placeholder, lines } of read)
      for (const [name, value] of Object.entries(request.fields))
        if (value.includes(placeholder))
          fields = {
            ...fields,
            [name]: value.replace(placeholder, lines[Math.floor(Math.random() * lines.length)] ?? ''),
          }
    return fields === request.fields ? request : { ...request, fields }
  }
}
