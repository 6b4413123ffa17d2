/** Many people in place of one: what identifies the sender differs from request to request, at random. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomPat } from '../credential-fields.ts'
import { seedSessions } from '../curves/seed-sessions.ts'
import { PLACEHOLDER } from '../generators/saturate.ts'
import { sessionFiles } from '../lab/torhaus.ts'
import type { LoadRequest } from '../load.ts'
import type { Surroundings } from '../subject.ts'

export interface Population {
  /** One identity a line; see saturate.ts. */
  readonly linesFile: string
  /** The request as anyone of them sends it. */
  anyones(request: LoadRequest): LoadRequest
}

const SESSION = /(torhaus=)[\w-]+/
const BASIC = /^Basic .+$/

/**
 * `count` sessions of as many accounts in the store of the Torhaus under load, or as many personal access tokens: as the
 * request of one of them is.
 * @throws {TypeError} where the request has neither, so that there is nothing to differ.
 */
export function populationLike(request: LoadRequest, count: number, surroundings: Surroundings): Population {
  const linesFile = join(surroundings.directory, 'identities')
  const write = (lines: readonly string[]) =>
    writeFileSync(linesFile, lines.map(line => `${line}\n`).join(''), { mode: 0o600 })
  const { Cookie: cookie = '', Authorization: authorization = '' } = request.fields
  if (SESSION.test(cookie)) {
    const accountOf = (index: number) => `user-${index}`
    write(seedSessions({ ...sessionFiles(surroundings), count, accountOf }))
    return { linesFile, anyones: withField('Cookie', text => text.replace(SESSION, `$1${PLACEHOLDER}`)) }
  }
  if (BASIC.test(authorization)) {
    write(Array.from({ length: count }, () => Buffer.from(`:${randomPat()}`).toString('base64')))
    return { linesFile, anyones: withField('Authorization', () => `Basic ${PLACEHOLDER}`) }
  }
  throw new TypeError('--identities is for scenarios with browser sessions or personal access tokens alone')
}

const withField =
  (name: string, change: (text: string) => string) =>
  (request: LoadRequest): LoadRequest => ({
    ...request,
    fields: { ...request.fields, [name]: change(request.fields[name] ?? '') },
  })
