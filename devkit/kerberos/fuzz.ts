/**
 * Decoders of Kerberos under changed messages: `node devkit/kerberos/fuzz.ts [--inputs 10000000] [--seed 1] [--only
 * NAME]`. A JSON line for each decoder: how many inputs it read and refused, microseconds for one, the slowest of 256 in
 * a row, memory. What is neither read nor refused with a code ends the run with the input in base64.
 */
import { parseArgs } from 'node:util'
import { DECODERS, type Decoder, isRead } from './decoders.ts'
import { createMutations } from './mutations.ts'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '10000000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
})
const BATCH = 256

function fuzz(decoder: Decoder, inputs: number, seed: number): void {
  const mutated = createMutations(decoder.sample, seed)
  const batch: Buffer[] = []
  let [read, busyMs, slowestMs] = [0, 0, 0]
  for (let done = 0; done < inputs; done += batch.length) {
    batch.length = 0
    while (batch.length < BATCH && done + batch.length < inputs) batch.push(mutated())
    const startedMs = performance.now()
    for (const octets of batch) if (tried(decoder, octets)) read++
    const tookMs = performance.now() - startedMs
    busyMs += tookMs
    slowestMs = Math.max(slowestMs, tookMs)
  }
  const us = Number(((busyMs * 1000) / inputs).toFixed(2))
  const rssMiB = Math.round(process.memoryUsage.rss() / 2 ** 20)
  const slowestBatchMs = Number(slowestMs.toFixed(1))
  console.log(
    JSON.stringify({ decoder: decoder.name, inputs, read, refused: inputs - read, us, slowestBatchMs, rssMiB }),
  )
}

function tried(decoder: Decoder, octets: Buffer): boolean {
  try {
    return isRead(decoder, octets)
  } catch (error) {
    throw new Error(`${decoder.name}: ${octets.toString('base64')}`, { cause: error })
  }
}

for (const decoder of DECODERS)
  if (values.only === undefined || values.only === decoder.name)
    fuzz(decoder, Number(values.inputs), Number(values.seed))
