/** For all tests of a file: a Torhaus in front of an origin server whose every octet the test writes. */
import { after } from 'node:test'
import { type RawOrigin, startRawOrigin } from '../../devkit/origin/raw-origin.ts'
import { type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

interface RawOriginLab {
  readonly origin: RawOrigin
  readonly proxy: ProxyUnderTest
}

/** Both are closed after the tests of the file. */
export async function openRawOriginLab(): Promise<RawOriginLab> {
  const origin = await startRawOrigin()
  const proxy = await startProxy({ upstreamUrl: origin.url }).catch(async (error: unknown) => {
    await origin.close()
    throw error
  })
  after(async () => {
    await proxy.close()
    await origin.close()
  })
  return { origin, proxy }
}
