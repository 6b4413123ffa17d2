/** Tickets that name the TLS connection they were made for, sent by MIT's GSSAPI (python3-gssapi) and by curl. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { curlNegotiate } from '../../devkit/realm/clients.ts'
import { PROXY_NAME } from '../../devkit/realm/lab-accounts.ts'
import { runCommand } from '../../devkit/realm/run-command.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'
import { seenAs } from './proxy-client.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'

const CLIENT = join(import.meta.dirname, '../../devkit/realm/bound-client.py')

type Binding = 'end-point' | 'another' | 'none'

let lab: ProxyLab
let certificate: Certificate
before(async () => {
  await ensureDebianPackages(['python3-gssapi'])
  certificate = await createCertificate(`DNS:${PROXY_NAME}`)
  lab = await startProxyLab()
})
after(async () => {
  await lab?.close()
  await certificate?.remove()
})

/** Where TLS ends. */
const start = (channelBindings: string, listener: object = {}): Promise<LabProxy> =>
  lab.proxy({
    configure: config => ({
      ...config,
      publicUrl: config.publicUrl.replace('http:', 'https:'),
      listener: {
        ...{ ...config.listener, ...listener },
        tls: { certificateFile: certificate.certificateFile, privateKeyFile: certificate.privateKeyFile },
      },
      kerberos: { ...config.kerberos, channelBindings },
    }),
  })

async function outcome({ address, port }: LabProxy, binding: Binding): Promise<string> {
  const { env } = await lab.client('alice')
  const args = [CLIENT, address, String(port), PROXY_NAME, '/whoami', binding]
  const printed = await runCommand('/usr/bin/python3', args, { env })
  const { status, code, body }: { status: number; code: string | null; body: string } = JSON.parse(printed)
  if (status === 200) assert.equal(body, seenAs('alice'))
  return `${status} ${code ?? ''}`.trim()
}

const UNBOUND = '401 negotiate-unbound'

for (const { name, channelBindings, listener, expected } of [
  {
    name: 'accept: another certificate is refused, and none is none',
    ...{ channelBindings: 'accept', listener: {} },
    expected: { 'end-point': '200', another: UNBOUND, none: '200' },
  },
  {
    name: 'accept, through a proxy that forwards requests: TLS ended there',
    ...{ channelBindings: 'accept', listener: { trustedProxies: ['127.0.0.1'] } },
    expected: { 'end-point': '200', another: '200', none: '200' },
  },
  {
    name: 'require: ours, whoever forwards it',
    ...{ channelBindings: 'require', listener: { trustedProxies: ['127.0.0.1'] } },
    expected: { 'end-point': '200', another: UNBOUND, none: UNBOUND },
  },
  {
    name: 'ignore: nothing is compared',
    ...{ channelBindings: 'ignore', listener: {} },
    expected: { 'end-point': '200', another: '200', none: '200' },
  },
]) {
  test(name, async () => {
    const proxy = await start(channelBindings, listener)
    const found: Record<string, string> = {}
    for (const binding of ['end-point', 'another', 'none'] as const) found[binding] = await outcome(proxy, binding)
    assert.deepEqual(found, expected)
    await proxy.stop()
  })
}

describe('curl over TLS', () => {
  test('passes by default, whether or not it knows bindings', async () => {
    const proxy = await start('accept')
    const options = { resolve: [proxy.resolve], args: ['--cacert', certificate.certificateFile] }
    const url = `${proxy.url.replace('http:', 'https:')}/whoami`
    assert.equal((await curlNegotiate(await lab.client('bob'), url, options)).body, seenAs('bob'))
    await proxy.stop()
  })
})
