/** Many clients at a time, slow and quick, each doing one thing with content after another, all kinds mixed. */
import { ContentConnection } from './content-connection.ts'
import { type ContentClient, contentExchanges, expectInStep } from './content-exchanges.ts'

export interface ContentsOrder {
  readonly port: number
  /** PEM. */
  readonly ca: string
  /** `Host: ...`. */
  readonly host: string
  /** Authorization fields, which clients take in turn. */
  readonly credentials: readonly string[]
  readonly clients: number
  /** Exchanges of each client; all kinds are played where it times `clients` is enough. */
  readonly exchangesEach: number
  /** Of one exchange. */
  readonly bytes: number
  /** Streams are numbered from here on. */
  readonly firstStream: number
}

export interface ContentsPlayed {
  readonly exchanges: number
  readonly mistakes: readonly string[]
}

/** Every third is quick. In milliseconds between two pieces. */
const RESTS_MS = [0, 1, 4]
/** Coprime to the number of kinds, so that clients that begin at a time are at different ones. */
const STRIDE = 5

export async function playContents(order: ContentsOrder): Promise<ContentsPlayed> {
  const mistakes: string[] = []
  let exchanges = 0
  const play = async (index: number) => {
    let connection: ContentConnection | undefined
    for (let turn = 0; turn < order.exchangesEach; turn++) {
      const number = index * order.exchangesEach + turn
      const [name, exchange] = [...contentExchanges][(number * STRIDE) % contentExchanges.size] ?? []
      if (name === undefined || exchange === undefined) throw new Error('no exchanges')
      const current: ContentConnection = connection ?? (await ContentConnection.open(order.port, order.ca))
      connection = current
      const client: ContentClient = {
        connection: current,
        fields: [order.host, order.credentials[index % order.credentials.length] ?? ''],
        stream: order.firstStream + number,
        bytes: order.bytes,
        restMs: RESTS_MS[number % RESTS_MS.length] ?? 0,
        isRude: number % 2 === 0,
      }
      try {
        const end = await exchange(client)
        if (end === 'goes on') await expectInStep(client)
        else connection = undefined
      } catch (error) {
        mistakes.push(`${name}, stream ${client.stream}: ${error instanceof Error ? error.message : String(error)}`)
        current.close()
        connection = undefined
      }
      exchanges++
    }
    connection?.close()
  }
  await Promise.all(Array.from({ length: order.clients }, (_, index) => play(index)))
  return { exchanges, mistakes }
}
