/**
 * NuGet's protocol, spoken as its documentation says (learn.microsoft.com/nuget/api): the service index, the package
 * base address, and publishing. Like the client it asks without credentials first, answers a Basic challenge with what
 * the configuration has, and shows the field `X-NuGet-Warning` and the status where it is refused.
 *
 *     node nuget.ts push|install PACKAGE INDEX
 *
 * User name and password come from NUGET_USERNAME and NUGET_PASSWORD; without them it has none.
 */
const USER_AGENT = 'NuGet Command Line/6.12.1 (Linux)'

const { NUGET_USERNAME: userName, NUGET_PASSWORD: password } = process.env
const [action, id = '', index = ''] = process.argv.slice(2)

async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const headers = { 'User-Agent': USER_AGENT, ...init.headers }
  const first = await fetch(url, { ...init, headers })
  const isChallenged = first.status === 401 && /\bBasic\b/.test(first.headers.get('WWW-Authenticate') ?? '')
  if (!isChallenged || password === undefined) return shown(first)
  const credentials = Buffer.from(`${userName}:${password}`).toString('base64')
  return shown(await fetch(url, { ...init, headers: { ...headers, Authorization: `Basic ${credentials}` } }))
}

function shown(response: Response): Response {
  const warning = response.headers.get('X-NuGet-Warning')
  if (warning !== null) console.error(`warn : ${warning}`)
  if (response.ok) return response
  console.error(`error: Response status code does not indicate success: ${response.status} (${response.statusText}).`)
  process.exit(1)
}

const { resources } = (await (await ask(index)).json()) as { resources: { '@id': string; '@type': string }[] }
const resource = (type: string) => resources.find(found => found['@type'] === type)?.['@id'] ?? ''

if (action === 'push') {
  const body = new FormData()
  body.append('package', new Blob([`package ${id}`]), `${id}.1.0.0.nupkg`)
  await ask(resource('PackagePublish/2.0.0'), { method: 'PUT', body, headers: { 'X-NuGet-ApiKey': 'any' } })
  console.log('Your package was pushed.')
} else {
  const base = resource('PackageBaseAddress/3.0.0') + id
  const { versions } = (await (await ask(`${base}/index.json`)).json()) as { versions: string[] }
  const content = await ask(`${base}/${versions[0]}/${id}.${versions[0]}.nupkg`)
  console.log(`Installed ${id} ${versions[0]}: ${await content.text()}`)
}

export {}
