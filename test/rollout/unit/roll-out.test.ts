/** The order of a roll-out, and what it does when a step or a gate fails, on machines that exist on paper only. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Plan } from '../../../deploy/roll-out/plan.ts'
import { rollOut } from '../../../deploy/roll-out/roll-out.ts'
import type { Answer, Surroundings } from '../../../deploy/roll-out/surroundings.ts'
import { verifyRelease } from '../../../deploy/roll-out/verify-release.ts'
import { signedRelease } from './signed-release.ts'

const NEW = '2.0.0'
const OLD = '1.0.0'
const OLDER = '0.9.0'
const made = await signedRelease([NEW, OLD, OLDER])
after(() => made[Symbol.dispose]())
const wanted = { release: await verifyRelease(made, NEW), mayBeOlder: false }
const ADMIN = { Authorization: 'Bearer of operators' }
const command = (name: string) => [name, '{name}', '{version}', '{sha256}']
const STEPS = ['prepare', 'takeOut', 'stop', 'activate', 'start', 'putBack', 'restore'] as const

const plan: Plan = {
  publicUrl: 'https://devops.example.com',
  release: { folder: made.folder, file: made.file, publicKeyFile: 'release-key.pub' },
  instances: ['one', 'two'].map(name => ({ name, address: `https://${name}:8443`, admin: `http://${name}:9090` })),
  commands: Object.fromEntries(STEPS.map(name => [name, command(name)])) as Plan['commands'],
  smokeTests: [{ path: '/whoami', status: 200, content: 'ada' }],
  gates: { commandSeconds: 1, readySeconds: 5, readyChecks: 2, watchSeconds: 2, maxFailedShare: 0.01 },
}

interface Trouble {
  /** A command that fails, as `step instance`. */
  readonly fails?: string
  /** What the new version does wrong, at this instance. */
  readonly at?: string
  readonly flaw?: 'never ready' | 'smoke' | 'traffic' | 'says another version' | 'does not stop'
  readonly isDownBefore?: string
  /** Answers questions about itself with this alone. */
  readonly adminFields?: Readonly<Record<string, string>>
}

function metricsOf(version: string, isBroken: Trouble['flaw'], asked: number): string {
  const told = isBroken === 'says another version' ? OLD : version
  const failed = isBroken === 'traffic' ? asked / 10 : 0
  return `torhaus_build_info{version="${told}"} 1
torhaus_requests_total{outcome="forwarded"} ${asked}
torhaus_requests_total{outcome="failed"} ${failed}
`
}

/** Machines that do what the commands say. Their clock moves when somebody sleeps. */
function machines({ fails, at, flaw, isDownBefore, adminFields = ADMIN }: Trouble, version = NEW) {
  const done: string[] = []
  const machine = new Map(plan.instances.map(({ name }) => [name, { version: OLD, isUp: name !== isDownBefore }]))
  let nowMs = 0
  let scrapes = 0
  const answer = (status: number, content = ''): Answer => ({ status, content })
  const surroundings: Surroundings = {
    adminFields,
    nowMs: () => nowMs,
    tell: () => undefined,
    async sleep(ms) {
      nowMs += ms
    },
    async run([step = '', name = '', given = '', sha256 = '']) {
      done.push(`${step} ${name}`)
      if (fails === `${step} ${name}`) throw new Error(`${step} failed`)
      const one = machine.get(name)
      assert.ok(one)
      assert.equal(given, version)
      assert.match(sha256, /^[0-9a-f]{64}$/)
      if (step === 'stop') one.isUp = flaw === 'does not stop' && at === name
      if (step === 'start') one.isUp = true
      if (step === 'activate') one.version = version
      if (step === 'restore') one.version = OLD
    },
    async ask({ url, fields }) {
      const { hostname: name, pathname } = new URL(url)
      const one = machine.get(name)
      if (one === undefined || !one.isUp) return answer(0, 'refused')
      const isBroken = at === name && one.version === NEW ? flaw : undefined
      if (pathname === '/readyz') return answer(isBroken === 'never ready' ? 503 : 200)
      if (pathname === '/metrics' && fields.Authorization !== ADMIN.Authorization) return answer(401)
      if (pathname === '/metrics') return answer(200, metricsOf(one.version, isBroken, ++scrapes * 100))
      if (pathname === '/whoami') assert.deepEqual(fields, { Host: 'devops.example.com' })
      return isBroken === 'smoke' ? answer(200, 'nobody') : answer(200, 'ada')
    },
  }
  const versions = () => Array.from(machine.values(), ({ version }) => version)
  return { surroundings, done, versions }
}

async function roll(trouble: Trouble = {}, signal = new AbortController().signal) {
  const { surroundings, done, versions } = machines(trouble)
  const report = await rollOut({ plan, folder: '/plan' }, wanted, surroundings, signal)
  return { ...report, done, versions: versions() }
}

