/** User-Agents as the programs sent them, or as their source writes them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ClientClass, classifyClient } from '../../src/http/client-class.ts'

const agents: Partial<Record<ClientClass, readonly string[]>> = {
  git: ['git/2.39.5', 'git/2.43.0 (vsts-agent-git/3.232.0)', 'git/2.0 (libgit2 1.7.2)', 'JGit/6.10.0.202406032230-r'],
  'git-lfs': ['git-lfs/3.6.1 (GitHub; linux amd64; go 1.23)'],
  'build-agent': [
    'VstsAgentCore-linux-x64/4.255.0 (Linux) VSServices/16.0',
    'vsts-agent/3.232.0',
    'VSTS_0a1b2c3d-0000-0000-0000-000000000000_build_12_0',
    'gitlab-runner 17.5.0 (17-5-stable; go1.22.5; linux/amd64)',
  ],
  'package-client': [
    'uv/0.13.9 {"installer":{"name":"uv","version":"0.13.9","subcommand":["publish"]},"python":null}',
    'poetry/2.5.1 CPython/3.11.7 Linux/6.1.0',
    'pdm/2.29.4 CPython/3.11.7',
    'pip/23.2.1 {"ci":null,"cpu":"x86_64"}',
    'twine/7.0.0 CPython/3.11.7',
    'cargo/1.95.0 (f2d3ce0bd 2026-03-21)',
    'cargo 1.65.0 (4bc8f24d3 2022-10-20)',
    'Conan/2.34.0 (Linux 6.1.0; Python 3.11.7; x86_64)',
    'npm/10.9.0 node/v22.11.0 linux x64 workspaces/false',
    'pnpm/12.21.0 npm/? node/? linux x64',
    'yarn/1.22.22 npm/? node/v26.10.0 linux x64',
    'Bun/1.4.5',
    'Apache-Maven/3.9.9 (Java 21.0.4; Linux 6.1.0)',
    'Gradle/8.10 (Linux;6.1.0;amd64)',
    'NuGet Command Line/6.11.0 (Microsoft Windows NT 10.0.19045.0)',
    'Composer/2.5.5 (Linux; 6.1.0; PHP 8.2.7; cURL 7.88.1)',
    'bundler/2.3.15 rubygems/3.3.15 ruby/3.1.2 (x86_64-pc-linux-gnu) command/install',
    'RubyGems/3.3.15 x86_64-linux Ruby/3.1.2 (2022-04-12 patchlevel 20)',
    'HashiCorp Terraform/1.11.4 (+https://www.terraform.io)',
    'Docker-Client/28.2.2 (linux)',
    'docker/28.2.2 go/go1.24.3 git-commit/45873be kernel/6.1.0 os/linux arch/amd64',
    'containerd/1.7.27',
    'containers/5.23.1 (github.com/containers/image)',
    'libpod/4.3.1',
    'skopeo/1.9.3',
    'Helm/3.16.2',
    'Debian APT-HTTP/1.3 (2.6.2)',
  ],
  rest: [
    'Go-http-client/1.1',
    'Java-http-client/17.0.15',
    'Java/21.0.4',
    'azure-devops-node-api/15.1.0 (Linux 6.1.0)',
    'python-requests/2.31.0',
    'Python/3.11 aiohttp/3.9.1',
    'got (https://github.com/sindresorhus/got)',
    'node',
    'RenovateBot/39.264.1 (https://github.com/renovatebot/renovate)',
    'JetBrains IDE',
  ],
  // Named nearly like one that is known.
  other: ['uvicorn-probe/1.0', 'poetry-reader/1.0', 'cargotracker/2.0', 'nodeping/1.0', 'ubuntu/24.04', ''],
}

for (const [kind, names] of Object.entries(agents))
  for (const name of names) test(`${name} is of ${kind}`, () => assert.equal(classifyClient(name), kind))
