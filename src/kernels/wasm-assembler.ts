/**
 * Just enough of an assembler to write a small WebAssembly module with vector instructions by hand: no compiler, no generated
 * file, and the reader sees each instruction. Opcodes: WebAssembly Core Specification 2.0, https://www.w3.org/TR/wasm-core-2/,
 * sections 5.4 (instructions) and 5.5 (modules).
 */
export type Code = readonly (number | Code)[]

/** A value's type byte. */
export const i32 = 0x7f
export const v128 = 0x7b

/** LEB128, unsigned. */
export const unsigned = (value: number): number[] => {
  const bytes: number[] = []
  let rest = value >>> 0
  do {
    const low = rest & 0x7f
    rest >>>= 7
    bytes.push(rest === 0 ? low : low | 0x80)
  } while (rest !== 0)
  return bytes
}

/** LEB128, signed. */
export const signed = (value: number): number[] => {
  const bytes: number[] = []
  for (let rest = value | 0; ; ) {
    const low = rest & 0x7f
    rest >>= 7
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...bytes, low]
    bytes.push(low | 0x80)
  }
}

const vector = (opcode: number): Code => [0xfd, unsigned(opcode)]

export const get = (local: number): Code => [0x20, unsigned(local)]
export const set = (local: number, value: Code): Code => [value, 0x21, unsigned(local)]
export const constant = (value: number): Code => [0x41, signed(value)]
export const add = (a: Code, b: Code): Code => [a, b, 0x6a]
export const sub = (a: Code, b: Code): Code => [a, b, 0x6b]
export const mul = (a: Code, b: Code): Code => [a, b, 0x6c]
export const shiftLeft = (a: Code, bits: number): Code => [a, constant(bits), 0x74]
export const lessThan = (a: Code, b: Code): Code => [a, b, 0x48]
export const lessOrEqual = (a: Code, b: Code): Code => [a, b, 0x4c]
export const loadI32 = (address: Code, offset = 0): Code => [address, 0x28, 2, unsigned(offset)]
export const loadF32 = (address: Code, offset = 0): Code => [address, 0x2a, 2, unsigned(offset)]

export const loadVector = (address: Code, offset = 0): Code => [address, vector(0), 2, unsigned(offset)]
export const storeVector = (address: Code, value: Code, offset = 0): Code => [
  address,
  value,
  vector(11),
  2,
  unsigned(offset),
]
const f32Bytes = (value: number): number[] => [...new Uint8Array(new Float32Array([value]).buffer)]
export const constantF32x4 = (value: number): Code => [vector(12), [0, 1, 2, 3].map(() => f32Bytes(value))]
export const constantI32x4 = (value: number): Code => [
  vector(12),
  [0, 1, 2, 3].map(() => [...new Uint8Array(new Int32Array([value]).buffer)]),
]
export const splatI32 = (value: Code): Code => [value, vector(0x11)]
export const splatF32 = (value: Code): Code => [value, vector(0x13)]
export const addF32x4 = (a: Code, b: Code): Code => [a, b, vector(0xe4)]
export const mulF32x4 = (a: Code, b: Code): Code => [a, b, vector(0xe6)]
export const greaterF32x4 = (a: Code, b: Code): Code => [a, b, vector(0x44)]
/** Bits of `a` where `mask` is 1, of `b` where it is 0. */
export const select = (a: Code, b: Code, mask: Code): Code => [a, b, mask, vector(0x52)]

/** Repeats `body` while `condition` holds, which is looked at first. */
export const whileLoop = (condition: Code, body: Code): Code => [
  [0x02, 0x40],
  [0x03, 0x40],
  [condition, 0x45, 0x0d, 1],
  body,
  [0x0c, 0, 0x0b, 0x0b],
]
export const ifThen = (condition: Code, then: Code): Code => [condition, 0x04, 0x40, then, 0x0b]

export interface WasmFunction {
  readonly name: string
  /** Parameters, all i32: locals 0 and up. */
  readonly parameters: number
  /** Types of the locals that follow. */
  readonly locals: readonly number[]
  readonly body: Code
}

const flat = (code: Code, into: number[] = []): number[] => {
  for (const part of code) {
    if (typeof part === 'number') into.push(part)
    else flat(part, into)
  }
  return into
}
const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes]
const list = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()]
const section = (id: number, bytes: readonly number[]): number[] => [id, ...sized(bytes)]
const text = (value: string): number[] => sized([...new TextEncoder().encode(value)])

/** A module that imports its memory as `env.memory` and exports the functions, which return nothing. */
export const assembleModule = (functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(functions.map(({ parameters }) => [0x60, ...list(Array(parameters).fill([i32])), 0]))),
    ...section(2, list([[...text('env'), ...text('memory'), 2, 0, 1]])),
    ...section(3, list(functions.map((_, index) => unsigned(index)))),
    ...section(7, list(functions.map(({ name }, index) => [...text(name), 0, ...unsigned(index)]))),
    ...section(
      10,
      list(functions.map(({ locals, body }) => sized([...list(locals.map((type) => [1, type])), ...flat(body), 0x0b]))),
    ),
  ])
