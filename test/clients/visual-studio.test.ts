/**
 * SOAP as Visual Studio, tf and Team Explorer Everywhere speak it: a POST that expects 100 Continue, a challenge that must
 * not be a redirect, then the same with credentials; faults, files and addresses of the server pass as they are.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { basic, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const CONNECT = `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body><Connect xmlns="http://microsoft.com/webservices/"><connectOptions>1</connectOptions></Connect></soap:Body></soap:Envelope>`
const SOAP = 'application/soap+xml; charset=utf-8'
const LOCATION = '/tfs/defaultcollection/Services/v3.0/LocationService.asmx'

const clients = {
  'Visual Studio': 'Team Foundation (devenv.exe, 17.10.35201.131, Enterprise, SKU:54)',
  'tf.exe': 'Team Foundation (TF.exe, 17.10.35201.131)',
  'Team Explorer Everywhere': 'Team  Explorer  Everywhere, SKU:7 (14.135.3 (r1); Linux 6.1)',
}

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

const soapFields = (agent: string, ...more: string[]) => [
  proxy.host,
  `User-Agent: ${agent}`,
  'X-TFS-Version: 1.0.0.0',
  'X-TFS-FedAuthRedirect: Suppress',
  'X-TFS-Session: 4c1c0e9e-6d5a-4d1b-8f0a-0d7f5b1f1a55, Connect',
  'X-VSS-Agent: TFS: 4c1c0e9e-6d5a-4d1b-8f0a-0d7f5b1f1a55',
  `Content-Type: ${SOAP}`,
  'SOAPAction: "http://microsoft.com/webservices/Connect"',
  // Team Explorer Everywhere is built on a Java client that asks for any type.
  'Accept: text/html, image/gif, image/jpeg, */*; q=0.2',
  `Content-Length: ${CONNECT.length}`,
  ...more,
]

/** The address that the server gives for itself, which the client goes on with. */
const connected = (host: string) =>
  `<soap:Envelope><soap:Body><ConnectResult AccessPointUrl="http://${host}/tfs/"/></soap:Body></soap:Envelope>`

for (const [client, agent] of Object.entries(clients))
  describe(client, () => {
    test('without credentials it gets 401 with challenges, a text for its dialog, and no way to a sign-in page', async () => {
      const connection = await proxy.connect()
      connection.send(requestText(`POST ${LOCATION}`, soapFields(agent, 'Expect: 100-continue')))
      const response = await connection.response()
      assert.deepEqual([response.status, response.informational.length], [401, 0])
      assert.ok(response.all('WWW-Authenticate').some(challenge => challenge.startsWith('Basic realm="')))
      for (const name of ['Location', 'X-TFS-FedAuthRealm', 'X-TFS-FedAuthIssuer'])
        assert.equal(response.one(name), undefined)
      assert.match(decodeURIComponent(response.one('X-TFS-ServiceError') ?? ''), /sign in/i)
    })

    test('with a personal access token its content is asked for, and arrives with the fields of its session', async () => {
      proxy.origin.answerWith((request, response, received) => {
        request.on('end', () => {
          assert.equal(received.text, CONNECT)
          response.writeHead(200, { 'Content-Type': SOAP, 'X-TFS-ServerVersion': '1.0' })
          response.end(connected(request.headers.host ?? ''))
        })
      })
      const connection = await proxy.connect()
      connection.send(requestText(`POST ${LOCATION}`, soapFields(agent, patField, 'Expect: 100-continue')))
      assert.equal((await connection.head()).status, 100)
      const response = await connection.send(CONNECT).response()
      assert.equal(response.text, connected(`127.0.0.1:${proxy.fixture.port}`))
      assert.equal(response.one('Content-Type'), SOAP)
      const arrived = proxy.origin.requests.at(-1)
      assert.deepEqual(arrived?.all('SOAPAction'), ['"http://microsoft.com/webservices/Connect"'])
      assert.deepEqual(arrived?.all('X-TFS-Session'), ['4c1c0e9e-6d5a-4d1b-8f0a-0d7f5b1f1a55, Connect'])
      assert.equal(arrived?.target, LOCATION)
    })

    test('a password of the directory is refused with the sentence in its dialog', async () => {
      const response = await proxy.ask(
        `POST ${LOCATION}`,
        soapFields(agent, basic('ada', 'directory password')).slice(1),
        CONNECT,
      )
      assert.deepEqual([response.status, response.one('X-Torhaus-Error')], [401, 'password-unavailable'])
      const shown = decodeURIComponent(response.one('X-TFS-ServiceError') ?? '')
      assert.ok(shown.length > 0 && response.text.includes(shown), shown)
    })

    test('a token of one factor is refused with the link to confirm in its dialog', async () => {
      const token = await proxy.fixture.op.issueAccessToken('ada', { acr: 'urn:torhaus:acr:pwd', amr: ['pwd'] })
      const fields = soapFields(agent, `Authorization: Bearer ${token}`).slice(1)
      const response = await proxy.ask(`POST ${LOCATION}`, fields, CONNECT)
      assert.equal(response.status, 403)
      const shown = decodeURIComponent(response.one('X-TFS-ServiceError') ?? '')
      assert.match(shown, new RegExp(`${RegExp.escape(proxy.fixture.url)}/\\.torhaus/confirm/[A-Z2-7-]{9}`))
    })

    test('a fault of the server passes as it is', async () => {
      const fault =
        '<soap:Envelope><soap:Body><soap:Fault>TF14019: no such changeset</soap:Fault></soap:Body></soap:Envelope>'
      proxy.origin.answerWith((_, response) => response.writeHead(500, { 'Content-Type': SOAP }).end(fault))
      const response = await proxy.ask(`POST ${LOCATION}`, soapFields(agent, patField).slice(1), CONNECT)
      assert.deepEqual([response.status, response.one('Content-Type'), response.text], [500, SOAP, fault])
    })

    test('a file goes up as a form and comes down compressed, byte for byte', async () => {
      const form = `--x\r\nContent-Disposition: form-data; name="content"; filename="item"\r\n\r\n${'\u00e9\u0000\u00ff'.repeat(20_000)}\r\n--x--\r\n`
      proxy.origin.answerWith((request, response, received) => {
        request.on('end', () =>
          response.writeHead(200, { 'Content-Type': 'application/gzip' }).end(Buffer.from(received.text, 'latin1')),
        )
      })
      const response = await proxy.ask(
        'POST /tfs/DefaultCollection/VersionControl/v1.0/upload.asmx',
        [
          ...soapFields(agent, patField)
            .slice(1)
            .filter(field => !/^Content-(Type|Length)/.test(field)),
          ...['Content-Type: multipart/form-data; boundary=x', `Content-Length: ${form.length}`],
        ],
        form,
      )
      assert.deepEqual([response.status, response.one('Content-Type')], [200, 'application/gzip'])
      assert.ok(response.content.equals(Buffer.from(form, 'latin1')))
    })
  })
