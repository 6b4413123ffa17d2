/** Chromium, as a person has it before them. */
import { join } from 'node:path'
import { type Client, type ClientCase, refused, works } from './client.ts'

const PROGRAM = join(import.meta.dirname, 'chromium-visit.ts')

/** What a person does, and the visit that does it. */
const VISITS: Readonly<Record<string, string>> = {
  'open a page, sign in with password and code': 'sign-in',
  '20 tabs that are restored at once, with a session at the OP alone': 'tabs',
  'send forms of pages with a strict Referrer-Policy, sign out': 'forms',
  'the same with a Chromium that sends no Referer at all': 'forms-without-referrer',
  'open a page, sign in with a password alone': 'one-factor',
  "a page's script asks when the session is over": 'script',
}

const visits: readonly ClientCase[] = [
  works('sign-in', 'open a page, sign in with password and code', ['account ada']),
  works('sign-in', '20 tabs that are restored at once, with a session at the OP alone', ['20 of 20 tabs show']),
  works('session cookie', 'send forms of pages with a strict Referrer-Policy, sign out', ['forms arrive with']),
  works('session cookie', 'the same with a Chromium that sends no Referer at all', ['forms arrive with']),
  refused('sign-in', 'open a page, sign in with a password alone', ['A second factor is needed']),
  refused('nothing', "a page's script asks when the session is over", ['401', '"code":"credentials-missing"']),
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
