/** How to set up git for this server: each line as it is to be typed, for three ways. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OWN_PREFIX } from '../http/request-target.ts'
import type { Op, Ops } from '../oidc/ops.ts'
import { Html, html } from '../refusal/html.ts'
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
    const content = html`<p>Without any set-up, git asks for a user name and a password. Each of these ways is enough by itself.</p>
${op === undefined || deviceClientId === undefined ? new Html('') : await withDevice(op, deviceClientId, publicOrigin)}
<h2>A personal access token</h2>
<p>Make one at the server, and give it as the password; the user name does not matter.</p>
<p class="actions"><a class="button quiet" href="${OWN_PREFIX}/">Your page</a></p>`
    return shown(parts.pages.for(exchange).window({ title: 'git and this server', content }))
  })
}

/** GET /.torhaus/torhaus-credential.mjs: the same for everybody, and no secret. */
export function helperFile(): Route {
  const text = readFileSync(join(import.meta.dirname, HELPER), 'utf8')
  const fields = ['Content-Type', 'text/javascript; charset=utf-8', 'X-Content-Type-Options', 'nosniff']
  const attachment = ['Content-Disposition', `attachment; filename="${HELPER}"`]
  return () => ({ status: 200, fields: [...fields, ...attachment, 'Cache-Control', 'no-cache'], text })
}

async function withDevice({ settings, provider }: Op, clientId: string, publicOrigin: string): Promise<Html> {
  return html`${withHelper(settings, clientId, publicOrigin)}
${await withCredentialManager(provider, clientId, publicOrigin)}`
}

function withHelper({ issuer, acrValues }: Op['settings'], clientId: string, publicOrigin: string): Html {
  const acr = acrValues.length === 0 ? '' : ` --acr-values "${acrValues.join(' ')}"`
  return html`<h2>Signing in from the terminal</h2>
<p>Needs Node 18 or later, and <a href="${OWN_PREFIX}/${HELPER}">this file</a>, kept in your home directory. It shows a link when git needs you; the token stays in memory only.</p>
<pre><code>git config --global credential.${publicOrigin}.helper ""
git config --global --add credential.${publicOrigin}.helper "cache --timeout 28800"
git config --global --add credential.${publicOrigin}.helper '!node ~/${HELPER} --issuer ${issuer} --client-id ${clientId}${acr}'</code></pre>`
}

async function withCredentialManager(provider: Op['provider'], clientId: string, publicOrigin: string): Promise<Html> {
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
  return html`<h2>Git Credential Manager</h2>
<pre><code>${lines.join('\n')}</code></pre>`
}
