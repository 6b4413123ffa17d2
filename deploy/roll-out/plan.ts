/** What a roll-out is told: a YAML file. Everything in it is checked before anything is changed. */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import Type from 'typebox'
import Value from 'typebox/value'
import { parseDocument } from 'yaml'
import { diagnosticsOf } from '../../config/schema-diagnostics.ts'
import { type ReleasePlace, readPublicKey } from './verify-release.ts'

const strict = { additionalProperties: false } as const
const http = '^https?://[^/\\s]+$'

/** A program and its arguments, never a line for a shell. `{name}`, `{host}`, `{version}`, `{sha256}`, `{folder}` are filled in. */
const Command = Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })

const SmokeTest = Type.Object(
  {
    path: Type.String({ pattern: '^/' }),
    method: Type.Optional(Type.Enum(['GET', 'HEAD', 'OPTIONS'])),
    fields: Type.Optional(Type.Record(Type.String(), Type.String())),
    /** Fields whose value is a secret: each names a file. */
    fieldFiles: Type.Optional(Type.Record(Type.String(), Type.String())),
    status: Type.Integer({ minimum: 100, maximum: 599 }),
    /** Must be found in the content. */
    content: Type.Optional(Type.String({ minLength: 1 })),
  },
  strict,
)

const Instance = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' }),
    /** For the commands: where the machine is reached. */
    host: Type.Optional(Type.String({ minLength: 1 })),
    /** The listener of this instance itself, past the balancer: origin only. */
    address: Type.String({ pattern: http }),
    admin: Type.String({ pattern: http }),
  },
  strict,
)

const Release = Type.Object(
  {
    /** Has the files of a release with SHA256SUMS and SHA256SUMS.sig; default: that of the plan. */
    folder: Type.String({ default: '.', minLength: 1 }),
    /** The one that is rolled out; `{version}` is filled in. */
    file: Type.String({ pattern: '^[A-Za-z0-9][^/\\\\\\s]*$' }),
    /** The public half of the key that the release must be signed with: Ed25519, PEM. */
    publicKeyFile: Type.String({ minLength: 1 }),
  },
  strict,
)

const seconds = (value: number) => Type.Number({ default: value, minimum: 0, maximum: 86_400 })

const planSchema = Type.Object(
  {
    publicUrl: Type.String({ pattern: http }),
    /** Certificates that sign those of the instances, as PEM; default: those of Node. */
    caFile: Type.Optional(Type.String({ minLength: 1 })),
    /** What is in `admin.credentialFile` of the instances; they want it where the admin listener is not on loopback. */
    adminCredentialFile: Type.Optional(Type.String({ minLength: 1 })),
    release: Release,
    instances: Type.Array(Instance, { minItems: 1 }),
    commands: Type.Object(
      {
        prepare: Type.Optional(Command),
        takeOut: Type.Optional(Command),
        stop: Command,
        activate: Command,
        start: Command,
        putBack: Type.Optional(Command),
        restore: Command,
      },
      strict,
    ),
    smokeTests: Type.Array(SmokeTest, { minItems: 1 }),
    gates: Type.Object(
      {
        commandSeconds: seconds(600),
        readySeconds: seconds(120),
        /** So often in a row. */
        readyChecks: Type.Integer({ default: 3, minimum: 1, maximum: 100 }),
        watchSeconds: seconds(15),
        /** Of the requests that the instance served while it was watched. */
        maxFailedShare: Type.Number({ default: 0.01, minimum: 0, maximum: 1 }),
      },
      { ...strict, default: {} },
    ),
  },
  strict,
)

export type Plan = Type.Static<typeof planSchema>
export type PlannedInstance = Type.Static<typeof Instance>
export type PlannedSmokeTest = Type.Static<typeof SmokeTest>
export type StepName = keyof Plan['commands']

/** Secrets and certificates in the plan, read. */
export interface ReadPlan {
  readonly plan: Plan
  /** Of the plan itself: `{folder}` in commands. */
  readonly folder: string
  readonly ca: string | undefined
  /** Fields for questions to the admin listeners. */
  readonly adminFields: Readonly<Record<string, string>>
  readonly release: ReleasePlace
}

/** @throws with every problem of the file, one a line. */
export function readPlan(file: string): ReadPlan {
  const folder = resolve(dirname(file))
  const document = parseDocument(readFileSync(file, 'utf8'))
  const [syntax] = document.errors
  if (syntax !== undefined) throw new Error(`${file}: ${syntax.message}`)
  const value = Value.Default(planSchema, document.toJS() ?? {})
  const problems = diagnosticsOf(planSchema, value).map(({ path, message }) => `${file}: ${path} ${message}`)
  if (!Value.Check(planSchema, value)) throw new Error(problems.join('\n') || `${file}: is no plan of a roll-out`)
  const names = value.instances.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new Error(`${file}: instances: two are called ${twice}; each needs a name of its own`)
  // What was verified here is another file than the one over there, unless that is compared.
  if (![value.commands.prepare, value.commands.activate].some(command => command?.join(' ').includes('{sha256}')))
    throw new Error(
      `${file}: commands: neither prepare nor activate takes {sha256}; hand it to what installs, which compares`,
    )
  const inFolder = (name: string) => readFileSync(resolve(folder, name), 'utf8')
  const withSecrets = (test: PlannedSmokeTest): PlannedSmokeTest => {
    const read = Object.entries(test.fieldFiles ?? {}).map(([field, name]) => [field, inFolder(name).trim()])
    return { ...test, fields: { ...test.fields, ...Object.fromEntries(read) } }
  }
  const { caFile, adminCredentialFile: credentialFile, release } = value
  const publicKey = readPublicKey(resolve(folder, release.publicKeyFile))
  return {
    ...{ plan: { ...value, smokeTests: value.smokeTests.map(withSecrets) }, folder },
    ca: caFile === undefined ? undefined : inFolder(caFile),
    adminFields: credentialFile === undefined ? {} : { Authorization: `Bearer ${inFolder(credentialFile).trim()}` },
    release: { folder: resolve(folder, release.folder), file: release.file, publicKey },
  }
}
