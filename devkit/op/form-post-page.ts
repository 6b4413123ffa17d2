import type { ServerResponse } from 'node:http'

/** OAuth 2.0 Form Post Response Mode, for a browser that runs no scripts. `back`: with the response as its query. */
export function formPostPage(back: URL, response: ServerResponse): void {
  const fields = Array.from(back.searchParams, ([name, value]) => `<input name="${name}" value="${value}">`)
  response.writeHead(200, { 'Content-Type': 'text/html' })
  response.end(`<form method="post" action="${back.origin}${back.pathname}">${fields.join('')}</form>`)
}

/** What a browser would send from there. */
export function formOf(page: string): { readonly action: string; readonly content: string } {
  const [, action = ''] = /<form method="post" action="([^"]*)">/.exec(page) ?? []
  const fields = Array.from(page.matchAll(/<input name="([^"]*)" value="([^"]*)">/g), ([, name = '', value = '']) => [
    name,
    value,
  ])
  return { action, content: new URLSearchParams(fields).toString() }
}
