import assert from 'node:assert/strict';
import { type Check, identified, isOutcome, made, observation } from './api.ts';

/** Operations on resources. Source: FHIR R4 operations.html and the definition of each. */
export const OPERATIONS: readonly Check[] = [
  {
    name: 'Patient/$everything holds what is about the patient',
    run: async (api) => {
      const { id } = await made(api, identified(api, 'everything'));
      const seen = await made(api, observation(`Patient/${id}`));
      const reply = await api.ask(`GET Patient/${id}/$everything`);
      const found = reply.body.entry.map((e: { resource: { id: string } }) => e.resource.id);
      assert.ok(found.includes(id) && found.includes(seen.id));
    },
  },
  {
    name: 'Composition/$document gathers what the composition refers to',
    run: async (api) => {
      const patient = await made(api, identified(api, 'document'));
      const author = await made(api, { resourceType: 'Practitioner', name: [{ family: 'Author' }] });
      const seen = await made(api, observation(`Patient/${patient.id}`));
      const composition = await made(api, {
        resourceType: 'Composition',
        status: 'final',
        type: { coding: [{ system: 'http://loinc.org', code: '11488-4' }] },
        subject: { reference: `Patient/${patient.id}` },
        date: '2026-03-01T10:00:00Z',
        author: [{ reference: `Practitioner/${author.id}` }],
        title: 'Conformance',
        section: [{ title: 'Weight', entry: [{ reference: `Observation/${seen.id}` }] }],
      });
      const reply = await api.ask(`GET Composition/${composition.id}/$document`);
      assert.deepEqual([reply.status, reply.body.type], [200, 'document']);
      const found = reply.body.entry.map(({ resource }: { resource: { id: string } }) => resource.id);
      assert.equal(found[0], composition.id);
      for (const id of [patient.id, author.id, seen.id]) assert.ok(found.includes(id));
    },
  },
  {
    name: 'Patient/$match grades a candidate and gives nobody else',
    open: 'no server need offer the operation (operations.html)',
    run: async (api) => {
      const known = {
        name: [{ family: `Match${api.run.slice(0, 8)}`, given: ['Ada'] }],
        birthDate: '1971-02-03',
        gender: 'female',
      };
      const { id } = await made(api, identified(api, 'match', known));
      const parameters = (resource: object) => ({
        resourceType: 'Parameters',
        parameter: [{ name: 'resource', resource: { resourceType: 'Patient', ...resource } }],
      });
      const same = await api.ask('POST Patient/$match', parameters({ ...known, ...identified(api, 'match') }));
      assert.equal(same.status, 200);
      assert.ok(same.body.entry.some((entry: { resource: { id: string } }) => entry.resource.id === id));
      assert.ok(
        same.body.entry.every(({ search }: { search: { score: number } }) => search.score > 0 && search.score <= 1),
      );
      const nobody = await api.ask(
        'POST Patient/$match',
        parameters({ name: [{ family: api.run }], birthDate: '1901-01-01' }),
      );
      assert.deepEqual(nobody.body.entry ?? [], []);
    },
  },
  {
    name: '$validate of a stored resource and by a profile that is not claimed',
    open: 'which profiles a server knows is its own affair (operation-resource-validate.html)',
    run: async (api) => {
      const { id } = await made(api, identified(api, 'validate'));
      const stored = await api.ask(`GET Patient/${id}/$validate`);
      assert.equal(stored.status, 200);
      isOutcome(stored);
      const profile = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient';
      const reply = await api.ask(`POST Patient/$validate?profile=${profile}`, identified(api, 'validate'));
      assert.ok(reply.body.issue.some(({ severity }: { severity: string }) => severity === 'error'));
    },
  },
  {
    name: 'an operation that is not there is refused with an outcome',
    run: async (api) => {
      const reply = await api.ask('GET Patient/$nonsense');
      assert.ok([400, 404, 405].includes(reply.status));
      isOutcome(reply);
    },
  },
];
