/**
 * The documented configurations of HAProxy and nginx, with the addresses of a test filled in, and the programs that run
 * them.
 */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../../devkit/realm/run-command.ts'
import { type ServerProcess, startServerProcess } from '../../devkit/realm/server-process.ts'
import type { Certificate } from '../../devkit/torhaus/certificate.ts'
import { freePorts } from '../../devkit/torhaus/free-port.ts'

export type BalancerKind = 'haproxy' | 'nginx'

export interface BalancerSetting {
  readonly kind: BalancerKind
  readonly certificate: Certificate
  /** For its files; made and removed by the caller. */
  readonly directory: string
  /** Of the two instances, in the order of the file. */
  readonly instances: readonly { readonly port: number; readonly healthPort: number }[]
  /** The version of the PROXY protocol; nginx has only the first. */
  readonly proxyProtocol: 1 | 2
  /** What is otherwise than documented. */
  readonly edit?: (text: string) => string
}

export interface Balancer {
  /** Where it ends TLS, and where it passes TLS on with the PROXY protocol. */
  readonly port: number
  readonly passingPort: number
  readonly process: ServerProcess
}

export async function startBalancer(setting: BalancerSetting): Promise<Balancer> {
  const [port, passingPort] = await freePorts()
  const files = setting.kind === 'haproxy' ? haproxyFiles : nginxFiles
  const { name, text } = await files(setting, port, passingPort)
  const configFile = join(setting.directory, name)
  await writeFile(configFile, setting.edit?.(text) ?? text)
  const [program, args] = commandOf(setting.kind, configFile, setting.directory)
  await runCommand(program, [...args, setting.kind === 'haproxy' ? '-c' : '-t'])
  const process = await startServerProcess(program, args, { address: '127.0.0.1', port })
  return { port, passingPort, process }
}

function commandOf(kind: BalancerKind, configFile: string, directory: string): [program: string, args: string[]] {
  if (kind === 'haproxy') return ['haproxy', ['-db', '-f', configFile]]
  const globals = `daemon off; pid ${join(directory, 'nginx.pid')};`
  return ['nginx', ['-e', 'stderr', '-c', configFile, '-g', globals]]
}

type Files = (setting: BalancerSetting, port: number, passingPort: number) => Promise<{ name: string; text: string }>

const haproxyFiles: Files = async (setting, port, passingPort) => {
  const pemFile = join(setting.directory, 'haproxy.pem')
  await writeFile(pemFile, setting.certificate.certificate + setting.certificate.privateKey, { mode: 0o600 })
  return filled('haproxy.cfg', setting, [
    ['send-proxy-v2', setting.proxyProtocol === 1 ? 'send-proxy' : 'send-proxy-v2'],
    ['bind :443 ssl', `bind 127.0.0.1:${port} ssl`],
    ['bind :443\n', `bind 127.0.0.1:${passingPort}\n`],
    ['/etc/haproxy/devops.example.com.pem', pemFile],
    ...setting.instances.map(
      ({ healthPort }, index) =>
        [`addr ${addressOf(index)} port 9090\n`, `addr 127.0.0.1 port ${healthPort}\n`] as const,
    ),
  ])
}

const nginxFiles: Files = (setting, port, passingPort) =>
  filled('nginx.conf', setting, [
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['listen 443;', `listen 127.0.0.1:${passingPort};`],
    ['/etc/nginx/devops.example.com.crt', setting.certificate.certificateFile],
    ['/etc/nginx/devops.example.com.key', setting.certificate.privateKeyFile],
    ['/var/log/nginx/devops.log', join(setting.directory, 'access.log')],
  ])

const addressOf = (index: number) => `192.0.2.${21 + index}`

/** The text of a file of deploy, its variant switched on beside the rest. */
async function filled(name: string, setting: BalancerSetting, changes: readonly (readonly [string, string])[]) {
  const addresses = setting.instances.flatMap(({ port }, index) =>
    ['8080', '8443'].map(documented => [`${addressOf(index)}:${documented} `, `127.0.0.1:${port} `] as const),
  )
  let text = (await readFile(join(import.meta.dirname, '../../deploy', name), 'utf8')).replace(/^#\+ ?/gm, '')
  for (const [from, to] of [...changes, ...addresses]) {
    assert.ok(text.includes(from), `${name} has no ${from}`)
    text = text.replaceAll(from, to)
  }
  assert.doesNotMatch(text.replaceAll(/^ *#.*$/gm, ''), /192\.0\.2\.|\/etc\/(haproxy|nginx\/devops)/)
  return { name, text }
}
