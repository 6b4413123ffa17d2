import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { build, type Metafile } from 'esbuild'

const ROOT = resolve(import.meta.dirname, '../..')

/** What a process loads at its start: packages by name, files of ours by path. What is imported later is not among it. */
async function loadedBy(entry: string): Promise<ReadonlySet<string>> {
  const { metafile } = await build({
    ...{ absWorkingDir: ROOT, entryPoints: [entry], tsconfigRaw: {}, logLevel: 'silent' },
    ...{ bundle: true, write: false, outdir: 'dist', platform: 'node', format: 'esm', metafile: true },
  })
  const seen = new Set<string>()
  follow(metafile.inputs, entry, seen)
  return new Set([...seen].map(path => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path))
}

function follow(inputs: Metafile['inputs'], path: string, seen: Set<string>): void {
  if (seen.has(path)) return
  seen.add(path)
  for (const { path: next, kind, external } of inputs[path]?.imports ?? [])
    if (kind !== 'dynamic-import' && external !== true) follow(inputs, next, seen)
}

const among = (loaded: ReadonlySet<string>, names: readonly string[]) => names.filter(name => loaded.has(name))

test('the supervisor loads nothing of the proxy, and no framework', async () => {
  const loaded = await loadedBy('src/cli/start.ts')
  assert.deepEqual(among(loaded, ['src/process/supervisor.ts', 'typebox', 'yaml']).length, 3)
  const unwanted = ['fastify', 'ajv', 'openid-client', 'jose', '@redis/client', 'src/app/proxy-server.ts']
  assert.deepEqual(among(loaded, [...unwanted, 'src/pipeline.ts']), [])
})

test('a worker is told its configuration, and loads nothing to check one; Redis it loads where that is the store', async () => {
  const loaded = await loadedBy('src/process/worker.ts')
  assert.deepEqual(among(loaded, ['src/app/proxy-server.ts', 'src/pipeline.ts', 'fastify']).length, 3)
  const unwanted = ['typebox', 'config/schema.ts', 'config/load.ts', 'config/rules.ts', '@redis/client']
  assert.deepEqual(among(loaded, [...unwanted, 'src/operator/operator-routes.ts']), [])
})
