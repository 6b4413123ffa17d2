/**
 * Which kind of program sent the request. This determines how a refusal is presented, and is a metric label. It never
 * admits anyone, because every field that it looks at can be forged.
 */
import type { ClientClass } from '../../config/client-classes.ts'
import { BoundedMap } from '../bounded-map.ts'

export type { ClientClass }

const byUserAgent: readonly [RegExp, ClientClass][] = [
  [/^git-lfs\//, 'git-lfs'],
  [/^Git-Credential-Manager\b/i, 'credential-manager'],
  [/^(git|JGit|go-git)\//, 'git'],
  [/^Team Foundation \(|^Team {2}Explorer {2}Everywhere|\bTFSProxy\b/, 'visual-studio'],
  [/^(vsts-?agent|vsts_|gitlab-runner )/i, 'build-agent'],
  [
    /^(NuGet|npm\/|pnpm\/|yarn\/|bun\/|Apache-Maven|Gradle|Composer\/|(HashiCorp )?Terraform\/|OpenTofu\/)/i,
    'package-client',
  ],
  [/^(pip|twine|uv|poetry|pdm|conda|conan|bundler|(Ruby, )?RubyGems|Debian APT-HTTP)\/|^cargo[ /]/i, 'package-client'],
  [
    /^(skopeo|docker(-client)?|containerd|containers|libpod|buildah|buildkit|cri-o|oras(-go)?|helm)\//i,
    'package-client',
  ],
  [/^(curl|Wget|Java(-http-client)?\/|Apache-HttpClient\/|PostmanRuntime|python[-/]|PowerShell)/i, 'rest'],
  // Node's own `fetch` says just that.
  [/^(node$|node-|azure-devops-node-api|axios|got \(|Go-http-client|VSServices|RenovateBot\/|JetBrains IDE)/i, 'rest'],
  // PowerShell, web services and scripts of Windows: named like browsers, with a system's brackets in the name of some.
  [
    /^Mozilla\/\d\.0 \(.*(\) (Windows)?PowerShell\/|; MS Web Services Client Protocol |; WinHttp\.WinHttpRequest\.)/,
    'rest',
  ],
  [/^Mozilla\//, 'browser'],
]

/** Bounded, so that made-up user agents cannot fill the memory, nor keep those out that come later. */
const REMEMBERED = new BoundedMap<string, ClientClass>(4096)

export function classifyClient(userAgent: string | undefined): ClientClass {
  if (userAgent === undefined) return 'other'
  const known = REMEMBERED.get(userAgent)
  if (known !== undefined) return known
  const found = byUserAgent.find(([pattern]) => pattern.test(userAgent))?.[1] ?? 'other'
  if (userAgent.length < 512) REMEMBERED.set(userAgent, found)
  return found
}
