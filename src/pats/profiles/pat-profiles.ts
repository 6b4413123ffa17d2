import { azureDevOps } from './azure-devops.ts'
import { bitbucket } from './bitbucket.ts'
import { gitea } from './gitea.ts'
import { gitlab } from './gitlab.ts'
import type { PatProfile } from './pat-profile.ts'

export const patProfiles: Readonly<Record<'azure-devops' | 'bitbucket' | 'gitea' | 'gitlab', PatProfile>> = {
  'azure-devops': azureDevOps,
  bitbucket,
  gitea,
  gitlab,
}
