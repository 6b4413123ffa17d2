/** What differs from one request to the next: identities, of which each request takes one at random. */
import { readFileSync } from 'node:fs'
import type { LoadRequest } from '../load.ts'

/** Files with one identity a line, by the placeholder that stands for it in the fields of a request. */
export type Lists = Readonly<Record<string, string>>

/** The request once for each identity of the list whose placeholder is in it; as it is where there is none. */
export function everyones(lists: Lists, request: LoadRequest): LoadRequest[] {
  for (const [placeholder, file] of Object.entries(lists))
    for (const [name, value] of Object.entries(request.fields))
      if (value.includes(placeholder))
        return linesOf(file).map(line => {
          return { ...request, fields: { ...request.fields, [name]: value.replace(placeholder, line) } }
        })
  return [request]
}

/** Puts an identity in the place of each placeholder. */
export function readLists(lists: Lists): (request: LoadRequest) => LoadRequest {
  const read = Object.entries(lists).map(([placeholder, file]) => ({
    placeholder,
    lines: linesOf(file),
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

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').trimEnd().split('\n')
