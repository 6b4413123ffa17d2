import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type DemoProcess, runDemo } from '../../devkit/demo/demo-process.ts'
import { jsonMember } from '../../devkit/op/json-member.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { freePorts } from '../../devkit/torhaus/free-port.ts'

async function withDemo(
  args: readonly string[],
  use: (demo: DemoProcess, port: number) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-demo-test-'))
  const [port, adminPort] = await freePorts()
  const demo = runDemo(args, { PORT: `${port}`, ADMIN_PORT: `${adminPort}`, TMPDIR: directory })
  try {
    await use(demo, port)
  } finally {
    demo.child.kill('SIGTERM')
    await demo.ended
    await rm(directory, { recursive: true, force: true })
  }
}

test('with --own-host the pages of Torhaus have another name of loopback, and a sign-in leads to the server as ever', () =>
  withDemo(['--json', '--own-host'], async (demo, port) => {
    const line = await demo.firstLine
    if (line === '') assert.fail((await demo.ended).stderr)
    const fact = (name: string) => String(jsonMember(JSON.parse(line), name))
    assert.deepEqual([fact('proxy'), fact('ownPages')], [`http://127.0.0.1:${port}`, `http://localhost:${port}`])
    const person = { name: fact('user'), password: fact('password'), totpSecret: fact('totpSecret') }
    const browser = new BrowserClient()
    const page = await signIn(browser, `${fact('proxy')}/DefaultCollection/`, person)
    assert.deepEqual([page.status, page.url], [200, `${fact('proxy')}/DefaultCollection/`])
    const account = await browser.get(`${fact('proxy')}/.torhaus/`)
    assert.deepEqual([account.status, account.url], [200, `${fact('ownPages')}/.torhaus/`])
  }))

test('people get it without asking, and are told where their page is', () =>
  withDemo([], async (demo, port) => {
    const printed = new Promise<string>(resolve => {
      let text = ''
      demo.child.stdout?.on('data', chunk => {
        text += chunk
        if (text.includes('Ctrl-C')) resolve(text)
      })
      demo.child.stdout?.once('end', () => resolve(text))
    })
    const guide = await printed
    assert.match(guide, new RegExp(`Open +http://127\\.0\\.0\\.1:${port}/DefaultCollection/`))
    assert.match(guide, new RegExp(`Your page +http://localhost:${port}/\\.torhaus/`))
  }))
