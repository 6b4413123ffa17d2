/** Supervisor and two workers with a credential at the admin listener, for the pages of operators. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Configure, startWorkersLab, type WorkersLab } from '../workers/workers-lab.ts'

export type OperatorLab = WorkersLab & {
  /** `http://127.0.0.1:PORT` of the admin listener. */
  readonly adminUrl: string
  readonly credential: string
  /** With the credential. */
  ask(path: string, init?: RequestInit): Promise<Response>
  /** The page at `path`, as text. */
  page(path: string): Promise<string>
}

export async function startOperatorLab(more: Configure = config => config): Promise<OperatorLab> {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-operator-'))
  const credential = randomBytes(24).toString('base64url')
  const credentialFile = join(directory, 'credential')
  await writeFile(credentialFile, credential, { mode: 0o600 })
  const remove = () => rm(directory, { recursive: true, force: true })
  const lab = await startWorkersLab({}, config => {
    const changed = more(config) as typeof config
    return { ...changed, admin: { ...changed.admin, credentialFile } }
  }).catch(async error => {
    await remove()
    throw error
  })
  const adminUrl = `http://${lab.adminAddress}`
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${adminUrl}${path}`, {
      redirect: 'manual',
      ...init,
      headers: { Authorization: `Bearer ${credential}`, ...init.headers },
    })
  return {
    ...{ ...lab, adminUrl, credential, ask },
    page: async path => (await ask(path)).text(),
    async close() {
      await lab.close()
      await remove()
    },
  }
}

/** The fields of the first form on a page that has all of `wanted`, to be sent as they are. */
export function formIn(page: string, wanted: Readonly<Record<string, string>>): URLSearchParams {
  for (const [form] of page.matchAll(/<form method="post".*?<\/form>/gs)) {
    const fields = new URLSearchParams(
      [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
        name,
        value.replaceAll('&#39;', "'").replaceAll('&amp;', '&'),
      ]),
    )
    if (Object.entries(wanted).every(([name, value]) => fields.get(name) === value)) return fields
  }
  throw new Error(`no form for ${JSON.stringify(wanted)} in ${page}`)
}
