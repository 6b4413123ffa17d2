/** All attacks, by what they go for. */
import type { Attack } from './attack.ts'
import { canonicalAttacks } from './lists/canonical.ts'
import { credentialAttacks } from './lists/credentials.ts'
import { framingAttacks } from './lists/framing.ts'
import { grantAttacks } from './lists/grant-attacks.ts'
import { identityAttacks } from './lists/identity.ts'
import { kerberosAttacks } from './lists/kerberos-attacks.ts'
import { operatorPageAttacks } from './lists/operator-page.ts'
import { ownHostAttacks } from './lists/own-host.ts'
import { patAttacks } from './lists/pat-attacks.ts'
import { ruleAttacks } from './lists/rules.ts'
import { stolenPatAttacks } from './lists/stolen-pat-attacks.ts'
import { ownHostPageAttacks } from './own-host-page-attacks.ts'
import { pageAttacks } from './page-attacks.ts'

export const attacks: readonly Attack[] = [
  ...framingAttacks,
  ...identityAttacks,
  ...credentialAttacks,
  ...ruleAttacks,
  ...grantAttacks,
  ...canonicalAttacks,
  ...pageAttacks,
  ...operatorPageAttacks,
  ...ownHostAttacks,
  ...ownHostPageAttacks,
  ...patAttacks,
  ...stolenPatAttacks,
  ...kerberosAttacks,
]
