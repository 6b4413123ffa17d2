/** Chromium, as a user sees it. */
import { join } from 'node:path'
import { type Client, type ClientCase, refused, works } from './client.ts'

const PROGRAM = join(import.meta.dirname, 'chromium-visit.ts')

/** What a person does, and the visit that does it. */
const VISITS: Readonly<Record<string, string>> = {
  'open a page, sign in with password and code': 'sign-in',
  'restore 20 tabs at once, with a session at the OP only': 'tabs',
  'submit forms from pages with a strict Referrer-Policy, sign out': 'forms',
  'the same, with a Chromium that never sends Referer': 'forms-without-referrer',
  'open a page, sign in with a password only': 'one-factor',
  'a script on a page sends a request after the session has ended': 'script',
}

const visits: readonly ClientCase[] = [
  works('sign-in', 'open a page, sign in with password and code', ['account ada']),
  works('sign-in', 'restore 20 tabs at once, with a session at the OP only', ['20 of 20 tabs show']),
  works('session cookie', 'submit forms from pages with a strict Referrer-Policy, sign out', ['forms arrive with']),
  works('session cookie', 'the same, with a Chromium that never sends Referer', ['forms arrive with']),
  refused('sign-in', 'open a page, sign in with a password only', ['A second factor is needed']),
  refused('nothing', 'a script on a page sends a request after the session has ended', [
    '401',
    '"code":"credentials-missing"',
  ]),
]

export const browserClients: readonly Client[] = [
  {
    name: 'Chromium',
    version: { file: 'chromium', args: ['--version'] },
    isInWords: true,
    command: how => ({ file: process.execPath, args: [PROGRAM, VISITS[how] ?? ''] }),
    cases: visits,
  },
]
