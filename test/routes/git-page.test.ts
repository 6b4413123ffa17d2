import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { signIn } from '../../devkit/op/user-agent.ts'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'
import { Person } from '../grants/person.ts'

let proxy: ProxyUnderTest
before(async () => {
  const { deviceClientId } = agreed
  proxy = await startProxy({
    configure: config => ({ ...configured()(config), oidc: { ...config.oidc, deviceClientId } }),
  })
})
after(() => proxy.close())

test('the page for git shows the lines of the own server, each way', async () => {
  const { url, op, users } = proxy.fixture
  const person = new Person()
  const { text } = await signIn(person, `${url}/.torhaus/git`, users.ada)
  for (const line of [
    `git config --global credential.${url}.provider generic`,
    `git config --global credential.${url}.oauthTokenEndpoint ${op.issuer}/token`,
    `--issuer ${op.issuer} --client-id ${agreed.deviceClientId} --acr-values`,
    'personal access token',
  ])
    assert.ok(text.includes(line), line)
})

test('the helper can be downloaded as it is in the sources', async () => {
  const answer = await fetch(`${proxy.fixture.url}/.torhaus/torhaus-credential.mjs`)
  const source = join(import.meta.dirname, '../../src/routes/torhaus-credential.mjs')
  assert.equal(await answer.text(), await readFile(source, 'utf8'))
  assert.match(answer.headers.get('content-disposition') ?? '', /^attachment/)
})
