/** What the changelog says of one version, for the page of a release. @throws where it says nothing. */
export function changelogSection(changelog: string, version: string): string {
  const section = changelog.split(/^(?=## )/m).find(part => {
    const [, name] = /^## \[?([^\]\s]+)/.exec(part) ?? []
    return name === version
  })
  if (section === undefined) throw new Error(`CHANGELOG.md has no section "## ${version}"`)
  return `${section.trim()}\n`
}
