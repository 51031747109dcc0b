import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { entityKindNames, entityKinds, interactionTypeNames, scenarioNames } from '#graph-schema/schema.js'
import { entityName, findEntity } from '#src/graph/snapshot.js'
import { snapshotDigest } from '#src/graph/snapshot-digest.js'
import { sortByteStrings } from '#src/kernels/sort-bytes.js'
import { type InteractionLine, snapshotFrom, splitName } from '../../support/raw-graph.js'

const id = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.stringMatching(/^account_00000[01]{0,20}$/),
)
const pool = fc.uniqueArray(
  fc.tuple(fc.constantFrom(...entityKindNames), id).map(([kind, id]) => `${kind}:${id}`),
  { minLength: 1, maxLength: 40, comparator: (a, b) => Buffer.from(a).equals(Buffer.from(b)) },
)

const graphs = pool.chain((names) => {
  const lines = fc.array(
    fc.record({
      type: fc.constantFrom(...interactionTypeNames),
      actor: fc.constantFrom(...names),
      target: fc.constantFrom(...names),
      at: fc.oneof(fc.constant(null), fc.nat(5)),
      market: fc.constantFrom('', 'US', 'ID', 'é'),
      scenario: fc.constantFrom(...scenarioNames),
      weight: fc.constantFrom(0, -0, 1, 0.5),
    }),
    { maxLength: 60 },
  )
  return fc.record({ lines, declared: fc.subarray(names) })
})

test('permuted entities and interactions give the same bytes', () => {
  fc.assert(
    fc.property(
      graphs.chain(({ lines, declared }) =>
        fc.record({
          lines: fc.constant(lines),
          declared: fc.constant(declared),
          shuffledLines: fc.shuffledSubarray(lines, { minLength: lines.length }),
          shuffledDeclared: fc.shuffledSubarray(declared, { minLength: declared.length }),
        }),
      ),
      ({ lines, declared, shuffledLines, shuffledDeclared }) => {
        expect(snapshotDigest(snapshotFrom(shuffledLines, { declared: shuffledDeclared }))).toBe(
          snapshotDigest(snapshotFrom(lines, { declared })),
        )
      },
    ),
  )
})

const text = (line: InteractionLine): string =>
  JSON.stringify([
    line.type,
    line.actor,
    line.target,
    line.at ?? null,
    line.market,
    line.scenario,
    Math.fround(line.weight ?? 1) + 0,
  ])

test('both directions hold exactly the interactions that went in', () => {
  fc.assert(
    fc.property(graphs, ({ lines, declared }) => {
      const snapshot = snapshotFrom(lines, { declared })
      const out: string[] = []
      for (const relation of snapshot.relations) {
        const back = new Set<number>()
        for (let row = 0; row + 1 < relation.outOffsets.length; row++)
          for (let k = relation.outOffsets[row]!; k < relation.outOffsets[row + 1]!; k++)
            out.push(
              text({
                type: relation.type,
                actor: entityName(snapshot, row + relation.actorFrom),
                target: entityName(snapshot, relation.target[k]!),
                at: Number.isNaN(relation.at[k]!) ? null : relation.at[k]!,
                market: snapshot.markets[relation.market[k]!]!,
                scenario: scenarioNames[relation.scenario[k]!]!,
                weight: relation.weight[k]!,
              }),
            )
        for (let row = 0; row + 1 < relation.inOffsets.length; row++)
          for (let k = relation.inOffsets[row]!; k < relation.inOffsets[row + 1]!; k++) {
            const edge = relation.inEdge[k]!
            back.add(edge)
            expect(relation.target[edge]).toBe(row + relation.targetFrom)
            const source = relation.source[k]! - relation.actorFrom
            expect(edge >= relation.outOffsets[source]! && edge < relation.outOffsets[source + 1]!).toBe(true)
            if (k > relation.inOffsets[row]!) expect(relation.source[k]! >= relation.source[k - 1]!).toBe(true)
          }
        expect(back.size).toBe(relation.count)
      }
      expect(out.sort()).toEqual(lines.map(text).sort())

      const known = new Set([...declared, ...lines.flatMap(({ actor, target }) => [actor, target])])
      expect(snapshot.entities.count).toBe(known.size)
      for (const name of known) {
        const { kind, id } = splitName(name)
        const index = findEntity(snapshot, kind, id)
        expect(index).toBeGreaterThanOrEqual(snapshot.entities.kindOffsets[entityKinds[kind].code]!)
        expect(entityName(snapshot, index)).toBe(name)
      }
    }),
  )
})

test('byte strings are sorted as Buffer.compare sorts them, equal ones in their given order', () => {
  // Few letters, zero bytes and long shared beginnings, in sizes that pass through every branch of the radix sort.
  const piece = fc.oneof(fc.constantFrom('', 'a', 'b', '\0', '\0\0'), fc.constant('a long shared beginning '))
  fc.assert(
    fc.property(fc.array(fc.array(piece, { maxLength: 4 }), { maxLength: 200 }), (words) => {
      const buffers = words.map((pieces) => Buffer.from(pieces.join('')))
      const offsets = new Int32Array(buffers.length + 1)
      buffers.forEach((buffer, i) => {
        offsets[i + 1] = offsets[i]! + buffer.length
      })
      const order = Int32Array.from(buffers.keys())
      sortByteStrings({ bytes: Buffer.concat(buffers), offsets }, order)
      const expected = [...buffers.keys()].sort((i, j) => Buffer.compare(buffers[i]!, buffers[j]!) || i - j)
      expect([...order]).toEqual(expected)
    }),
  )
})
