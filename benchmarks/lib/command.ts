/** The command as a person runs it: a process of its own, timed whole, with its processor time and the peak of its memory. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const command = fileURLToPath(new URL('../../../bin/ringfence.js', import.meta.url))

/** Loaded into each process before the command: tells on descriptor 3, when it ends, its peak memory and its processor time. */
const tellUsage = `data:text/javascript,import{writeSync}from'node:fs';process.on('exit',()=>{
const{maxRSS,userCPUTime,systemCPUTime}=process.resourceUsage();writeSync(3,maxRSS+' '+(userCPUTime+systemCPUTime))})`.replaceAll(
  '\n',
  '',
)

export interface Step {
  readonly seconds: number
  readonly megabytes: number
  /** Of all its threads, in seconds: on a busy machine a steadier measure than the clock. */
  readonly processor: number
  /** All of standard output. */
  readonly output: string
}

/** Throws where `ringfence` with these arguments ends with another code than 0. */
export const step = async (args: readonly string[]): Promise<Step> => {
  const begin = performance.now()
  const child = spawn(process.execPath, ['--import', tellUsage, command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const texts = ['', '', '']
  const streams = [child.stdout, child.stderr, child.stdio[3]]
  streams.forEach((stream, i) => {
    stream?.on('data', (chunk: Buffer) => {
      texts[i] += chunk.toString()
    })
  })
  const [exit] = await once(child, 'close')
  if (exit !== 0) throw new Error(`ringfence ${args.join(' ')} ended with ${exit}: ${texts[1]}`)
  const [kilobytes, microseconds] = texts[2]!.split(' ').map(Number) as [number, number]
  return {
    seconds: (performance.now() - begin) / 1000,
    megabytes: kilobytes / 1024,
    processor: microseconds / 1e6,
    output: texts[0]!,
  }
}
