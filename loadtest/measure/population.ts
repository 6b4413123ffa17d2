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

/** A request with a session, as anyone sends it. Undefined: there is none in it. */
export function asAnySession(request: LoadRequest): LoadRequest | undefined {
  const { Cookie: cookie = '' } = request.fields
  return SESSION.test(cookie) ? withField(request, 'Cookie', cookie.replace(SESSION, `$1${PLACEHOLDER}`)) : undefined
}

/** Of which each request takes one at random; see saturate.ts. Returns the name of the file. */
export function writeIdentities(directory: string, identities: readonly string[]): string {
  const linesFile = join(directory, 'identities')
  writeFileSync(linesFile, identities.map(identity => `${identity}\n`).join(''), { mode: 0o600 })
  return linesFile
}

const BASIC = /^Basic .+$/

/**
 * `count` sessions of as many accounts in the store of the Torhaus under load, or as many personal access tokens: as the
 * request of one of them is.
 * @throws {TypeError} where the request has neither, so that there is nothing to differ.
 */
export function populationLike(request: LoadRequest, count: number, surroundings: Surroundings): Population {
  const write = (identities: readonly string[]) => writeIdentities(surroundings.directory, identities)
  if (asAnySession(request) !== undefined) {
    const accountOf = (index: number) => `user-${index}`
    const linesFile = write(seedSessions({ ...sessionFiles(surroundings), count, accountOf }))
    return { linesFile, anyones: one => asAnySession(one) ?? one }
  }
  if (BASIC.test(request.fields.Authorization ?? '')) {
    const linesFile = write(Array.from({ length: count }, () => Buffer.from(`:${randomPat()}`).toString('base64')))
    return { linesFile, anyones: one => withField(one, 'Authorization', `Basic ${PLACEHOLDER}`) }
  }
  throw new TypeError('--identities is for scenarios with browser sessions or personal access tokens alone')
}

const withField = (request: LoadRequest, name: string, value: string): LoadRequest => ({
  ...request,
  fields: { ...request.fields, [name]: value },
})
