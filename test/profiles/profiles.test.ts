/** OPs that cannot be had for a test, told by an OP that says what their documentation says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProductShape, productShapes } from '../../devkit/op/product-shapes.ts'
import { codeOf, type SignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { lyingLab } from '../oidc/lying-lab.ts'
import { saidOf, signInAt, tellOnly } from './profile-lab.ts'

const nowS = Math.floor(Date.now() / 1000)
const products = Object.keys(productShapes('http://op.example', nowS))

const { op, start } = await lyingLab()

async function startAs(profile: string): Promise<{ lab: SignInLab; shape: ProductShape }> {
  const shape = productShapes(op.issuer, nowS)[profile]
  assert.ok(shape)
  op.describe(right => ({ ...right, userinfo_endpoint: `${op.issuer}/userinfo` }))
  op.answerAt('/userinfo', (_, response) =>
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(shape.userinfo ?? {})),
  )
  const { issuer } = op
  const lab = await start(config => {
    const { clientId, clientSecretFile, bearer } = config.oidc
    return {
      ...config,
      oidc: { ...{ profile, issuer, clientId, clientSecretFile, bearer }, ...shape.options },
      secondFactor: { ...shape.accept, maxAgeSeconds: 43_200 },
    }
  })
  return { lab, shape }
}

for (const profile of products) {
  test(`${profile}: a sign-in with a second factor passes, asked for as this OP understands it`, async () => {
    const { lab, shape } = await startAs(profile)
    tellOnly(op, shape.two)
    const end = await signInAt(lab)
    assert.equal(end.status, 200, await saidOf(lab, end))
    assert.equal(lab.account(), shape.account)
    for (const [name, value] of Object.entries(shape.asks)) assert.equal(op.asked.get(name) ?? undefined, value, name)
  })

  test(`${profile}: a sign-in with one factor is refused, and the log says what came and what was wanted`, async () => {
    const { lab, shape } = await startAs(profile)
    tellOnly(op, shape.one)
    const end = await signInAt(lab)
    assert.deepEqual([end.status, codeOf(end)], [403, 'second-factor-missing'])
    assert.match(await saidOf(lab, end), /claims received: .*auth_time=\d+; required: /)
  })

  test(`${profile}: its access tokens are judged by what they have`, async () => {
    const { lab, shape } = await startAs(profile)
    const usual = { iss: op.issuer, aud: 'devops', sub: 'subject-of-ada', iat: nowS, exp: nowS + 600 }
    const token = await op.sign({ ...op.header, typ: 'JWT' }, { ...usual, ...shape.access })
    const answer = await fetch(`${lab.url}/`, { headers: { Authorization: `Bearer ${token}` } })
    assert.equal(answer.status, shape.accessStatus, codeOf(answer) ?? '')
    if (shape.accessStatus === 200) assert.equal(lab.account(), shape.account)
  })
}
