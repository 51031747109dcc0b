/**
 * Mapping files: which columns of which tables make which entities and interactions. The language is described in
 * docs/mapping.md and, for editors, in examples/mappings/mapping.schema.json, which is also what a mapping is validated against.
 */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import { type Document, isNode, LineCounter, parseDocument } from 'yaml'
import { RingfenceError } from '../errors.js'
import { checkMapping } from './mapping-check.js'
import type { Mapping, MappingProblem } from './mapping-types.js'

const SCHEMA = new URL('../../../examples/mappings/mapping.schema.json', import.meta.url)

/** The schema is the product's own and its tests check it: compiling the schema of schemas as well would cost most of the time. */
const compileSchema = () =>
  new Ajv2020({ allErrors: true, strict: false, validateSchema: false, meta: false }).compile<Mapping>(
    JSON.parse(readFileSync(SCHEMA, 'utf8')),
  )
let validator: ReturnType<typeof compileSchema> | null = null

const pathOf = (error: ErrorObject): (string | number)[] => {
  const path: (string | number)[] = error.instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step))
  if (error.keyword === 'additionalProperties') path.push(String(error.params.additionalProperty))
  return path
}

const sentenceOf = (error: ErrorObject): string => {
  switch (error.keyword) {
    case 'additionalProperties':
      return 'is not a key that is known here'
    case 'required':
      return `lacks the key "${error.params.missingProperty}"`
    case 'enum':
      return `must be one of ${(error.params.allowedValues as readonly unknown[]).join(', ')}`
    case 'anyOf':
      return 'must have entities or interactions'
    default:
      return error.message ?? 'is not valid'
  }
}

/** The deepest problems: "oneOf" and its kin only repeat what their branches say. */
const schemaProblems = (errors: readonly ErrorObject[]): readonly MappingProblem[] => {
  const isChoice = ({ keyword }: ErrorObject) => keyword === 'oneOf' || keyword === 'anyOf'
  // A table without entities and interactions lacks both keys, of which it needs one.
  const isBranch = ({ keyword, instancePath }: ErrorObject) =>
    keyword === 'required' && /^\/tables\/\d+$/.test(instancePath)
  const inner = errors.filter((error) => !isChoice(error) && !isBranch(error))
  const chosen = inner.length > 0 ? inner : errors.filter(isChoice)
  return chosen.map((error) => ({ path: pathOf(error), message: sentenceOf(error) }))
}

const written = (path: readonly (string | number)[]): string =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '') || 'the mapping'

const lineOf = (document: Document, counter: LineCounter, path: readonly (string | number)[]): number | null => {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return counter.linePos(node.range[0]).line
  }
  return null
}

const invalid = (source: string, place: string, message: string, line: number | null): RingfenceError =>
  new RingfenceError('mapping.invalid', `${source}${line === null ? '' : `, line ${line}`}: ${place} ${message}.`, {
    source,
    place,
    line,
  })

/** Checks what the schema can say, then what follows from the graph's schema. Throws `mapping.invalid` for the first problem. */
export const validateMapping = (
  value: unknown,
  source: string,
  lineAt: (path: readonly (string | number)[]) => number | null = () => null,
): Mapping => {
  validator ??= compileSchema()
  const problems = validator(value) ? checkMapping(value) : schemaProblems(validator.errors ?? [])
  const first = problems[0]
  if (first) throw invalid(source, written(first.path), first.message, lineAt(first.path))
  return value as Mapping
}

/** Parses a mapping's YAML (JSON is YAML too). Throws `mapping.invalid` with the line. `source` names it in messages. */
export const parseMapping = (yaml: string, source: string): Mapping => {
  const counter = new LineCounter()
  const document = parseDocument(yaml, { lineCounter: counter })
  const broken = document.errors[0]
  if (broken) {
    const message = broken.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')
    throw invalid(source, 'YAML:', message, counter.linePos(broken.pos[0]).line)
  }
  return validateMapping(document.toJS(), source, (path) => lineOf(document, counter, path))
}

/** Reads a mapping file. Throws `file.missing`, `mapping.invalid`. */
export const loadMapping = async (path: string): Promise<Mapping> => {
  let yaml: string
  try {
    yaml = await readFile(path, 'utf8')
  } catch (error) {
    throw new RingfenceError(
      'file.missing',
      `The mapping ${path} cannot be read: ${(error as Error).message}.`,
      { path },
      { cause: error },
    )
  }
  return parseMapping(yaml, path)
}
