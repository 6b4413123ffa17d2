/** A person at a browser, who reads our own pages and presses their buttons. */
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { pressButton, submitForm } from '../../devkit/clients/own-forms.ts'
import type { Page, UserAgent } from '../../devkit/op/user-agent.ts'

export type Sending = {
  readonly method?: string
  readonly origin?: string | undefined
  readonly form?: Readonly<Record<string, string>>
}

export class Person implements UserAgent {
  readonly #browser = new BrowserClient()

  get cookies(): BrowserClient['cookies'] {
    return this.#browser.cookies
  }

  /** One request; no redirect is followed. */
  send(url: string, { method = 'GET', origin, form }: Sending = {}): Promise<Page> {
    const content = form === undefined ? undefined : new URLSearchParams(form).toString()
    const fields = {
      Origin: origin,
      ...(content === undefined
        ? {}
        : { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': String(content.length) }),
    }
    return this.#browser.send(url, { method, fields, ...(content === undefined ? {} : { content }) })
  }

  get(url: string, until?: (url: string) => boolean): Promise<Page> {
    return this.#browser.get(url, until)
  }

  post(url: string, fields: Readonly<Record<string, string>>, until?: (url: string) => boolean): Promise<Page> {
    return this.#browser.post(url, fields, until)
  }

  /** As `press`; no redirect is followed. */
  submit(url: string, path: string): Promise<Page> {
    return submitForm(this.#browser, url, path)
  }

  /** On the page at `url`, the button of the form that goes to `path`. Redirects are followed. */
  press(url: string, path: string): Promise<Page> {
    return pressButton(this, url, path)
  }
}