const CHANGE = ['takeOut', 'stop', 'activate', 'start', 'putBack']
const changeOf = (name: string) => CHANGE.map(step => `${step} ${name}`)

test('one instance after the other is taken out, changed and put back, and prepared before all of that', async () => {
  const { result, done, versions } = await roll()
  assert.equal(result, 'rolled-out')
  assert.deepEqual(done, ['prepare one', 'prepare two', ...changeOf('one'), ...changeOf('two')])
  assert.deepEqual(versions, [NEW, NEW])
})

for (const flaw of ['never ready', 'smoke', 'traffic', 'says another version'] as const)
  test(`a version that is broken at the second instance (${flaw}) is rolled back at both, the last one first`, async () => {
    const { result, reason, done, versions } = await roll({ at: 'two', flaw })
    assert.equal(result, 'rolled-back')
    assert.match(reason ?? '', /^two/)
    assert.deepEqual(versions, [OLD, OLD])
    assert.deepEqual(
      done.filter(step => step.startsWith('restore')),
      ['restore two', 'restore one'],
    )
    const isSeenByClients = done.indexOf('putBack two') < done.indexOf('restore two')
    assert.equal(isSeenByClients, flaw === 'traffic', 'only what shows under traffic gets any')
  })

test('a package that does not arrive everywhere changes nothing', async () => {
  const { result, done } = await roll({ fails: 'prepare two' })
  assert.equal(result, 'refused')
  assert.deepEqual(done, ['prepare one', 'prepare two'])
})

test('nothing is begun while an instance is down: the other one would be alone, and then gone', async () => {
  const { result, reason, done } = await roll({ isDownBefore: 'two' })
  assert.equal(result, 'refused')
  assert.match(reason ?? '', /^two is not ready/)
  assert.deepEqual(done, [])
})

test('a version that is older than what runs is refused, unless that is meant', async () => {
  const release = await verifyRelease(made, OLDER)
  for (const mayBeOlder of [false, true]) {
    const { surroundings, done, versions } = machines({}, OLDER)
    const { signal } = new AbortController()
    const { result, reason } = await rollOut({ plan, folder: '' }, { release, mayBeOlder }, surroundings, signal)
    assert.equal(result, mayBeOlder ? 'rolled-out' : 'refused')
    if (!mayBeOlder) assert.match(reason ?? '', /^one runs 1\.0\.0, and 0\.9\.0 is older: --allow-older/)
    assert.deepEqual([done.length > 0, versions()[0]], mayBeOlder ? [true, OLDER] : [false, OLD])
  }
})

test('nothing is begun where the instances do not tell what they run: nobody could watch them either', async () => {
  const { result, reason, done } = await roll({ adminFields: {} })
  assert.equal(result, 'refused')
  assert.match(reason ?? '', /^one does not tell what it runs \(\/metrics\): is adminCredentialFile right\?/)
  assert.deepEqual(done, [])
})

for (const fails of ['takeOut one', 'activate one', 'start two', 'putBack two'])
  test(`a command that fails (${fails}) ends with the version before everywhere`, async () => {
    const { surroundings, versions } = machines({})
    let isFirst = true
    const once: Surroundings = {
      ...surroundings,
      async run(words, timeoutMs) {
        if (isFirst && `${words[0]} ${words[1]}` === fails) {
          isFirst = false
          throw new Error('once')
        }
        await surroundings.run(words, timeoutMs)
      },
    }
    const { signal } = new AbortController()
    assert.equal((await rollOut({ plan, folder: '' }, wanted, once, signal)).result, 'rolled-back')
    assert.deepEqual(versions(), [OLD, OLD])
  })

test('where going back fails too, it stops there and says so: the other instances still serve', async () => {
  const { result, reason, done, versions } = await roll({ at: 'two', flaw: 'smoke', fails: 'restore two' })
  assert.equal(result, 'stuck')
  assert.match(reason ?? '', /two could not be brought back/)
  assert.ok(!done.includes('restore one'))
  assert.deepEqual(versions, [NEW, NEW])
})

test('an instance that goes on after it was stopped is not started a second time', async () => {
  const { result, done } = await roll({ at: 'one', flaw: 'does not stop' })
  assert.equal(result, 'stuck')
  assert.ok(!done.includes('start one'))
})

test('an interruption before the first change is a refusal, and later on goes back', async () => {
  const early = await roll({}, AbortSignal.abort())
  assert.equal(early.result, 'refused')
  const controller = new AbortController()
  const { surroundings, versions } = machines({})
  const interrupting: Surroundings = {
    ...surroundings,
    async run(words, timeoutMs) {
      if (words[0] === 'start') controller.abort()
      await surroundings.run(words, timeoutMs)
    },
  }
  const { result, reason } = await rollOut({ plan, folder: '' }, wanted, interrupting, controller.signal)
  assert.deepEqual([result, reason], ['rolled-back', 'interrupted'])
  assert.deepEqual(versions(), [OLD, OLD])
})
