import { expect, it } from 'vitest';
import { affiliationsFor, allOf, byIds } from '../../../bots/hub.ts';
import { inProcessClient } from '../../../src/hub/in-process-client.ts';
import { HUB } from '../../../src/model/actor.ts';
import { askAs } from '../server/support/ask.ts';
import { openTestStore } from '../server/support/test-store.ts';

const ROLES = 1203;

it('what a bot asks for comes whole, over every page and any number of ids (H1)', async () => {
  const store = await openTestStore('sqlite');
  const ids = Array.from({ length: ROLES }, (_, at) => `role-${at}`);
  await askAs(store.fhir, HUB)('POST ', {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: ids.map((id) => ({
      request: { method: 'PUT', url: `PractitionerRole/${id}` },
      resource: {
        resourceType: 'PractitionerRole',
        id,
        active: id !== 'role-700',
        organization: { reference: `Organization/org-${id}` },
      },
    })),
  });
  const medplum = inProcessClient(store.fhir, HUB);
  expect(await allOf(medplum, 'PractitionerRole', '')).toHaveLength(ROLES);
  expect(await byIds(medplum, 'PractitionerRole', [...ids, ids[0]!], '&active=true')).toHaveLength(ROLES - 1);
  const found = await affiliationsFor(
    medplum,
    ids.map((id) => ({ reference: `PractitionerRole/${id}` })),
  );
  expect(Object.keys(found)).toHaveLength(ROLES);
  expect(found['PractitionerRole/role-1202']).toBe('org-role-1202');
  await store.close();
});
