/** What a mapping must hold beyond its JSON Schema: names and ends of the graph's schema, templates, times, reserved attributes. */
import {
  type EntityKind,
  entityKindNames,
  type InteractionTypeEntry,
  interactionType,
  interactionTypeNames,
  isEntityKind,
  isInteractionType,
  isScenario,
  scenarioNames,
} from '../../graph-schema/schema.js'
import type {
  AttributeMapping,
  EntityMapping,
  InteractionMapping,
  Mapping,
  MappingProblem,
  TableMapping,
  TimeMapping,
} from './mapping-types.js'
import { columnsOf, parseTemplate, TemplateError, type TemplateToken } from './template.js'
import { compilePattern, patternHasZone } from './times.js'

type Path = readonly (string | number)[]

/** An end of an interaction: a constant kind with a template for the id, or null where a column gives `kind:id`. */
export interface RefMapping {
  readonly kind: EntityKind | null
  readonly id: readonly TemplateToken[]
}

const onlyColumn = (tokens: readonly TemplateToken[]): boolean => tokens.length === 1 && 'column' in tokens[0]!

/** Takes `kind:id` apart; throws a TemplateError that says what is wrong. */
export const parseRef = (source: string): RefMapping => {
  const tokens = parseTemplate(source)
  if (onlyColumn(tokens)) return { kind: null, id: tokens }
  const head = tokens[0]
  const colon = head && 'text' in head ? head.text.indexOf(':') : -1
  if (!head || !('text' in head) || colon < 0)
    throw new TemplateError(`"${source}" must begin with a kind and a colon, or be one column in braces`)
  const kind = head.text.slice(0, colon)
  if (!isEntityKind(kind))
    throw new TemplateError(`has the unknown entity kind "${kind}"; the kinds are ${entityKindNames.join(', ')}`)
  const rest = head.text.slice(colon + 1)
  const id = rest === '' ? tokens.slice(1) : [{ text: rest }, ...tokens.slice(1)]
  if (id.length === 0) throw new TemplateError(`"${source}" has no id after the kind`)
  return { kind, id }
}

const attempt = (path: Path, action: () => void): MappingProblem[] => {
  try {
    action()
    return []
  } catch (error) {
    if (error instanceof TemplateError) return [{ path, message: error.message }]
    throw error
  }
}

const checkTemplate = (path: Path, source: string | undefined): MappingProblem[] =>
  source === undefined ? [] : attempt(path, () => parseTemplate(source))

const checkTime = (path: Path, time: TimeMapping | undefined): MappingProblem[] => {
  if (time === undefined) return []
  if (time.format === 'pattern' || time.pattern !== undefined) {
    if (time.pattern === undefined) return [{ path, message: 'has the format pattern and needs the key "pattern"' }]
    if (time.format !== undefined && time.format !== 'pattern')
      return [{ path: [...path, 'pattern'], message: `does not go with the format ${time.format}` }]
    const steps = compilePattern(time.pattern)
    if (steps === null) return [{ path: [...path, 'pattern'], message: 'must have YYYY, MM or MMM, and DD' }]
    if (!patternHasZone(steps) && time.zone === undefined)
      return [{ path, message: 'gives times without a zone; add Z to the pattern, or the key "zone"' }]
  }
  return []
}

const checkAttribute = (path: Path, spec: AttributeMapping): MappingProblem[] =>
  attempt(path, () => {
    const tokens = parseTemplate(typeof spec === 'string' ? spec : spec.value)
    const form = typeof spec === 'string' ? 'text' : (spec.as ?? 'text')
    if (form !== 'text' && !onlyColumn(tokens))
      throw new TemplateError(`must be one column in braces to be read as ${form}`)
  })

const checkAttributes = (
  path: Path,
  attributes: string | Readonly<Record<string, AttributeMapping>> | undefined,
): MappingProblem[] => {
  if (attributes === undefined) return []
  if (typeof attributes === 'string') return checkTemplate(path, attributes)
  return Object.entries(attributes).flatMap(([name, spec]) => checkAttribute([...path, name], spec))
}

const checkEntity = (path: Path, entity: EntityMapping): MappingProblem[] => {
  const unknown =
    isEntityKind(entity.kind) || /^\{[^{}]+\}$/.test(entity.kind)
      ? []
      : [
          {
            path: [...path, 'kind'],
            message: `is the unknown entity kind "${entity.kind}"; the kinds are ${entityKindNames.join(', ')}`,
          },
        ]
  return [
    ...unknown,
    ...checkTemplate([...path, 'id'], entity.id),
    ...checkTemplate([...path, 'market'], entity.market),
    ...(entity.label === undefined ? [] : checkAttribute([...path, 'label'], entity.label)),
    ...checkTime([...path, 'at'], entity.at),
    ...checkAttributes([...path, 'attributes'], entity.attributes),
  ]
}

const unknownType = (path: Path, name: string): MappingProblem => ({
  path,
  message: `is the unknown interaction type "${name}"; the types are ${interactionTypeNames.join(', ')}`,
})

