/**
 * What a client of people's is tried with, and what comes of it: `test/clients/` tries each case,
 * and the table in docs/clients.md is made of the same list.
 */

import type { Made } from '../torhaus/made-once.ts'

/** The credentials there are, as the table names them. */
export type Credential =
  | 'nothing'
  | 'personal access token'
  | 'wrong personal access token'
  | 'access token of the OP'
  | 'access token without second factor'
  | 'expired access token'
  | 'token of the server'
  | 'directory password'
  | 'directory password by NTLM'
  | 'session cookie'
  | 'sign-in'
  | 'ticket'
  | 'ticket, if a rule requires no second factor'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
}

export interface ClientCase {
  readonly credential: Credential
  /**
   * What is typed, or the lines of the program that matter. `$URL`, `$PAT` and the like are variables of its
   * environment ({@link Variables}).
   */
  readonly how: string
  /** Whether it ends with exit code 0. */
  readonly works: boolean
  /**
   * What it prints in any case, in any order, `...` for what differs, `$URL` for the address. What a refused client
   * prints is what the table shows.
   */
  readonly prints: readonly string[]
}

/**
 * What Torhaus is set up for: the personal access tokens of a product, Azure DevOps Server unless it says otherwise, or a
 * directory whose tickets are accepted, with a second factor or by a rule without.
 */
export type Site = 'azure-devops' | 'gitea' | 'gitlab' | 'kerberos' | 'kerberos-first-factor'

export interface Client {
  readonly name: string
  readonly site?: Site
  /** Brings it where no package does; its programs come before those of the same name. */
  readonly bring?: () => Promise<Made>
  /** Says its version; where that fails, the client is not on this machine. */
  readonly version: Command
  /** `how` is no code. */
  readonly isInWords?: true
  /** How `how` is run; by default, by a shell. */
  readonly command?: (how: string) => Command
  /** Files that lie in the folder it runs in, which is also its home. */
  readonly files?: Readonly<Record<string, string>>
  readonly cases: readonly ClientCase[]
}

/** Variables that commands find, beside HOME and PATH. */
export interface Variables {
  /** Of Torhaus, without a slash at the end; and its host with the port. */
  readonly URL: string
  readonly HOST: string
  /** Of the repository, and the same with no scheme, for who puts credentials before it. */
  readonly REPOSITORY: string
  /** Of the shape that the client's server gives. */
  readonly PAT: string
  /** No server knows it. */
  readonly WRONG_PAT: string
  /** Access tokens of the OP: with both factors, with one, and of yesterday. */
  readonly TOKEN: string
  readonly ONE_FACTOR_TOKEN: string
  readonly EXPIRED_TOKEN: string
  readonly SERVER_TOKEN: string
  /** `name=value` of a session. */
  readonly COOKIE: string
  /** Of somebody who signs in at the OP. */
  readonly USER_NAME: string
  readonly PASSWORD: string
  readonly TOTP_SECRET: string
  /** And of somebody who has no second factor there. */
  readonly ONE_FACTOR_USER: string
  readonly ONE_FACTOR_PASSWORD: string
}

/** `how`, run by a shell. */
export const shell = (how: string): Command => ({ file: 'sh', args: ['-c', how] })

/** `how` made a program of: in a file of its own, which `run` compiles and runs. */
export const inFile = (name: string, text: string, run: string): Command => ({
  file: 'sh',
  args: ['-c', `printf %s "$0" > ${name} && ${run} ${name}`, text],
})

type Prints = readonly string[]

export const works = (credential: Credential, how: string, prints: Prints): ClientCase => ({
  ...{ credential, how, prints },
  works: true,
})
export const refused = (credential: Credential, how: string, prints: Prints): ClientCase => ({
  ...{ credential, how, prints },
  works: false,
})

/** What was printed, as a pattern for it: `...` and the ends of lines are any text. */
export function patternOf(printed: string, url: string): RegExp {
  const parts = printed.replaceAll('$URL', url).split('...')
  return new RegExp(parts.map(RegExp.escape).join('.*?'), 's')
}
