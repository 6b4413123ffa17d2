/** npm, whose `_authToken` is a token of the server: what it shows of a link to confirm. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { confirmAt } from '../../devkit/clients/own-forms.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { linkIn } from '../grants/grants-lab.ts'
import { type ClientLab, startClientLab } from './client-lab.ts'

let lab: ClientLab
let home: string
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'torhaus-npm-'))
  lab = await startClientLab(config => ({
    ...config,
    credentials: {
      ...config.credentials,
      patProof: { profile: 'azure-devops' },
      patPolicy: { confirm: 'first-use', reportOnly: false },
    },
  }))
  const registry = `${lab.torhaus.url}/DefaultCollection/_packaging/feed/npm/registry/`
  const lines = [`registry=${registry}`, `${registry.slice('http:'.length)}:_authToken=${lab.pat}`]
  await writeFile(join(home, '.npmrc'), [...lines, 'fetch-retries=0', 'update-notifier=false', ''].join('\n'))
})
after(async () => {
  await lab?.close()
  await rm(home, { recursive: true, force: true })
})

/** What npm prints of a package that is not there. */
const view = () =>
  new Promise<string>(resolve =>
    execFile(
      'npm',
      ['view', 'a-package'],
      { cwd: home, env: { PATH: process.env.PATH, HOME: home }, timeout: 120_000 },
      (_, stdout, stderr) => resolve(stdout + stderr),
    ),
  )

test('npm prints the link, and asks the server itself once the owner has confirmed', { timeout: 360_000 }, async () => {
  const refused = await view()
  assert.match(refused, /E403/)
  const browser = new BrowserClient()
  await signIn(browser, `${lab.torhaus.url}/.torhaus/`, lab.torhaus.users.ada)
  await confirmAt(browser, linkIn(refused), lab.torhaus.users.ada)
  assert.match(await view(), /E404/)
})
