/** What docs/providers/NAME.md says is to be configured, letter by letter, but for what names a machine. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { LabOptions } from '../../devkit/torhaus/sign-in-lab.ts'

interface OfPage {
  readonly oidc: object
  readonly secondFactor: object
  readonly account: object
}

export function configurationOfPage(
  name: string,
  { issuer, secretFile }: { readonly issuer: string; readonly secretFile: string },
): NonNullable<LabOptions['configure']> {
  const page = readFileSync(join(import.meta.dirname, `../../docs/providers/${name}.md`), 'utf8')
  const { oidc, ...rest }: OfPage = parse(/```yaml\n(.*?)```/s.exec(page)?.[1] ?? '')
  return config => ({ ...config, ...rest, oidc: { ...oidc, issuer, clientSecretFile: secretFile } })
}
