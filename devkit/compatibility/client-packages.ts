import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian package by program, for programs that people also have from elsewhere. */
const PACKAGE_OF = { go: 'golang-go', gradle: 'gradle', mvn: 'maven' }

const PACKAGES = [
  'chromium',
  'curl',
  'debootstrap',
  'default-jdk-headless',
  'git',
  'git-lfs',
  'python3-requests',
  'skopeo',
  'wget',
]

const isOnPath = (program: string) =>
  (process.env.PATH ?? '').split(delimiter).some(folder => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })

/** Debian packages that hold the clients of the table, but for programs that are there already. */
export const clientPackages = (): string[] => [
  ...PACKAGES,
  ...Object.entries(PACKAGE_OF).flatMap(([program, name]) => (isOnPath(program) ? [] : [name])),
]
