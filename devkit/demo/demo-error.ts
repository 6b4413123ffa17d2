/** Why the demo cannot go on, in one sentence for the person in front of it. */
export class DemoError extends Error {
  override readonly name: string = 'DemoError'
}

/** The arguments or the environment are wrong. */
export class UsageError extends DemoError {
  override readonly name = 'UsageError'
}
