import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DevOpsOrigin, type DevOpsOriginOptions, startDevOpsOrigin } from './devops-origin.ts'

/** A personal access token of the shape Azure DevOps gives (52 characters), known to the origin of `openOrigin`. */
export const samplePat = '6wytoisklc3rwzlk6hmdaptbzxclxbwd2hcnweb4grgedcplf4pa'
/** As each product gives them. */
export const samplePats = {
  'azure-devops': samplePat,
  gitea: '5f1e0c9a7b3d2468ace013579bdf02468acebd91',
  gitlab: 'glpat-Zx8vQ2mN4kL7pR1sT9wY',
} as const
const samplePatAccount = 'ada'

export type OpenOrigin = {
  readonly origin: DevOpsOrigin
  /** For working copies and the like; removed with the rest. */
  readonly directory: string
  close(): Promise<void>
}

/** An origin server in a temporary folder of its own, which `close` removes. */
export async function openOrigin(options: Partial<DevOpsOriginOptions> = {}): Promise<OpenOrigin> {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-origin-'))
  const remove = () => rm(directory, { recursive: true, force: true })
  const origin = await startDevOpsOrigin({
    personalAccessTokens: new Map(Object.values(samplePats).map(token => [token, samplePatAccount])),
    identity: { kind: 'none' },
    directory: join(directory, 'server'),
    ...options,
  }).catch(async error => {
    await remove()
    throw error
  })
  return {
    origin,
    directory,
    async close() {
      await origin.close()
      await remove()
    },
  }
}
