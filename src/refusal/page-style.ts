import { ACCENT, PAPER } from '../../config/page-colors.ts'

/** `#rrggbb`; what they are written on is `PAPER`. */
export interface Colors {
  readonly accentColor: string
  readonly accentColorDark: string
}

export const styleOf = ({ accentColor, accentColorDark }: Colors): string => `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5a6675; --paper: ${PAPER.light}; --ground: #eef1f5; --line: #d5dbe3; --accent: ${accentColor}; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf2; --soft: #a5b0bf; --paper: ${PAPER.dark}; --ground: #11161d; --line: #323c4a; --accent: ${accentColorDark}; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { min-width: 0; width: 100%; max-width: 34rem; overflow-wrap: break-word; background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; padding: 2rem; box-shadow: 0 1px 3px rgb(0 0 0 / .08); }
header { display: flex; align-items: center; gap: .5rem; margin-bottom: 1.5rem; color: var(--soft); font-size: .9rem; font-weight: 600; letter-spacing: .02em; }
header img { display: block; height: 2.5rem; max-width: 100%; object-fit: contain; object-position: left; }
header svg { width: 1.25rem; height: 1.25rem; color: var(--accent); }
h1 { font-size: 1.45rem; line-height: 1.25; margin: 0 0 .75rem; text-wrap: balance; }
p { margin: .75rem 0; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .35rem 1rem; margin: 1rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
small { color: var(--soft); }
.items { list-style: none; margin: 0; padding: 0; }
.items li { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; padding: .75rem 0; border-top: 1px solid var(--line); }
.items div { flex: 1 1 14rem; overflow-wrap: anywhere; }
.items .button { padding: .3rem .8rem; }
pre { margin: .75rem 0; padding: .75rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--ground); border-radius: .5rem; font-size: .8rem; line-height: 1.5; }
pre > span { display: block; padding-left: 4ch; text-indent: -4ch; }
form { display: contents; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
.button { display: inline-block; border: 1px solid var(--accent); border-radius: .5rem; padding: .55rem 1.1rem; background: var(--accent); color: var(--paper); font: inherit; font-weight: 600; text-decoration: none; overflow-wrap: anywhere; cursor: pointer; }
.button.quiet { background: transparent; color: var(--accent); }
.button:focus-visible, a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
footer { margin-top: 1.75rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .8rem; }
footer p { display: flex; flex-wrap: wrap; gap: 0 1rem; margin: 0; }
footer p + p { margin-top: .5rem; }
footer .help { display: block; font-size: .9rem; white-space: pre-line; overflow-wrap: anywhere; }
footer span { white-space: nowrap; }
a { color: var(--accent); }
@media (max-width: 30rem) { main { padding: 1.5rem; } .button { flex: 1 0 100%; text-align: center; } footer { font-size: .72rem; } footer span { white-space: normal; overflow-wrap: anywhere; } }
`

export const STYLE = styleOf({ accentColor: ACCENT.light, accentColorDark: ACCENT.dark })
