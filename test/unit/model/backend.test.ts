import { afterEach, expect, test } from '@jest/globals'
import { type Backend, backendSetting, loadBackend } from '#src/model/backend.js'

const before = process.env.RINGFENCE_TENSORFLOW
afterEach(() => {
  if (before === undefined) delete process.env.RINGFENCE_TENSORFLOW
  else process.env.RINGFENCE_TENSORFLOW = before
})

/** A two-layer network's output and gradients, with the operations that the models use. */
const compute = ({ tf }: Backend): number[] =>
  tf.tidy(() => {
    const x = tf.tensor2d(
      Float32Array.from({ length: 60 }, (_, i) => Math.sin(i)),
      [12, 5],
    )
    const w = tf.tensor2d(
      Float32Array.from({ length: 40 }, (_, i) => Math.cos(3 * i)),
      [5, 8],
    )
    const v = tf.tensor2d(
      Float32Array.from({ length: 8 }, (_, i) => Math.cos(i)),
      [8, 1],
    )
    const { value, grads } = tf.valueAndGrads((first, second) => {
      const hidden = tf.relu(tf.matMul(x, first as typeof w))
      const centred = tf.sub(hidden, tf.mean(hidden, 1, true))
      const normal = tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), 1e-5)))
      return tf.mean(tf.softplus(tf.matMul(normal as typeof w, second as typeof v)))
    })([w, v])
    return [value, ...grads].flatMap((tensor) => [...tensor.dataSync()])
  })

test('the WebAssembly backend always loads, says why, and the native one agrees with it where it can be had', async () => {
  const wasm = await loadBackend('wasm')
  expect(wasm).toMatchObject({ name: 'wasm', reason: 'it was asked for' })
  const expected = compute(wasm)
  expect(expected.every(Number.isFinite)).toBe(true)
  const auto = await loadBackend('auto')
  expect(auto.reason).not.toBe('')
  if (auto.name === 'wasm') {
    expect(auto.reason).toMatch(/tfjs-node/)
    await expect(loadBackend('native')).rejects.toMatchObject({ code: 'model.backend' })
  }
  const found = compute(auto)
  found.forEach((value, at) => {
    expect(Math.abs(value - expected[at]!)).toBeLessThan(1e-4)
  })
})

test('the setting names a backend', () => {
  process.env.RINGFENCE_TENSORFLOW = 'wasm'
  expect(backendSetting()).toBe('wasm')
  delete process.env.RINGFENCE_TENSORFLOW
  expect(backendSetting()).toBe('auto')
  process.env.RINGFENCE_TENSORFLOW = 'gpu'
  expect(backendSetting).toThrow(expect.objectContaining({ code: 'usage' }))
})
