/** Kinds of client: rules of the configuration, refusals and metrics tell them apart. */
export const clientClasses = [
  'browser',
  'git',
  'git-lfs',
  'credential-manager',
  'visual-studio',
  'build-agent',
  'package-client',
  'rest',
  'other',
] as const

export type ClientClass = (typeof clientClasses)[number]
