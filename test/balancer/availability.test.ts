import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { type BalancerLab, type Instance, startBalancerLab } from './balancer-lab.ts'

const WAIT_MS = 60_000
const STREAM_REQUESTS = 150

/** Asks in rounds until the instances have been asked as `wanted` says. */
async function untilAsked(lab: BalancerLab, wanted: (first: number, second: number) => boolean): Promise<void> {
  const deadline = performance.now() + WAIT_MS
  for (lab.counts(); ; ) {
    for (let count = 0; count < 6; count++) assert.equal((await lab.ask('GET /round', [patField])).status, 200)
    const [first = 0, second = 0] = lab.counts()
    if (wanted(first, second)) return
    assert.ok(performance.now() < deadline, `${first} and ${second} requests at last`)
  }
}

test('haproxy asks /readyz, takes an instance out while it is 503, and brings it back', async () => {
  const lab = await startBalancerLab('haproxy')
  try {
    const [first] = lab.instances
    assert.ok(first)
    await untilAsked(lab, (one, two) => one > 0 && two > 0)
    first.pretendNotReady = true
    await untilAsked(lab, (one, two) => one === 0 && two > 0)
    first.pretendNotReady = false
    await untilAsked(lab, (one, two) => one > 0 && two > 0)
  } finally {
    await lab.close()
  }
})

test('a request under way at an instance that is taken out comes to its end', async () => {
  const lab = await startBalancerLab('haproxy')
  try {
    const finish = Promise.withResolvers<void>()
    lab.origin.answerWith(async (request, response) => {
      if (request.url === '/long') await finish.promise
      response.end('whole')
    })
    const connection = await lab.open()
    connection.send(requestText('GET /long', ['Host: devops.example.com', patField]))
    await lab.origin.arrived('/long')
    for (const instance of lab.instances) instance.pretendNotReady = true
    const deadline = performance.now() + WAIT_MS
    while ((await lab.ask('GET /', [patField])).status !== 503) assert.ok(performance.now() < deadline)
    finish.resolve()
    assert.equal((await connection.response()).text, 'whole')
    connection.close()
  } finally {
    await lab.close()
  }
})

/** The instance that has a connection to the server. */
async function holderOf({ instances }: BalancerLab): Promise<Instance> {
  for (const instance of instances) {
    const metrics = await (await fetch(`${instance.fixture.adminUrl}/metrics`)).text()
    if (/^torhaus_upstream_connections 1$/m.test(metrics)) return instance
  }
  return assert.fail('nobody has it')
}

/** How an instance goes while requests keep coming. */
const ends = {
  drains: (lab: BalancerLab) => lab.instances[0]?.fixture.torhaus.drain(),
  'is killed': (lab: BalancerLab) => lab.instances[0]?.fixture.torhaus.kill(),
}

for (const kind of ['haproxy', 'nginx'] as const) {
  for (const [how, end] of Object.entries(ends)) {
    test(`behind ${kind}, no GET of a stream fails while an instance ${how}`, async () => {
      const lab = await startBalancerLab(kind)
      try {
        lab.origin.answerWith((_, response) => void setTimeout(() => response.end('whole'), 5))
        let [asked, ended] = [0, false]
        const ask = async () => {
          const connection = await lab.open()
          while (asked < STREAM_REQUESTS || !ended) {
            asked++
            if (asked === STREAM_REQUESTS / 3)
              void end(lab)?.then(() => {
                ended = true
              })
            connection.send(requestText('GET /stream', ['Host: devops.example.com', patField]))
            const response = await connection.response()
            assert.deepEqual([response.status, response.text], [200, 'whole'])
          }
          connection.close()
        }
        await Promise.all([ask(), ask(), ask(), ask()])
        // The other one answers all that comes now.
        lab.counts()
        assert.equal((await lab.ask('GET /', [patField])).status, 200)
        assert.equal(lab.counts()[0], 0)
      } finally {
        await lab.close()
      }
    })
  }
  for (const [method, times] of [
    ['GET', 2],
    ['POST', 1],
  ] as const) {
    test(`behind ${kind}, a ${method} whose instance is killed before the answer reaches the server ${times === 1 ? 'once' : 'again'}`, async () => {
      const lab = await startBalancerLab(kind)
      try {
        lab.origin.answerWith((_, response) => {
          if (lab.origin.requests.length > 1) response.end('again')
        })
        const connection = await lab.open()
        connection.send(requestText(`${method} /held`, ['Host: devops.example.com', patField, 'Content-Length: 0']))
        await lab.origin.arrived('/held')
        const holder = await holderOf(lab)
        await holder.fixture.torhaus.kill()
        assert.equal((await connection.response()).status, times === 1 ? 502 : 200)
        assert.equal(lab.origin.requests.length, times)
        connection.close()
      } finally {
        await lab.close()
      }
    })
  }
}
