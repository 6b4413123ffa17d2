import { BrowserClient } from '../clients/browser-client.ts'
import { type Credentials, type Page, signIn } from './user-agent.ts'

const hidden = ({ text }: Pick<Page, 'text'>) => /name="xsrf" value="([^"]+)"/.exec(text)?.[1] ?? ''

/** What a person does at the link of a device authorization (RFC 8628 3.3), in a browser that was never here. */
export async function connectDevice(link: string, code: string, user: Credentials): Promise<Page> {
  const { origin, pathname } = new URL(link)
  const person = new BrowserClient()
  const form = await person.get(origin + pathname)
  const question = await person.post(form.url, { xsrf: hidden(form), user_code: code })
  const page = await person.post(form.url, { xsrf: hidden(question), user_code: code, confirm: 'yes' })
  return signIn(person, page.url, user)
}
