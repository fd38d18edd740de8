// A real Wechaty gateway, with a puppet that needs no WeChat, for the tests of the WeChat channel.
//
// It reads one line of JSON from its standard input: `token`, `port` (of the gateway), `tls`
// (`null` for a plain one, `{}` for the certificate that the npm package brings, or `{certificate,
// key}` in PEM) and `journal` (where the puppet writes down what was sent). It then says in one line of JSON where its control port is and which certificate
// signs for it, and serves until its standard input ends, so that it never outlives a test.
// A command (control.mjs) is `POST /NAME` with the token and its arguments as JSON.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'

import { mock } from 'wechaty-puppet-mock'
import { PuppetServer } from 'wechaty-puppet-service'

import { commands } from './control.mjs'
// The package does not export what its own clients trust.
import { TLS_CA_CERT } from './node_modules/wechaty-puppet-service/dist/esm/src/auth/ca.js'
import { ShopPuppet } from './puppet.mjs'

const EVENT = '/wechaty.Puppet/Event'

// The gateway's own server, which can also be told to end the stream of events.
class Gateway extends PuppetServer {
  #stream

  async start () {
    await super.start()
    const handler = this.grpcServer.handlers.get(EVENT)
    const plain = handler.func
    handler.func = call => {
      const already = this.#stream && !this.#stream.destroyed && !this.#stream.writableEnded
      if (!already) { this.#stream = call }
      return plain(call)
    }
  }

  endStream () { this.#stream?.end() }
}

// Lets something happen at another moment than now, for a bot whose clock is another.
function happening (at, deed) {
  const now = Date.now
  if (at !== undefined) { Date.now = () => at }
  try {
    return deed()
  } finally {
    Date.now = now
  }
}

async function body (request) {
  const parts = []
  for await (const part of request) { parts.push(part) }
  return JSON.parse(Buffer.concat(parts).toString() || '{}')
}

function controlPort (puppet, server, token) {
  return createServer(async (request, response) => {
    const answer = (status, value) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(value ?? null))
    }
    if (request.headers.authorization !== token) { return answer(401, 'wrong token') }
    const command = commands[request.url.slice(1)]
    if (!command) { return answer(404, `no such command: ${request.url}`) }
    const { at, ...given } = await body(request)
    try {
      answer(200, await happening(at, () => command(puppet, server, given)))
    } catch (error) {
      answer(500, error.stack)
    }
  })
}

const lines = createInterface({ input: process.stdin })
lines.on('close', () => process.exit(0))
const [first] = await once(lines, 'line')
const { token, port, tls, journal } = JSON.parse(first)

const puppet = new ShopPuppet({ mocker: new mock.Mocker(), journal })
puppet.on('error', error => console.error('puppet:', error)) // without a listener it would throw
const server = new Gateway({
  endpoint: `127.0.0.1:${port}`,
  puppet,
  token,
  tls: tls ? { serverCert: tls.certificate, serverKey: tls.key } : { disable: true },
})
await server.start()
const control = controlPort(puppet, server, token)
control.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ control: control.address().port, authority: TLS_CA_CERT }))
})
