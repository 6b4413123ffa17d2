/**
 * LemonLDAP::NG of Debian as an OP on loopback: its portal as one PSGI app, with folders of its own. Users of its demo
 * (`dwho`, `rtyler`) have their names as passwords; `dwho` has a TOTP device. Ended by its pid.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newTotpSecret } from './totp.ts'

const SHIPPED = '/var/lib/lemonldap-ng/conf/lmConf-1.json'
const HTDOCS = '/usr/share/lemonldap-ng/portal/htdocs'
const TEMPLATES = '/usr/share/lemonldap-ng/portal/templates'
const PATIENCE_MS = 60_000
const ATTEMPT_MS = 50

export interface RelyingParty {
  readonly clientId: string
  readonly clientSecret: string
  readonly redirectUri: string
  readonly postLogoutRedirectUri: string
  /** Of front-channel logout: the only kind that this version has. */
  readonly frontChannelLogoutUri: string
}

export interface Lemonldap {
  readonly issuer: string
  readonly totpSecret: string
  /** Another key signs from now on, and the one before is not shown any more. */
  changeKey(): Promise<void>
  close(): Promise<void>
}

/** `port`: what the relying party must know beforehand. */
export async function startLemonldap(rp: RelyingParty, port: number): Promise<Lemonldap> {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-lemonldap-'))
  const issuer = `http://127.0.0.1:${port}`
  const totpSecret = newTotpSecret(randomBytes)
  const folders = ['conf', 'sessions', 'sessions/lock', 'psessions', 'psessions/lock', 'cache', 'notifications']
  for (const folder of folders) await mkdir(join(directory, folder))
  await chmod(directory, 0o755)
  const ini = join(directory, 'lemonldap-ng.ini')
  const app = join(directory, 'portal.psgi')
  const configuration = await configurationOf(directory, issuer, rp)
  // The one with the highest number counts, and is looked for again after `checkTime`.
  const writeConfiguration = (cfgNum: number) =>
    writeFile(
      join(directory, `conf/lmConf-${cfgNum}.json`),
      JSON.stringify({ ...configuration, ...newKey(`key-${cfgNum}`), cfgNum }),
    )
  await Promise.all([
    ...[writeFile(ini, iniOf(directory)), writeFile(app, APP)],
    ...[writeConfiguration(1), writeDevice(directory, totpSecret)],
  ])
  const process_ = spawn('plackup', ['--host', '127.0.0.1', '--port', String(port), '--env', 'deployment', app], {
    env: { ...process.env, LLNG_DEFAULTCONFFILE: ini },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  process_.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(0, 4000)
  })
  const close = async () => {
    await end(process_)
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await untilReady(`${issuer}/.well-known/openid-configuration`, process_)
  } catch (error) {
    await close()
    throw new Error(`LemonLDAP::NG did not start: ${said}`, { cause: error })
  }
  const shown = async () => (await fetch(`${issuer}/oauth2/jwks`)).text()
  return {
    ...{ issuer, totpSecret, close },
    async changeKey() {
      await writeConfiguration(2)
      for (const deadline = performance.now() + PATIENCE_MS; !(await shown()).includes('key-2'); ) {
        if (performance.now() > deadline) throw new Error('LemonLDAP::NG does not read its configuration again')
        await sleep(ATTEMPT_MS)
      }
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (const deadline = performance.now() + PATIENCE_MS; ; ) {
    const isThere = await fetch(url).then(
      ({ status }) => status === 200,
      () => false,
    )
    if (isThere) return
    if (performance.now() > deadline || child.exitCode !== null) throw new Error(`no answer from ${url}`)
    await sleep(ATTEMPT_MS)
  }
}

const iniOf = (directory: string) => `[all]
logLevel = error
checkTime = 1
[configuration]
type = File
dirName = ${directory}/conf
[portal]
staticPrefix = /static
templateDir = ${TEMPLATES}
languages = en
`

/** What a web server does before it: without, each script of a page would be taken for a visit to the portal. */
const APP = `use Plack::Builder;
my $portal = do '${HTDOCS}/index.psgi' or die $@;
builder {
  enable 'Static', path => qr{^/static/}, root => '${HTDOCS}';
  enable 'Static', path => qr{^/javascript/}, root => '/usr/share';
  $portal;
};
`

/** A persistent session is kept under a hash of the name, as JSON. */
async function writeDevice(directory: string, secret: string): Promise<void> {
  const id = createHash('md5').update('dwho').digest('hex')
  const epoch = Math.floor(Date.now() / 1000)
  const session = {
    ...{ _session_id: id, _session_kind: 'Persistent', _session_uid: 'dwho', _utime: epoch },
    _2fDevices: JSON.stringify([{ type: 'TOTP', name: 'phone', _secret: secret, epoch }]),
  }
  await writeFile(join(directory, 'psessions', id), JSON.stringify(session))
}

function newKey(keyId: string): object {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return { oidcServicePrivateKeySig: privateKey, oidcServicePublicKeySig: publicKey, oidcServiceKeyIdSig: keyId }
}

async function configurationOf(directory: string, issuer: string, rp: RelyingParty): Promise<object> {
  const shipped: object = JSON.parse(await readFile(SHIPPED, 'utf8'))
  const store = (name: string) => ({
    Directory: join(directory, name),
    LockDirectory: join(directory, name, 'lock'),
    generateModule: 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256',
  })
  return {
    ...shipped,
    ...{ portal: `${issuer}/`, domain: '127.0.0.1', securedCookie: 0, requireToken: 0 },
    ...{ globalStorageOptions: store('sessions'), persistentStorageOptions: store('psessions') },
    ...{ localSessionStorage: '', notification: 0, portalCheckLogins: 0, loginHistoryEnabled: 0 },
    ...{
      portalDisplayRegister: 0,
      registerDB: 'Null',
      portalDisplayResetPassword: 0,
      portalDisplayCertificateResetByMail: 0,
    },
    // The usual one draws pictures, and wants a library for that.
    captcha: '::Plugins::GrantSession',
    issuerDBOpenIDConnectActivation: 1,
    issuerDBOpenIDConnectPath: '^/oauth2/',
    oidcServiceMetaDataIssuer: issuer,
    oidcServiceMetaDataAuthnContext: { 'loa-1': 1, mfa: 4 },
    oidcServiceAllowAuthorizationCodeFlow: 1,
    ...{ totp2fActivation: 1, totp2fAuthnLevel: 4, totp2fRange: 2, totp2fSelfRegistration: 0 },
    oidcRPMetaDataExportedVars: { torhaus: { preferred_username: 'uid' } },
    oidcRPMetaDataOptions: {
      torhaus: {
        oidcRPMetaDataOptionsClientID: rp.clientId,
        oidcRPMetaDataOptionsClientSecret: rp.clientSecret,
        oidcRPMetaDataOptionsRedirectUris: rp.redirectUri,
        oidcRPMetaDataOptionsPostLogoutRedirectUris: rp.postLogoutRedirectUri,
        oidcRPMetaDataOptionsIDTokenSignAlg: 'RS256',
        oidcRPMetaDataOptionsAllowOffline: 1,
        oidcRPMetaDataOptionsRefreshToken: 1,
        oidcRPMetaDataOptionsBypassConsent: 1,
        oidcRPMetaDataOptionsLogoutUrl: rp.frontChannelLogoutUri,
        oidcRPMetaDataOptionsLogoutType: 'front',
        oidcRPMetaDataOptionsLogoutSessionRequired: 1,
      },
    },
  }
}
