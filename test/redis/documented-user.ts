import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The ACL line of docs/redis.md with a password of ours, and what it adds for a mode. */
export async function documentedUser(password: string, mode?: 'cluster'): Promise<string> {
  const page = await readFile(join(import.meta.dirname, '../../docs/redis.md'), 'utf8')
  const line = /^user torhaus .*$/m.exec(page)?.[0]
  const added = mode === undefined ? '' : new RegExp(`for mode \`${mode}\` add \`([^\`]+)\``, 'i').exec(page)?.[1]
  assert.ok(line !== undefined && added !== undefined, `docs/redis.md has no ACL for ${mode ?? 'a single server'}`)
  return `${line.replace('#SHA256-OF-THE-PASSWORD', `>${password}`)} ${added}`
}
