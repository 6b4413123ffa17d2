/** Why the demo cannot go on, in one sentence for the person in front of it. */
export class DemoError extends Error {
  override readonly name = 'DemoError'
}
