import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { JOURNEYS, type JourneyCase, play } from './journey-cases.ts';

const UPDATE = process.env.GOLDEN_UPDATE === '1';
const isResult = (file: string): boolean => /^[123]-/.test(file);

describe('golden journeys', () => {
  it('are found', () => expect(JOURNEYS.length).toBeGreaterThan(0));

  describe.each(JOURNEYS.map((each) => [each.name, each] as const))('%s', (_, journey) => {
    it('holds no message of production', () => {
      for (const [file, text] of textsOf(journey)) {
        for (const header of text.match(/^MSH.*$/gm) ?? [])
          expect([file, header.split('|')[10]]).toEqual([file, expect.stringMatching(/^[TD]$/)]);
      }
    });

    it('says why it is here, by requirement or hazard', () =>
      expect(readFileSync(new URL('why.md', journey.folder), 'utf8')).toMatch(/\b[RH]\d+\b/));

    it('ends in the state, the deliveries and the bytes that stand beside it', async () => {
      const played = await play(journey);
      if (UPDATE) write(journey, played);
      const there = textsOf(journey).filter(([file]) => isResult(file));
      expect([...played.keys()].sort()).toEqual(there.map(([file]) => file).sort());
      for (const [file, text] of there) expect([file, played.get(file)]).toEqual([file, text]);
    });
  });
});

describe('the order of arrival', () => {
  it('of a referral and its answer does not change what stands at the end', () => {
    expect(endOf('1-answer-before-referral')).toEqual(endOf('1-referral-and-admission'));
  });
});

/** What stands, without the release of the referral: that act of the hub did not happen where the answer came first. */
function endOf(name: string): string[] {
  const journey = JOURNEYS.find((each) => each.name === name) as JourneyCase;
  const { state } = JSON.parse(readFileSync(new URL('1-state.json', journey.folder), 'utf8')) as {
    state: { resource: Record<string, unknown> }[];
  };
  return state
    .map(({ resource: { output: _released, lastModified: _when, ...resource } }) => JSON.stringify(resource))
    .sort();
}

const textsOf = ({ folder }: JourneyCase): [string, string][] =>
  readdirSync(folder).map((file) => [file, readFileSync(new URL(file, folder), 'utf8')]);

function write({ folder }: JourneyCase, played: ReadonlyMap<string, string>): void {
  for (const file of readdirSync(folder).filter(isResult)) rmSync(new URL(file, folder));
  for (const [file, text] of played) writeFileSync(new URL(file, folder), text);
}
