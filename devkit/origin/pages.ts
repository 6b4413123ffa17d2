import { type Html, html, trusted } from '../op/html.ts'
import { type OriginExchange, publicOrigin } from './exchange.ts'
import type { Identity } from './identity.ts'

const style = trusted(`
  :root { color-scheme: light dark; --ink: #1c2127; --soft: #5a6572; --card: #fff; --ground: #f3f5f8; --line: #d3dae2;
    --bar: #12395f; --on-bar: #f4f8fc; --accent: #1a63ad; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e8ecf1; --soft: #a4afbc; --card: #1d242d; --ground: #11161c;
    --line: #364250; --bar: #0b2440; --on-bar: #e8f0f8; --accent: #82b7f2; } }
  * { box-sizing: border-box; }
  body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
  header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; padding: .75rem 1.5rem; background: var(--bar); color: var(--on-bar); }
  header strong { margin-right: auto; }
  header a { color: inherit; }
  header a[aria-current] { text-decoration: none; font-weight: 600; }
  main { max-width: 46rem; margin: 2rem auto; padding: 0 1.5rem; }
  h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
  section { margin: 0 0 1.25rem; padding: 1.25rem 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
  h2 { margin: 0 0 .5rem; font-size: 1.05rem; }
  p { margin: 0 0 .5rem; color: var(--soft); }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.5rem; margin: 0; }
  dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
  pre { margin: 0; padding: .75rem; overflow-x: auto; background: var(--ground); border-radius: .4rem; }
  ul { margin: 0; padding-left: 1.2rem; }
  a { color: var(--accent); }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`)

const authenticationNames: Readonly<Record<Identity['authentication'], string>> = {
  pat: 'personal access token, checked by this server',
  'server-token': 'token of this server',
  assertion: 'assertion signed by the proxy',
  header: 'field set by the proxy',
}

type PageName = 'overview' | 'boards'

function page(
  exchange: OriginExchange,
  collectionPath: string,
  name: PageName,
  title: string,
  body: Html,
  fields: Readonly<Record<string, string>> = {},
): void {
  const link = (target: PageName, path: string, text: string) =>
    html`<a href="${collectionPath}${path}"${trusted(target === name ? ' aria-current="page"' : '')}>${text}</a>`
  exchange.response.writeHead(200, {
    ...{ 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' },
    ...fields,
  })
  exchange.response.end(
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · DevOps server</title>
<style>${style}</style>
</head>
<body>
<header>
<strong>DevOps server</strong>
${link('overview', '/', 'Overview')}
${link('boards', '/_boards', 'Boards')}
<span>${exchange.identity.account}</span>
<a href="/.torhaus/sign-out">Sign out</a>
</header>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`.markup,
  )
}

/** Says who this server takes the reader for, and what to do next. */
export function serveOverview(exchange: OriginExchange, collectionPath: string): void {
  const { identity, request } = exchange
  const body = html`<section>
<h2>You</h2>
<dl>
<dt>Account</dt><dd id="account">${identity.account}</dd>
<dt>Known by</dt><dd id="authentication">${authenticationNames[identity.authentication]}</dd>
</dl>
</section>
<section>
<h2>Repository</h2>
<pre>git clone ${publicOrigin(request)}${collectionPath}/_git/demo</pre>
</section>`
  page(exchange, collectionPath, 'overview', `Hello, ${identity.account}`, body)
}

/** A second page, so that there is somewhere to go, with a form; the query may ask for a Referrer-Policy. */
export function serveBoards(exchange: OriginExchange, collectionPath: string): void {
  const policy = exchange.url.searchParams.get('referrer-policy')
  const body = html`<section>
<h2>To do</h2>
<ul><li>Sign in with a second factor</li><li>Clone the repository</li><li>Push a change</li></ul>
<form method="post" action="${collectionPath}/_apis/upload">
<label>Another <input name="item"></label> <button>Add</button>
</form>
</section>
<section>
<h2>Done</h2>
<p>Nothing yet.</p>
</section>`
  const isKnown = policy !== null && /^[a-z-]+$/.test(policy)
  page(exchange, collectionPath, 'boards', 'Boards', body, isKnown ? { 'Referrer-Policy': policy } : {})
}
