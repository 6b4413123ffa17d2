/** Programs that fetch and publish images. docker does it by a service of its own; what is tried here is its command, which asks by itself. */
import { createHash } from 'node:crypto'
import { type Client, refused, works } from './client.ts'
import { bringOras } from './oras.ts'

const digest = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`
const blob = (text: string, mediaType: string) => ({ mediaType, digest: digest(text), size: text.length })
const blobFile = (text: string) => [`image/blobs/${digest(text).replace(':', '/')}`, text] as const

/** An image as a folder (OCI Image Layout Specification). */
function imageFiles(): Record<string, string> {
  const layer = 'a layer, as far as a registry can tell'
  const config = JSON.stringify({
    ...{ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [digest(layer)] } },
  })
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: blob(config, 'application/vnd.oci.image.config.v1+json'),
    layers: [blob(layer, 'application/vnd.oci.image.layer.v1.tar')],
  })
  const entry = {
    ...blob(manifest, 'application/vnd.oci.image.manifest.v1+json'),
    annotations: { 'org.opencontainers.image.ref.name': 'latest' },
  }
  return {
    'image/oci-layout': JSON.stringify({ imageLayoutVersion: '1.0.0' }),
    'image/index.json': JSON.stringify({ schemaVersion: 2, manifests: [entry] }),
    ...Object.fromEntries([layer, config, manifest].map(blobFile)),
  }
}

const IMAGE = 'docker://$HOST/demo/app'
const copyAndList = (tag: string, credentials: string) =>
  [
    `skopeo --insecure-policy copy --dest-tls-verify=false --dest-${credentials} oci:image:latest ${IMAGE}:${tag}`,
    `skopeo --insecure-policy copy --src-tls-verify=false --src-${credentials} ${IMAGE}:${tag} dir:copy`,
    `skopeo list-tags --tls-verify=false --${credentials} ${IMAGE}`,
  ].join(' && ')
const LIST = 'skopeo list-tags --tls-verify=false'

const skopeo: Client = {
  name: 'skopeo',
  version: { file: 'skopeo', args: ['--version'] },
  files: imageFiles(),
  cases: [
    works('personal access token', copyAndList('by-pat', 'creds "any:$PAT"'), ['"by-pat"']),
    works('access token of the OP', copyAndList('by-token', 'creds "any:$TOKEN"'), ['"by-token"']),
    // Sent to a Bearer challenge alone, to which whoever has a password would fetch a token from its realm.
    refused('access token of the OP', `${LIST} --registry-token "$TOKEN" ${IMAGE}`, [
      'unauthorized: Sign in, or send a token.',
    ]),
    refused('nothing', `${LIST} ${IMAGE}`, ['unauthorized: Sign in, or send a token.']),
    refused('wrong personal access token', `${LIST} --creds "any:$WRONG_PAT" ${IMAGE}`, [
      'unauthorized: authentication required',
    ]),
    refused(
      'access token without second factor',
      `skopeo inspect --tls-verify=false --creds "any:$ONE_FACTOR_TOKEN" ${IMAGE}`,
      [
        'denied: A sign-in with a second factor is needed. Open $URL/.torhaus/confirm/... in a browser to confirm, then try again.',
      ],
    ),
  ],
}

const orasAs = (token: string) => `--plain-http -u any -p "${token}"`
const pushAndPull = (tag: string, token: string) =>
  [
    `oras push ${orasAs(token)} $HOST/demo/app:${tag} artifact.txt`,
    `oras pull ${orasAs(token)} -o pulled $HOST/demo/app:${tag} && cat pulled/artifact.txt`,
    `oras repo tags ${orasAs(token)} $HOST/demo/app`,
  ].join(' && ')

const oras: Client = {
  name: 'oras',
  bring: bringOras,
  version: { file: 'oras', args: ['version'] },
  files: { 'artifact.txt': 'an artifact' },
  cases: [
    works('personal access token', pushAndPull('oras-pat', '$PAT'), ['Pushed', 'an artifact', 'oras-pat']),
    works('access token of the OP', pushAndPull('oras-token', '$TOKEN'), ['Pushed', 'an artifact', 'oras-token']),
    works('personal access token', `echo "$PAT" | oras login --plain-http -u any --password-stdin $HOST`, [
      'Login Succeeded',
    ]),
    refused('nothing', 'oras repo tags --plain-http $HOST/demo/app', ['Error: basic credential not found']),
    refused('wrong personal access token', `oras repo tags ${orasAs('$WRONG_PAT')} $HOST/demo/app`, [
      'response status code 401: Unauthorized',
    ]),
    refused('access token without second factor', `oras repo tags ${orasAs('$ONE_FACTOR_TOKEN')} $HOST/demo/app`, [
      'denied: A sign-in with a second factor is needed. Open $URL/.torhaus/confirm/... in a browser to confirm, then try again.',
    ]),
  ],
}

const logIn = (token: string) => `echo "${token}" | docker login -u any --password-stdin $HOST`
const KEEP_LOGIN =
  'mkdir .docker && echo "{\\"auths\\":{\\"$HOST\\":{\\"auth\\":\\"$(echo -n "any:$ONE_FACTOR_TOKEN" | base64 -w0)\\"}}}" > .docker/config.json'

const docker: Client = {
  name: 'docker (command line only)',
  version: { file: 'docker', args: ['--version'] },
  cases: [
    works('personal access token', logIn('$PAT'), ['Login Succeeded']),
    works('access token of the OP', logIn('$TOKEN'), ['Login Succeeded']),
    // To Basic it prints the status alone; to Bearer, whose realm it would ask for a token, nothing would work.
    refused('wrong personal access token', logIn('$WRONG_PAT'), ['failed with status: 401 Unauthorized']),
    refused('directory password', logIn('$PASSWORD'), ['failed with status: 401 Unauthorized']),
    refused('access token without second factor', logIn('$ONE_FACTOR_TOKEN'), ['failed with status: 403 Forbidden']),
    refused(
      'access token without second factor',
      `${KEEP_LOGIN} && docker manifest inspect --insecure $HOST/demo/app:latest`,
      [
        'denied: A sign-in with a second factor is needed. Open $URL/.torhaus/confirm/... in a browser to confirm, then try again.',
      ],
    ),
  ],
}

export const registryClients: readonly Client[] = [skopeo, oras, docker]
