import { lookup } from 'node:dns/promises'

/** Whether `localhost` leads to where the demo listens: some machines have it for `::1` alone, or not at all. */
export const loopbackHasTwoNames = (): Promise<boolean> =>
  lookup('localhost', { all: true }).then(
    found => found.some(({ address }) => address === '127.0.0.1'),
    () => false,
  )
