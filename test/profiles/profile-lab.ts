import { type Answer, BrowserClient } from '../../devkit/clients/browser-client.ts'
import { formOf } from '../../devkit/op/form-post-page.ts'
import type { LyingOp } from '../../devkit/op/lying-op.ts'
import type { SignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

/** The OP says these claims of whoever signs in, and nothing else of the person. */
export function tellOnly(op: LyingOp, claims: object): void {
  op.tell(({ sign, header, claims: right }) => {
    const { preferred_username: _, acr: __, auth_time: ___, ...protocol } = right
    return sign(header, { ...protocol, ...claims })
  })
}

/** Signs in with a new browser, also where the OP answers with a form. */
export async function signInAt(lab: SignInLab): Promise<Answer> {
  const browser = new BrowserClient()
  const page = await browser.get(`${lab.url}/page`)
  const { action, content } = formOf(page.text)
  if (action === '') return page
  // A form of another site brings no cookie along, and the redirect after it does.
  const fields = { 'Content-Type': 'application/x-www-form-urlencoded', Cookie: undefined, Origin: 'null' }
  const length = { 'Content-Length': String(content.length) }
  const sent = await browser.send(action, { method: 'POST', fields: { ...fields, ...length }, content })
  return browser.get(new URL(sent.headers.get('location') ?? '', action).href)
}

/** What the log says of the request behind this answer. */
export async function saidOf(lab: SignInLab, { headers }: Answer): Promise<string> {
  const id = headers.get('x-request-id')
  const record = await lab.logged(entry => entry['http.request.id'] === id && entry['event.action'] === 'request')
  return String(record['error.message'])
}
