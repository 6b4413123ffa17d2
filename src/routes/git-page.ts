/** How to set up git for this server in three ways, with the commands to type. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OWN_PREFIX } from '../http/request-target.ts'
import type { Op, Ops } from '../oidc/ops.ts'
import { type Html, html } from '../refusal/html.ts'
import type { Speech } from '../refusal/speech.ts'
import { type OwnPageParts, showing } from './own-page.ts'
import { type Route, shown } from './reply.ts'

const HELPER = 'torhaus-credential.mjs'
const SCOPE = 'openid'

export interface GitPageParts extends OwnPageParts {
  readonly ops: Pick<Ops, 'ofStored'>
}

/** GET /.torhaus/git */
export function gitPage(parts: GitPageParts): Route {
  const { ops, publicOrigin } = parts
  return showing(parts, async (exchange, { subject }) => {
    const op = ops.ofStored(subject)
    const deviceClientId = op?.settings.deviceClientId
    const paper = parts.pages.for(exchange)
    const { say } = paper
    const byDevice = op && deviceClientId && (await withDevice(paper, op, deviceClientId, publicOrigin))
    const content = html`<p>${say('git.text')}</p>
${byDevice ?? ''}
<h2>${say('git.token.title')}</h2>
<p>${say('git.token.text')}</p>
<p class="actions"><a class="button quiet" href="${OWN_PREFIX}/">${say('button.yourPage')}</a></p>`
    return shown(paper.window({ title: say('git.title'), content }))
  })
}

/** GET /.torhaus/torhaus-credential.mjs: the same for everybody, and not secret. */
export function helperFile(): Route {
  const text = readFileSync(join(import.meta.dirname, HELPER), 'utf8')
  const fields = ['Content-Type', 'text/javascript; charset=utf-8', 'X-Content-Type-Options', 'nosniff']
  const attachment = ['Content-Disposition', `attachment; filename="${HELPER}"`]
  return () => ({ status: 200, fields: [...fields, ...attachment, 'Cache-Control', 'no-cache'], text })
}

async function withDevice(
  speech: Speech,
  { settings, provider }: Op,
  clientId: string,
  publicOrigin: string,
): Promise<Html> {
  return html`${withHelper(speech, settings, clientId, publicOrigin)}
${await withCredentialManager(speech, provider, clientId, publicOrigin)}`
}

function withHelper(
  { say }: Speech,
  { issuer, acrValues }: Op['settings'],
  clientId: string,
  publicOrigin: string,
): Html {
  const file = html`<a href="${OWN_PREFIX}/${HELPER}">${say('git.helper.file')}</a>`
  const acr = acrValues.length === 0 ? '' : ` --acr-values "${acrValues.join(' ')}"`
  return html`<h2>${say('git.helper.title')}</h2>
<p>${say('git.helper.text', { file })}</p>
<pre><code>git config --global credential.${publicOrigin}.helper ""
git config --global --add credential.${publicOrigin}.helper "cache --timeout 28800"
git config --global --add credential.${publicOrigin}.helper '!node ~/${HELPER} --issuer ${issuer} --client-id ${clientId}${acr}'</code></pre>`
}

async function withCredentialManager(
  { say }: Speech,
  provider: Op['provider'],
  clientId: string,
  publicOrigin: string,
): Promise<Html> {
  const { authorization_endpoint, token_endpoint } = (await provider.metadata()).serverMetadata()
  const settings = {
    provider: 'generic',
    oauthClientId: clientId,
    oauthAuthorizeEndpoint: authorization_endpoint ?? '',
    oauthTokenEndpoint: token_endpoint ?? '',
    oauthRedirectUri: 'http://127.0.0.1',
    oauthScopes: SCOPE,
  }
  const lines = Object.entries(settings).map(
    ([name, value]) => `git config --global credential.${publicOrigin}.${name} ${value}`,
  )
  return html`<h2>${say('git.manager.title')}</h2>
<pre><code>${lines.join('\n')}</code></pre>`
}
