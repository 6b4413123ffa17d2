import { type Html, html, trusted } from './html.ts'

const style = trusted(`
  :root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6675; --card: #fff; --ground: #eef1f5; --line: #c9d1db;
    --accent: #1f5fae; --on-accent: #fff; --error: #a3231b; --error-ground: #fdecea; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e7ebf1; --soft: #a3aebd; --card: #1e2530; --ground: #12161d;
    --line: #3a4657; --accent: #7fb2f0; --on-accent: #0d1420; --error: #ffb4ab; --error-ground: #43201d; } }
  * { box-sizing: border-box; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--ground);
    color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
  main { width: 100%; max-width: 25rem; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
  h1 { margin: 0 0 .25rem; font-size: 1.4rem; line-height: 1.25; }
  p { margin: 0 0 1.25rem; color: var(--soft); }
  label { display: block; margin: 0 0 .25rem; font-weight: 600; }
  input[type=text], input[type=password] { width: 100%; margin: 0 0 1rem; padding: .6rem .7rem; font: inherit; color: inherit;
    background: transparent; border: 1px solid var(--line); border-radius: .4rem; }
  input.code { font-size: 1.5rem; letter-spacing: .3em; font-variant-numeric: tabular-nums; }
  button { width: 100%; padding: .65rem; font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent);
    border: 0; border-radius: .4rem; cursor: pointer; }
  button.plain { margin-top: .75rem; font-weight: 400; color: var(--accent); background: none; }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  .error { padding: .6rem .8rem; color: var(--error); background: var(--error-ground); border-radius: .4rem; }
  code { font-size: 1.4rem; letter-spacing: .1em; }
`)

function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body><main>
<h1>${title}</h1>
${body}
</main></body>
</html>
`.markup
}

function errorLine(message: string | undefined): Html {
  return message === undefined ? trusted('') : html`<p class="error" role="alert">${message}</p>`
}

/** The first factor: user name and password, posted as `username` and `password` to the page's own address. */
export function passwordPage(view: { username: string; error?: string }): string {
  // The keyboard goes where something is still to be typed.
  const autofocus = (here: boolean) => trusted(here ? ' autofocus' : '')
  return page(
    'Sign in',
    html`<p>Use your company account.</p>
${errorLine(view.error)}
<form method="post">
<label for="username">User name</label>
<input id="username" name="username" type="text" autocomplete="username" autocapitalize="none" spellcheck="false" required${autofocus(view.username === '')} value="${view.username}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${autofocus(view.username !== '')}>
<button type="submit">Sign in</button>
</form>`,
  )
}

/** The second factor: the six digits of an authenticator app, posted as `code`. */
export function codePage(view: { username: string; error?: string }): string {
  return page(
    'Enter your code',
    html`<p>Signing in as <strong>${view.username}</strong>. Your authenticator app shows six digits.</p>
${errorLine(view.error)}
<form method="post">
<label for="code">Code</label>
<input id="code" name="code" class="code" type="text" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}" maxlength="6" required autofocus>
<button type="submit">Confirm</button>
</form>
<form method="post"><button class="plain" type="submit" name="restart" value="yes">Use another account</button></form>`,
  )
}

export function signOutPage(form: string): string {
  return page(
    'Sign out?',
    html`<p>This ends your session here and in the applications you signed in to.</p>
${trusted(form)}
<button type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>`,
  )
}

export function signedOutPage(): string {
  return page('Signed out', html`<p>You can close this window.</p>`)
}

export function deviceCodePage(form: string, error: string | undefined): string {
  return page(
    'Connect a device',
    html`<p>Enter the code your device or terminal shows.</p>
${errorLine(error)}
${trusted(form)}
<button type="submit" form="op.deviceInputForm">Continue</button>`,
  )
}

export function deviceConfirmPage(form: string, client: string, userCode: string): string {
  return page(
    'Is this your device?',
    html`<p><strong>${client}</strong> should show this code:</p>
<p><code>${userCode}</code></p>
${trusted(form)}
<button type="submit" form="op.deviceConfirmForm" autofocus>Yes, continue</button>
<button class="plain" type="submit" form="op.deviceConfirmForm" name="abort" value="yes">No, cancel</button>`,
  )
}

export function deviceDonePage(): string {
  return page('Device connected', html`<p>Return to your device. You can close this window.</p>`)
}

export function problemPage(problem: string): string {
  return page(
    'This did not work',
    html`${errorLine(problem)}<p>Go back to the application and start again from there.</p>`,
  )
}
