/** What is wrong around Torhaus on the first day, and which option `torhaus op-check` names for it. */
import { connect } from 'node:net'
import { createServer } from 'node:tls'
import { loadConfig } from '../../config/load.ts'
import { providersOf } from '../../config/providers.ts'
import { listen } from '../../devkit/op/listen.ts'
import { createCertificate } from '../../devkit/torhaus/certificate.ts'
import { checkProvider, type SendToOp, trySignIn } from '../../src/app/check-provider.ts'
import { optionsFound } from './wrong-values.ts'

/** The OP by TLS, with a certificate of an authority that is not among those of Node; and with that one in `caFile`. */
export async function optionsBehindTls(configFile: string) {
  await using opened = new AsyncDisposableStack()
  const [own, another] = [await createCertificate('IP:127.0.0.1'), await createCertificate('IP:127.0.0.1')]
  opened.defer(own.remove)
  opened.defer(another.remove)
  let opPort = 0
  const server = createServer({ cert: own.certificate, key: own.privateKey }, client => {
    const op = connect(opPort, '127.0.0.1')
    client.on('error', () => op.destroy()).on('close', () => op.destroy())
    op.on('error', () => client.destroy())
    client.pipe(op).pipe(client)
  })
  const port = await listen(server, '127.0.0.1', 0)
  opened.defer(() => void server.close())
  const trusting = async (caFile?: string) => {
    const { options } = await optionsFound(configFile, {
      ...{ name: 'the authority', options: [] },
      change(right) {
        const issuer = new URL(right.oidc.issuer)
        opPort = Number(issuer.port)
        const behind = `https://127.0.0.1:${port}${issuer.pathname === '/' ? '' : issuer.pathname}`
        return { ...right, oidc: { ...right.oidc, issuer: behind, ...(caFile === undefined ? {} : { caFile }) } }
      },
    })
    return options
  }
  return {
    unknown: await trusting(),
    another: await trusting(another.certificateFile),
    // Reached, it calls itself as ever.
    own: await trusting(own.certificateFile),
  }
}

export const BEHIND_TLS = { unknown: ['oidc.caFile'], another: ['oidc.caFile'], own: ['oidc.issuer'] }

/** With our clock so far ahead; `send`: somebody signs in. */
export async function optionsAt(configFile: string, aheadMs: number, send?: SendToOp): Promise<string[]> {
  const loaded = loadConfig(configFile, {})
  if (!loaded.ok) throw new Error('the configuration of the test has problems')
  const [one] = providersOf(loaded.config)
  if (one === undefined) throw new Error('the configuration of the test has no provider')
  const now = () => Date.now() + aheadMs
  const found = await checkProvider(loaded.config, one, now)
  if (send !== undefined) found.push(...(await trySignIn(loaded.config, one, now, send)).findings)
  return found.map(({ option }) => option)
}
