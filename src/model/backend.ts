/**
 * Which TensorFlow.js backend computes: the native one (`@tensorflow/tfjs-node`, an optional package) where it loads and passes a
 * check, else the WebAssembly one, whose files come inside its npm package. Loaded on first use only: TensorFlow.js takes half a
 * second to load and nothing but training and scoring needs it.
 *
 * Both give the same results within 1e-4; each is deterministic by itself.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { RingfenceError } from '../errors.js'

export type TensorFlow = typeof import('@tensorflow/tfjs')

export const backendChoices = ['auto', 'native', 'wasm'] as const
export type BackendChoice = (typeof backendChoices)[number]

export interface Backend {
  readonly name: 'native' | 'wasm'
  readonly tf: TensorFlow
  /** Name and versions, as a run records it. */
  readonly title: string
  /** One sentence for logs and people: why this one. */
  readonly reason: string
}

type Attempt = { readonly backend: Backend } | { readonly failure: string }

const require = createRequire(import.meta.url)
const tolerance = 1e-4

/** The environment variable RINGFENCE_TENSORFLOW, else `auto`. Throws `usage` where it names no backend. */
export const backendSetting = (): BackendChoice => {
  const setting = process.env.RINGFENCE_TENSORFLOW ?? 'auto'
  const choice = backendChoices.find((each) => each === setting)
  if (choice === undefined)
    throw new RingfenceError(
      'usage',
      `RINGFENCE_TENSORFLOW is "${setting}"; it must be one of ${backendChoices.join(', ')}.`,
    )
  return choice
}

/** Sums that are exact in float32, and a gradient through the operations that the models use, against numbers worked out by hand. */
const check = (tf: TensorFlow): void => {
  const worst = tf.tidy(() => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2])
    const w = tf.tensor2d([0.5, -1, 2, 0.25], [2, 2])
    // Row sums of relu(x w): (4.5 + 0), (9.5 + 0), (14.5 + 0); the derivative by w is the column sums of x where relu passes.
    const [gradient] = tf.grads((weight) => tf.sum(tf.relu(tf.matMul(x, weight as typeof w))))([w])
    const forward = tf.relu(tf.matMul(x, w)).sum(1).dataSync()
    const backward = gradient!.dataSync()
    const found = [...forward, ...backward]
    return [4.5, 9.5, 14.5, 9, 0, 12, 0].reduce((most, value, at) => {
      const off = Math.abs((found[at] ?? Number.NaN) - value)
      return off <= most ? most : off
    }, 0)
  })
  if (!(worst <= tolerance)) throw new Error(`it computes wrongly, by ${worst}`)
}

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 300)

/** The library is compiled for AVX; without it the process would be killed, which no check could catch. */
const lacksVectorUnit = (): boolean => {
  if (process.platform !== 'linux' || process.arch !== 'x64') return false
  try {
    return !/\bavx\b/.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return false
  }
}

/** Node.js 23 removed two functions that @tensorflow/tfjs-node 4.22, the last release, still calls (tensorflow/tfjs#8425). */
const restoreRemovedFunctions = (): void => {
  const util = require('node:util') as Record<string, unknown>
  util.isNullOrUndefined ??= (value: unknown): boolean => value === null || value === undefined
  util.isArray ??= Array.isArray
}

const loadNative = async (): Promise<Attempt> => {
  if (lacksVectorUnit()) return { failure: 'this processor has no AVX, which the native library needs' }
  try {
    require.resolve('@tensorflow/tfjs-node/package.json')
  } catch {
    return { failure: 'the optional package @tensorflow/tfjs-node is not installed' }
  }
  try {
    // Its start-up lines would stand between ours; what goes wrong is thrown anyway.
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
    restoreRemovedFunctions()
    const tf = require('@tensorflow/tfjs-node') as TensorFlow
    if (!(await tf.setBackend('tensorflow'))) return { failure: 'the native backend did not start' }
    await tf.ready()
    check(tf)
    const { binding } = tf.backend() as unknown as { readonly binding?: { readonly TF_Version?: string } }
    return {
      backend: {
        name: 'native',
        tf,
        title: `native TensorFlow ${binding?.TF_Version ?? ''} with tfjs ${tf.version.tfjs}`,
        reason: '@tensorflow/tfjs-node loads and passes its check',
      },
    }
  } catch (error) {
    return { failure: `@tensorflow/tfjs-node cannot be used: ${messageOf(error)}` }
  }
}

const loadWasm = async (reason: string): Promise<Attempt> => {
  try {
    const tf = require('@tensorflow/tfjs') as TensorFlow
    require('@tensorflow/tfjs-backend-wasm')
    if (!(await tf.setBackend('wasm'))) return { failure: 'the WebAssembly backend did not start' }
    await tf.ready()
    check(tf)
    return { backend: { name: 'wasm', tf, title: `WebAssembly, tfjs ${tf.version.tfjs}`, reason } }
  } catch (error) {
    return { failure: messageOf(error) }
  }
}

const load = async (choice: BackendChoice): Promise<Backend> => {
  const native = choice === 'wasm' ? null : await loadNative()
  if (native && 'backend' in native) return native.backend
  if (native && choice === 'native')
    throw new RingfenceError('model.backend', `The native TensorFlow backend was asked for: ${native.failure}.`)
  const wasm = await loadWasm(native === null ? 'it was asked for' : native.failure)
  if ('backend' in wasm) return wasm.backend
  throw new RingfenceError('model.backend', `The WebAssembly backend of TensorFlow.js cannot be used: ${wasm.failure}.`)
}

const loaded = new Map<BackendChoice, Promise<Backend>>()

/**
 * The backend for this thread, made current. Repeated calls with one choice try only once. TensorFlow.js keeps one current backend a
 * thread, so whoever uses two in turn calls this before each. Throws `model.backend` where none works, `usage` for a wrong setting.
 */
export const loadBackend = async (choice: BackendChoice = backendSetting()): Promise<Backend> => {
  let loading = loaded.get(choice)
  if (!loading) {
    loading = load(choice)
    loaded.set(choice, loading)
    loading.catch(() => loaded.delete(choice))
  }
  const backend = await loading
  await backend.tf.setBackend(backend.name === 'native' ? 'tensorflow' : 'wasm')
  return backend
}
