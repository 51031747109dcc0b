/** The networks of a model as files: `network.json` (kinds, relations, encoders), and the numbers of each as little-endian float32. */
import { endianness } from 'node:os'
import { RingfenceError } from '../../errors.js'
import type { Encoder } from '../graphsage/encoder.js'
import { type KindNetworkShape, kindLayout } from '../graphsage/kinds-network.js'
import type { KindModels } from '../graphsage/kinds-score.js'

const description = 'network.json'
const numbersFile = (part: number): string => `network-${part}.f32`

interface StoredNetworks {
  readonly shape: KindNetworkShape
  readonly neighbours: number
  readonly seed: number
  readonly networks: number
  readonly inputs: readonly {
    readonly encoder: Encoder
    readonly mean: readonly number[]
    readonly scale: readonly number[]
  }[]
}

/** In place where this machine keeps the other end first. */
const littleEndian = (bytes: Buffer): Buffer => (endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32())

export const networkFiles = ({
  shape,
  inputs,
  neighbours,
  networks,
  seed,
}: KindModels): readonly (readonly [string, string | Buffer])[] => {
  const stored: StoredNetworks = {
    shape,
    neighbours,
    seed,
    networks: networks.length,
    inputs: inputs.map(({ encoder, standard }) => ({
      encoder,
      mean: [...standard.mean],
      scale: [...standard.scale],
    })),
  }
  return [
    [description, `${JSON.stringify(stored)}\n`],
    ...networks.map(
      (values, part) =>
        [numbersFile(part), littleEndian(Buffer.from(values.buffer, values.byteOffset, values.byteLength))] as const,
    ),
  ]
}

/** `contentOf` throws where a file is missing. Throws `model.format` where sizes do not fit one another or a number is not finite. */
export const networksFromFiles = (contentOf: (name: string) => Buffer): KindModels => {
  const { shape, neighbours, seed, networks, inputs } = JSON.parse(contentOf(description).toString()) as StoredNetworks
  const { size } = kindLayout(shape)
  return {
    shape,
    neighbours,
    seed,
    inputs: inputs.map(({ encoder, mean, scale }) => ({
      encoder,
      standard: { mean: Float32Array.from(mean), scale: Float32Array.from(scale) },
    })),
    networks: Array.from({ length: networks }, (_, part) => {
      const bytes = littleEndian(contentOf(numbersFile(part)))
      const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
      if (values.length !== size || !values.every(Number.isFinite))
        throw new RingfenceError('model.format', `${numbersFile(part)} does not hold ${size} finite numbers.`)
      return values
    }),
  }
}