const checkEnds = (
  path: Path,
  name: string,
  entry: InteractionTypeEntry,
  interaction: InteractionMapping,
): MappingProblem[] =>
  (['actor', 'target'] as const).flatMap((end) => {
    const source = interaction[end]
    const kinds = end === 'actor' ? entry.actors : entry.targets
    if (source === undefined)
      return entry.enforcement ? [] : [{ path, message: `lacks the key "target", which ${name} needs` }]
    return attempt([...path, end], () => {
      const { kind } = parseRef(source)
      if (kind !== null && !kinds.includes(kind))
        throw new TemplateError(`cannot be a ${kind}: ${name} has the ${end} ${kinds.join(' or ')}`)
    })
  })

const checkInteraction = (path: Path, interaction: InteractionMapping): MappingProblem[] => {
  const problems: MappingProblem[] = []
  const typeColumn = attempt([...path, 'type'], () => {
    const tokens = parseTemplate(interaction.type)
    if (onlyColumn(tokens)) {
      for (const [cell, name] of Object.entries(interaction.types ?? {}))
        if (name !== null && !isInteractionType(name)) problems.push(unknownType([...path, 'types', cell], name))
      problems.push(...attempt([...path, 'actor'], () => parseRef(interaction.actor)))
      const { target } = interaction
      if (target !== undefined) problems.push(...attempt([...path, 'target'], () => parseRef(target)))
    } else if (!isInteractionType(interaction.type)) {
      problems.push(unknownType([...path, 'type'], interaction.type))
    } else {
      if (interaction.types !== undefined)
        problems.push({ path: [...path, 'types'], message: 'is only read where type is a column in braces' })
      problems.push(...checkEnds(path, interaction.type, interactionType(interaction.type), interaction))
    }
  })
  const { scenario } = interaction
  if (scenario !== undefined && !scenario.includes('{') && !isScenario(scenario))
    problems.push({
      path: [...path, 'scenario'],
      message: `is the unknown scenario "${scenario}"; they are ${scenarioNames.join(', ')}`,
    })
  return [
    ...typeColumn,
    ...problems,
    ...checkTemplate([...path, 'id'], interaction.id),
    ...checkTemplate([...path, 'market'], interaction.market),
    ...checkTemplate([...path, 'scenario'], scenario),
    ...checkTime([...path, 'at'], interaction.at),
    ...checkAttributes([...path, 'attributes'], interaction.attributes),
  ]
}

const attributeColumns = (attributes: string | Readonly<Record<string, AttributeMapping>> | undefined): string[] =>
  (typeof attributes === 'string' ? [attributes] : Object.values(attributes ?? {})).flatMap((spec) =>
    columnsOf(parseTemplate(typeof spec === 'string' ? spec : spec.value)),
  )

/** Every column that a table reads, each once, in order of first use. */
export const usedColumns = (table: TableMapping): readonly string[] => {
  const used = new Set<string>()
  const template = (source: string | number | undefined) => {
    if (typeof source === 'string') for (const column of columnsOf(parseTemplate(source))) used.add(column)
  }
  const all = (columns: readonly string[] | undefined) => {
    for (const column of columns ?? []) used.add(column)
  }
  for (const entity of table.entities ?? []) {
    template(entity.kind)
    template(entity.id)
    if (entity.at) used.add(entity.at.column)
    template(entity.market)
    all(attributeColumns(entity.attributes))
    all(entity.features)
    if (entity.label !== undefined) all(attributeColumns({ label: entity.label }))
    all(entity.splits)
    all(Object.keys(entity.when ?? {}))
  }
  for (const interaction of table.interactions ?? []) {
    template(interaction.type)
    template(interaction.id)
    template(interaction.actor)
    template(interaction.target)
    if (interaction.at) used.add(interaction.at.column)
    template(interaction.market)
    template(interaction.scenario)
    template(interaction.weight)
    all(attributeColumns(interaction.attributes))
    all(Object.keys(interaction.when ?? {}))
  }
  return [...used]
}

const checkColumns = (path: Path, table: TableMapping): MappingProblem[] => {
  const used = usedColumns(table)
  const problems: MappingProblem[] = (table.optional ?? []).flatMap((column, at) =>
    used.includes(column)
      ? []
      : [{ path: [...path, 'optional', at], message: `names the column "${column}", which nothing uses` }],
  )
  const { columns } = table
  if (columns !== undefined)
    for (const column of [...used, ...(table.match?.columns ?? [])])
      if (!columns.includes(column))
        problems.push({ path, message: `uses the column "${column}", which "columns" does not have` })
  if (columns === undefined && table.header === false)
    problems.push({ path: [...path, 'header'], message: 'is false, so that the key "columns" is needed' })
  return problems
}

export const checkMapping = (mapping: Mapping): readonly MappingProblem[] =>
  mapping.tables.flatMap((table, at) => {
    const path: Path = ['tables', at]
    const parts = [
      ...(table.entities ?? []).flatMap((entity, n) => checkEntity([...path, 'entities', n], entity)),
      ...(table.interactions ?? []).flatMap((one, n) => checkInteraction([...path, 'interactions', n], one)),
    ]
    return parts.length > 0 ? parts : checkColumns(path, table)
  })
