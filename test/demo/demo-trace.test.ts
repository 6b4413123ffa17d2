import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runDemo } from '../../devkit/demo/demo-process.ts'
import { jsonMember } from '../../devkit/op/json-member.ts'
import { freePorts } from '../../devkit/torhaus/free-port.ts'

test('with --trace the demo prints each request stage by stage, without its credentials, and --json stays one line', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-demo-test-'))
  const [port, adminPort] = await freePorts()
  const demo = runDemo(['--json', '--trace'], { PORT: `${port}`, ADMIN_PORT: `${adminPort}`, TMPDIR: directory })
  try {
    const line = await demo.firstLine
    if (line === '') assert.fail((await demo.ended).stderr)
    const facts: unknown = JSON.parse(line)
    const fact = (name: string) => String(jsonMember(facts, name))
    const isPrinted = seen(demo.child.stderr, /8 forward .*\n[\s\S]*5 require-second-factor .*credentials-missing/)
    const secrets = [fact('bearer'), Buffer.from(`:${fact('pat')}`).toString('base64')] as const
    for (const authorization of [`Bearer ${secrets[0]}`, `Basic ${secrets[1]}`])
      assert.equal((await fetch(fact('whoami'), { headers: { authorization } })).status, 200)
    assert.equal((await fetch(fact('whoami'))).status, 401)
    await isPrinted
    demo.child.kill('SIGTERM')
    const { stdout, stderr, status } = await demo.ended
    assert.deepEqual([status, stdout], [0, `${line}\n`])
    assert.match(stderr, /^GET \/DefaultCollection\/_apis\/whoami -> 401 challenged in /m)
    for (const secret of [...secrets, fact('pat'), fact('password')]) assert.ok(!stderr.includes(secret))
  } finally {
    demo.child.kill('SIGKILL')
    await demo.ended
    await rm(directory, { recursive: true, force: true })
  }
})

/** Resolves once the stream has said so; rejects where it ends before. */
function seen(stream: NodeJS.ReadableStream | null, what: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = ''
    stream?.on('data', chunk => {
      text += chunk
      if (what.test(text)) resolve()
    })
    stream?.once('end', () => reject(new Error(text)))
  })
}
