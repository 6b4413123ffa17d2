/** How Torhaus authenticates to the OP (OIDC Core 9). */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import * as client from 'openid-client'
import type { ProviderSettings } from '../../config/schema.ts'
import { readSecret, type Secret } from '../../config/secret.ts'

type Settings = Pick<
  ProviderSettings,
  'clientAuthentication' | 'clientId' | 'clientKeyFile' | 'clientKeyId' | 'clientSecretFile'
>

/** Its name in metadata (RFC 8414 2). */
export function clientAuthenticationMethod({
  clientAuthentication,
  clientKeyFile,
  clientSecretFile,
}: Settings): string {
  if (clientAuthentication === 'client_secret_basic_unencoded') return 'client_secret_basic'
  if (clientAuthentication !== undefined) return clientAuthentication
  if (clientKeyFile !== undefined) return 'private_key_jwt'
  return clientSecretFile === undefined ? 'none' : 'client_secret_basic'
}

/** Reads secret or key from its file, once. Throws if the file has disappeared since the configuration was checked. */
export function clientAuthentication(settings: Settings): client.ClientAuth {
  const { clientAuthentication: method, clientSecretFile, clientKeyFile, clientKeyId } = settings
  if (method === 'none') return client.None()
  if (clientKeyFile !== undefined) return client.PrivateKeyJwt(signingKey(readSecret(clientKeyFile), clientKeyId))
  if (clientSecretFile === undefined) return client.None()
  const secret = readSecret(clientSecretFile)
  if (method === 'client_secret_post') return client.ClientSecretPost(secret.reveal())
  return method === 'client_secret_basic_unencoded'
    ? unencodedBasic(settings.clientId, secret)
    : client.ClientSecretBasic(secret.reveal())
}

/** For OPs that decode none of what RFC 6749 2.3.1 encodes. */
function unencodedBasic(clientId: string, secret: Secret): client.ClientAuth {
  const credentials = Buffer.from(`${clientId}:${secret.reveal()}`).toString('base64')
  return (_server, _client, _body, headers) => headers.set('authorization', `Basic ${credentials}`)
}

function signingKey(pem: Secret, kid: string | undefined): client.PrivateKey {
  const key = createPrivateKey(pem.reveal())
  const algorithm = signatureAlgorithm(key)
  if (algorithm === undefined)
    throw new Error('oidc.clientKeyFile contains a key of a kind other than RSA, EC and Ed25519')
  return { key: key.toCryptoKey(algorithm, false, ['sign']), ...(kid === undefined ? {} : { kid }) }
}

const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }

/** In the words of the Web Cryptography API; undefined: none that JWS has a name for. */
function signatureAlgorithm({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject) {
  if (asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  if (asymmetricKeyType === 'ed25519') return { name: 'Ed25519' }
  const namedCurve = CURVES[asymmetricKeyDetails?.namedCurve ?? '']
  return namedCurve === undefined ? undefined : { name: 'ECDSA', namedCurve }
}
