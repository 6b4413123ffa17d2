/** What people get wrong on the first day, and which option `torhaus op-check` names for it. */
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parse, stringify } from 'yaml'
import { runTorhaus } from '../cli/command-lab.ts'

interface Configuration {
  readonly publicUrl: string
  readonly oidc: { readonly issuer: string }
}

export interface WrongValue {
  readonly name: string
  readonly change: (right: Configuration) => object
  /** In the order they are found; none: nothing is wrong. */
  readonly options: readonly string[]
  readonly says?: RegExp
}

const oidc =
  (wrong: (issuer: string) => object) =>
  (right: Configuration): object => ({ ...right, oidc: { ...right.oidc, ...wrong(right.oidc.issuer) } })

export const WRONG_SECRET = 'a-secret-of-nobody'

/** What every OP can tell. */
export const wrongValues: readonly WrongValue[] = [
  { name: 'nothing', change: right => right, options: [] },
  {
    name: 'the secret',
    change: oidc(() => ({ clientSecretFile: WRONG_SECRET })),
    options: ['oidc.clientSecretFile'],
    says: /does not accept it for torhaus: it is wrong/,
  },
  {
    name: 'the redirect URI',
    change: right => ({ ...right, publicUrl: 'http://127.0.0.1:1' }),
    options: ['publicUrl'],
    says: /http:\/\/127\.0\.0\.1:1\/\.torhaus\/callback is not registered at the OP/,
  },
  {
    name: 'a slash after the issuer',
    change: oidc(issuer => ({ issuer: `${issuer}/` })),
    options: ['oidc.issuer'],
    says: /(the issuer is|the OP calls itself) http:\S+[^/], (not|but oidc\.issuer is) http:\S+\//,
  },
  {
    name: 'an issuer of another name',
    change: oidc(issuer => ({ issuer: `${issuer}/x` })),
    options: ['oidc.issuer'],
    says: /x\/.well-known\/openid-configuration cannot be read/,
  },
  {
    name: 'the client',
    change: oidc(() => ({ clientId: 'tourhaus' })),
    options: ['oidc.clientId'],
    says: /does not know tourhaus/,
  },
]

/** Runs it with that configuration, one value of which is changed; the file lies beside the right one. */
export async function optionsFound(configFile: string, { change }: WrongValue) {
  const directory = dirname(configFile)
  const file = join(directory, 'wrong.yaml')
  await writeFile(join(directory, WRONG_SECRET), WRONG_SECRET, { mode: 0o600 })
  await writeFile(file, stringify(change(parse(await readFile(configFile, 'utf8')))))
  const { code, out, error } = await runTorhaus(['op-check', '--config', file, '--provider', 'oidc', '--json'])
  if (error !== '') throw new Error(error)
  const { findings }: { findings: { option: string; message: string }[] } = JSON.parse(out)
  return { code, options: findings.map(({ option }) => option), messages: findings.map(({ message }) => message) }
}
