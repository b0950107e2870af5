import { dictionaries, type HL7MessageSegmentsDefinition } from 'hl7v2-dictionary';
import { describe, expect, it } from 'vitest';
import { structureRules } from '../../../src/hl7/grammar.ts';
import type { GroupRule } from '../../../src/hl7/notation.ts';
import { STRUCTURES } from '../../../src/hl7/structures.ts';

function theirs(segments: Record<string, HL7MessageSegmentsDefinition> | undefined): string[] {
  // A choice is one key there: `OBR,RQD,RXO`.
  return Object.entries(segments ?? {}).flatMap(([name, one]) =>
    one.segments === undefined ? name.split(',') : theirs(one.segments),
  );
}

function ours(group: GroupRule): string[] {
  return group.items.flatMap((item) => (item.kind === 'group' ? ours(item) : item.names));
}

describe('structures against the dictionary', () => {
  it.each(['2.3.1', '2.4', '2.5.1', '2.6', '2.7.1', '2.8'] as const)(
    'have a place for every segment of version %s',
    (version) => {
      const { messages } = dictionaries[version]!;
      const missing = Object.keys(STRUCTURES).flatMap((name) => {
        const known = new Set(ours(structureRules(name)!));
        return theirs(messages[name]?.segments)
          .filter((segment) => !known.has(segment))
          .map((segment) => `${name} ${segment}`);
      });
      expect(Object.keys(STRUCTURES).filter((name) => messages[name] !== undefined).length).toBeGreaterThan(30);
      expect(missing).toEqual([]);
    },
  );
});
