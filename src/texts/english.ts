/**
 * All texts of Torhaus' own pages, in English. Every language is a table with the same keys. Names in braces are
 * placeholders. Keys that begin with `error.` are the sentences of the error table, which every client gets.
 */
import { type Code, errorTable } from '../errors.ts'

type SentenceKey = `error.${Code}`

const sentences = Object.fromEntries(
  Object.entries(errorTable).map(([code, { sentence }]) => [`error.${code}`, sentence]),
) as Readonly<Record<SentenceKey, string>>

export const english = {
  ...sentences,

  // Refusals: titles by code, or else by status; explanations beyond the sentence
  'title.sign-in-unknown': 'Sign-in not completed',
  'title.sign-in-refused': 'You were not signed in',
  'title.sign-in-other-provider': 'Sign-in not completed',
  'title.sign-in-overtaken': 'You were not signed in',
  'title.form-token-invalid': 'Please open the page again',
  'title.second-factor-missing': 'A second factor is needed',
  'title.second-factor-stale': 'Please sign in again',
  'title.account-unmapped': 'No account here',
  'title.session-ended': 'Please sign in again',
  'title.cross-site-request': 'Stopped for your safety',
  'title.op-unreachable': 'Sign-in is not available',
  'title.op-response-invalid': 'Sign-in did not work',
  'title.not-found': 'No such page',
  'title.own-host-not-found': 'No such page',
  'title.account-mismatch': 'Two different people',
  'title.confirmation-gone': 'Nothing to confirm here',
  'title.confirmation-other-account': 'You cannot confirm this',
  'title.client-certificate-missing': 'A certificate is needed',
  'title.client-certificate-mismatch': 'Two different people',
  'title.certificate': 'Certificate not accepted',
  'title.400': 'This request is not valid',
  'title.401': 'Please sign in',
  'title.403': 'Not allowed',
  'title.429': 'Too many attempts',
  'title.502': 'The server does not answer',
  'title.503': 'Not available right now',
  'title.504': 'The server does not answer',
  'title.other': 'That did not work',
  'explain.second-factor-missing':
    'You signed in with one factor only. Set up a second one at your identity provider, then sign in again.',
  'explain.not-found': 'There is nothing at this address.',
  'refusal.restarting':
    'This sign-in is no longer in progress: many tabs were opened at once, or it has already been used. It starts again in a moment, for the page you wanted.',
  'refusal.confirmFirst': 'Confirm with your second factor, then try again.',
  'refusal.otherCertificate':
    'To choose another certificate, or none, close all windows of the browser first: it remembers which one you chose.',
  'refusal.unsent':
    'What you just sent did not reach the server, but it is not lost: sign in in a new tab, then come back and reload this page to send it again.',
  'refusal.sentAgain':
    'Reloading this page sends what you just sent once more: if it was done already, it may be done twice.',
  'request.id': 'request {id}',
  'request.withoutId': 'request without an id',
  'help.link': 'Help desk',

  // Buttons
  'button.confirm': 'Confirm',
  'button.continue': 'Continue',
  'button.otherAccount': 'Use another account',
  'button.signIn': 'Sign in',
  'button.signInAgain': 'Sign in again',
  'button.signInNewTab': 'Sign in in a new tab',
  'button.signOut': 'Sign out',
  'button.startPage': 'Start page',
  'button.tryAgain': 'Try again',
  'button.yourPage': 'Your page',

  // Sign-in
  'choice.title': 'Where do you sign in?',
  'choice.text': 'Choose where your account is. This browser will remember your choice.',
  'departure.title': 'Continue to sign-in',
  'arrival.title': 'Back from sign-in',

  // Sign-out
  'signOut.title': 'Sign out?',
  'signOut.text': 'You will be signed out of {host} and of the identity provider.',
  'signOut.stay': 'Stay signed in',
  'signedOut.title': 'You are signed out',
  'signedOut.text': 'Close the browser if others use this computer.',
  'stillSignedIn.title': 'You are still signed in',
  'stillSignedIn.text': 'This browser still has a session here.',
  'toldToSignOut.title': 'You are signed out',
  'toldToSignOut.text': 'This server has been notified.',
  'noSuchSession.title': 'Nothing to sign out of',
  'noSuchSession.text': 'This server does not know that session.',

  // Confirmation
  'confirm.title': 'Confirm this access?',
  'confirm.signInOnce': 'You will be asked to sign in once more, just for this confirmation.',
  'confirm.cancel': 'Do not confirm',
  'confirm.notMe': 'This was not me',
  'disowned.title': 'This access is refused',
  'disowned.text':
    'The request has been refused, and nobody can confirm it any more. The people who run this server will be told.',
  'disowned.password':
    'Somebody else has your password. Change it now, then sign out everywhere on {page}, and tell your help desk.',
  'disowned.token':
    'Somebody else has your token. Revoke it on the server now, block it on {page}, and tell your help desk.',
  'confirmed.title': 'Confirmed',
  'confirmed.text': 'Run the command again: it will work now.',
  'confirmed.takeBack': 'You can withdraw this at any time on {page}.',
  'confirmed.page': 'your page',
  'confirm.account': 'Account',
  'confirm.program': 'Program',
  'confirm.from': 'From',
  'confirm.asked': 'Requested',
  'confirmGrant.text': 'A program that cannot ask you for a second factor wants to use {host} as you.',
  'confirmGrant.may': 'Will be able to',
  'confirmGrant.nothingElse': 'and nothing else: no tokens, keys, service hooks or members',
  'confirmGrant.holds': 'will apply to {network}',
  'confirmGrant.for': 'Valid for',
  'confirmGrant.atMost': '{duration} at most',
  'confirmGrant.only': 'Confirm only what you started yourself, just now.',
  'confirmGrant.otherwise': 'If you did not start this, somebody else has your password: say so below.',
  'confirmPat.text': 'Your personal access token for {host} is being used in a place that you have not confirmed.',
  'confirmPat.token': 'Token',
  'confirmPat.fingerprint': 'its fingerprint, as shown on {page}; Torhaus does not store the token',
  'confirmPat.holds': 'will apply to {network}, and only to this token',
  'confirmPat.only': 'Confirm only a use that you started yourself.',
  'confirmPat.otherwise': 'If you did not start this, somebody else has your token: say so below.',

  // Personal page
  'account.title': 'You are signed in',
  'account.account': 'Account',
  'account.signedIn': 'Signed in',
  'account.provenBy': 'Signed in with',
  'account.address': 'Your address',
  'account.goTo': 'Go to {host}',
  'account.setUpGit': 'Set up git for this server',
  'grants.title': 'Programs you have confirmed',
  'grants.none': 'None. When git or another program is refused, it shows a link: open it to confirm.',
  'grants.from': '{program} from {network}',
  'grants.may': 'may {cover}: at most {duration} more',
  'grants.takeBack': 'Withdraw',
  'grants.takeBackIt': 'Withdraw: {what}',
  'pats.title': 'Personal access tokens seen',
  'pats.none': 'None that the server says are yours.',
  'pats.blocked': 'blocked',
  'pats.from': 'from {networks}',
  'pats.firstSeen': 'first seen {time}',
  'pats.lastUsed': 'last used {time}',
  'pats.block': 'Block',
  'pats.blockIt': 'Block: token {token}',
  'pats.allow': 'Allow again',
  'pats.allowIt': 'Allow again: token {token}',
  'networks.title': 'Where your tokens may be used',
  'networks.none': 'No token of yours has been seen.',
  'networks.from': '{token} from {network}',
  'networks.waits': 'waiting for you',
  'networks.waiting': '{waits}: {program} at {address}, {time}',
  'networks.look': 'View',
  'networks.confirmed': 'confirmed {time}',
  'networks.nobodyAsks': 'already used there, so no confirmation is needed',
  'networks.withdrawn': 'withdrawn',
  'networks.usedThere': 'already used there',
  'networks.here': 'where you are now',
  'networks.confirm': 'Confirm',
  'networks.confirmIt': 'Confirm: token {token} from {network}',
  'networks.withdraw': 'Withdraw',
  'networks.withdrawIt': 'Withdraw: token {token} from {network}',
  'sessions.title': 'Your sessions',
  'sessions.this': 'This browser',
  'sessions.other': 'Another browser',
  'sessions.since': 'since {time}',
  'sessions.lastUsed': 'last used {time}',
  'sessions.end': 'End',
  'sessions.endIt': 'End the session of {time}, {device}',
  'sessions.from': 'from {address}',
  'device.both': '{browser} on {system}',
  'device.unknown': 'Unknown browser',
  'everywhere.button': 'Sign out everywhere',
  'everywhere.text': 'Ends all sessions, and withdraws all your confirmations of programs.',

  // Setting up git
  'git.title': 'git and this server',
  'git.text': 'Without any setup, git asks for a user name and a password. Any one of these ways is enough.',
  'git.token.title': 'A personal access token',
  'git.token.text': 'Create one on the server, and enter it as the password; the user name does not matter.',
  'git.helper.title': 'Signing in from the terminal',
  'git.helper.text':
    'Needs Node 18 or later, and {file}, kept in your home directory. It shows a link when git needs you; the token stays in memory only.',
  'git.helper.file': 'this file',
  'git.manager.title': 'Git Credential Manager',

  // What a confirmed program may do
  'cover.repositories.read.all': 'read repositories (clone, fetch)',
  'cover.repositories.read.below': 'read repositories (clone, fetch) under {place}',
  'cover.repositories.read.exact': 'read the repository {place} (clone, fetch), and nothing below it',
  'cover.repositories.write.all': 'read and change repositories (clone, fetch, push)',
  'cover.repositories.write.below': 'read and change repositories (clone, fetch, push) under {place}',
  'cover.repositories.write.exact': 'read and change the repository {place} (clone, fetch, push), and nothing below it',
  'cover.paths.read.all': 'read anything',
  'cover.paths.read.below': 'read under {place}',
  'cover.paths.read.exact': 'read {place}, and nothing below it',
  'cover.paths.write.all': 'read, change and delete anything',
  'cover.paths.write.below': 'read, change and delete under {place}',
  'cover.paths.write.exact': 'read, change and delete {place}, and nothing below it',

  // Programs
  'program.browser': 'Browser',
  'program.git': 'git',
  'program.git-lfs': 'Git LFS',
  'program.credential-manager': 'Git Credential Manager',
  'program.visual-studio': 'Visual Studio or tf',
  'program.build-agent': 'Build agent',
  'program.package-client': 'Package client',
  'program.rest': 'Script or REST client',
  'program.other': 'Unknown program',

  // How somebody signed in (RFC 8176 2)
  'method.face': 'face',
  'method.fpt': 'fingerprint',
  'method.hwk': 'security key',
  'method.kba': 'security question',
  'method.mca': 'second channel',
  'method.otp': 'one-time code',
  'method.pin': 'PIN',
  'method.pop': 'device key',
  'method.pwd': 'password',
  'method.sc': 'smart card',
  'method.sms': 'text message',
  'method.swk': 'software key',
  'method.tel': 'phone call',
  'method.wia': 'Windows sign-in',
  'method.ticket': 'Windows sign-in with a second factor',

  // Times
  'time.justNow': 'just now',
  'time.lessThanMinute': 'less than a minute',
  'time.both': '{ago} ({utc} UTC)',
} as const

export type TextKey = keyof typeof english

/** The texts of one language. */
export type Texts = Readonly<Record<TextKey, string>>
