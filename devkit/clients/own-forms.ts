/** What people do with the forms of Torhaus' own pages: press the button, and sign in where they are asked to. */
import assert from 'node:assert/strict'
import { answerSignIn, type Credentials, type Page, type UserAgent } from '../op/user-agent.ts'
import type { Answer, BrowserClient } from './browser-client.ts'

/**
 * What the form to `path` sends, as it stands on a page of ours: its token, if it has one. Undefined: there is no such
 * form.
 */
export function formTo(text: string, path: string): Readonly<Record<string, string>> | undefined {
  const form = new RegExp(
    `<form [^>]*action="${RegExp.escape(path)}"[^>]*>(?:<input [^>]*name="token" value="([^"]+)")?`,
  )
  const found = form.exec(text)
  if (found === null) return undefined
  return found[1] === undefined ? {} : { token: found[1] }
}

/** On the page at `url`, the button of the form that goes to `path`; no redirect is followed. */
export async function submitForm(browser: BrowserClient, url: string, path: string): Promise<Answer> {
  const form = formTo((await browser.send(url)).text, path)
  assert.ok(form, `no form to ${path} at ${url}`)
  const content = new URLSearchParams(form).toString()
  const fields = {
    'Content-Type': 'application/x-www-form-urlencoded',
    'Content-Length': String(content.length),
    Origin: new URL(url).origin,
  }
  return browser.send(new URL(path, url).href, { method: 'POST', fields, content })
}

/**
 * On the page at `url`, the button of the form that goes to `path`. Redirects are followed, up to what `until` accepts.
 */
export async function pressButton(
  agent: UserAgent,
  url: string,
  path: string,
  until?: (url: string) => boolean,
): Promise<Page> {
  const page = await agent.get(url)
  const fields = formTo(page.text, path)
  assert.ok(fields, `no form to ${path} in ${page.text}`)
  return agent.post(new URL(path, url).href, fields, until)
}

/**
 * Confirms what a link is for, as its page asks: the button, then a sign-in for it. Where there is no button, what is
 * there instead.
 */
export async function confirmAt(
  agent: UserAgent,
  link: string,
  credentials: Credentials,
  now?: () => number,
): Promise<Page> {
  const page = await agent.get(link)
  const fields = formTo(page.text, new URL(link).pathname)
  return fields === undefined ? page : answerSignIn(agent, await agent.post(link, fields), credentials, { now })
}
