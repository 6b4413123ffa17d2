/**
 * The child process of initiator.ts: npm `kerberos` makes Negotiate tokens.
 *   in  {"id","spn","ccache"}   out  {"id","token"} or {"id","error"}
 * Its argument is the package.json beside the node_modules to load `kerberos` from.
 */
import { createRequire } from 'node:module'

type Request = { readonly id: number; readonly spn: string; readonly ccache: string }
type KerberosModule = {
  readonly GSS_MECH_OID_SPNEGO: number
  initializeClient(
    service: string,
    options: { mechOID: number },
  ): Promise<{ step(challenge: string): Promise<string | null> }>
}

const kerberos: KerberosModule = createRequire(String(process.argv[2]))('kerberos')

async function tokenFor({ spn, ccache }: Request): Promise<string> {
  // libkrb5 reads the environment when it makes a context, so requests go one after the other.
  process.env.KRB5CCNAME = ccache
  const client = await kerberos.initializeClient(spn, { mechOID: kerberos.GSS_MECH_OID_SPNEGO })
  const token = await client.step('')
  if (token === null) throw new Error('the initiator made no token')
  return token
}

let last = Promise.resolve()

process.on('message', (request: Request) => {
  last = last.then(async () => {
    try {
      process.send?.({ id: request.id, token: await tokenFor(request) })
    } catch (error) {
      process.send?.({ id: request.id, error: error instanceof Error ? error.message : String(error) })
    }
  })
})

process.on('disconnect', () => process.exit(0))
