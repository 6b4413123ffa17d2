import { randomUUID } from 'node:crypto'
import { jsonMember } from '../op/json-member.ts'
import { type OriginExchange, readJson, sendJson } from './exchange.ts'

type Lock = {
  readonly id: string
  readonly path: string
  readonly locked_at: string
  readonly owner: { readonly name: string }
}

const LFS_TYPE = 'application/vnd.git-lfs+json'
const MAX_LOCKS = 1000

/** The File Locking API of git-lfs: a lock belongs to an account, and to nobody else. */
export class LfsLocks {
  readonly #locks = new Map<string, Lock>()

  /** `resource` begins with `/locks`. */
  async serve(exchange: OriginExchange, resource: string): Promise<void> {
    const { request, response, url, identity } = exchange
    const [, id, action] = /^\/locks\/([\w-]+)(?:\/(\w+))?$/.exec(resource) ?? []
    const answer = (status: number, value: object) => sendJson(response, status, value, LFS_TYPE)
    if (request.method === 'GET' && resource === '/locks') return answer(200, { locks: this.#at(url) })
    if (request.method !== 'POST') return answer(404, { message: 'Not supported here' })
    const content = await readJson(request)
    if (resource === '/locks') return this.#lock(answer, identity.account, jsonMember(content, 'path'))
    if (resource === '/locks/verify') {
      const isOurs = (lock: Lock) => lock.owner.name === identity.account
      const all = this.#at(url)
      return answer(200, { ours: all.filter(isOurs), theirs: all.filter(lock => !isOurs(lock)) })
    }
    const lock = this.#locks.get(id ?? '')
    if (action !== 'unlock' || lock === undefined) return answer(404, { message: 'No such lock' })
    if (lock.owner.name !== identity.account) return answer(403, { message: `The lock is ${lock.owner.name}'s` })
    this.#locks.delete(lock.id)
    return answer(200, { lock })
  }

  #at(url: URL): Lock[] {
    const path = url.searchParams.get('path')
    return Array.from(this.#locks.values()).filter(lock => path === null || lock.path === path)
  }

  #lock(answer: (status: number, value: object) => void, account: string, path: unknown): void {
    if (typeof path !== 'string' || this.#locks.size >= MAX_LOCKS) return answer(422, { message: 'This is no lock' })
    const held = Array.from(this.#locks.values()).find(lock => lock.path === path)
    if (held !== undefined) return answer(409, { lock: held, message: 'already created lock' })
    const lock = { id: randomUUID(), path, locked_at: new Date().toISOString(), owner: { name: account } }
    this.#locks.set(lock.id, lock)
    return answer(201, { lock })
  }
}
