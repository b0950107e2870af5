import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { validate } from '../../../src/fhir/validate.ts';
import { hubConceptMaps } from '../../../src/workers/hub-concept-maps.ts';
import { R4 } from '../fhir/r4.ts';

const tables = new URL('../../../mappings/tables/', import.meta.url);

it('every code table of the mappings can be asked of $translate, under a URL of its own', async () => {
  const names: string[] = [];
  for (const file of readdirSync(tables).filter((name) => name.endsWith('.ts'))) {
    const module = (await import(new URL(file, tables).href)) as object;
    for (const each of Object.values(module)) {
      if (typeof each === 'object' && each !== null && 'id' in each && 'name' in each && 'codes' in each)
        names.push(String(each.name));
    }
  }
  const maps = hubConceptMaps();
  expect(maps.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  const urls = maps.map(({ url }) => url);
  const faults = maps.flatMap((map) =>
    validate(R4, map).filter(({ severity }) => severity === 'error' || severity === 'fatal'),
  );
  expect(faults).toEqual([]);
  expect(urls.filter((url, at) => urls.indexOf(url) !== at)).toEqual([]);
});
