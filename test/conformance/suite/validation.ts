import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type Check, identified, isOutcome, observation } from './api.ts';

/** What may be written. Source: FHIR R4 validation.html, resource definitions. */
export const VALIDATION: readonly Check[] = [
  {
    name: 'validation: 422 with the place of the fault, and not its value',
    open: 'how much is checked at a write is for the server to decide (validation.html)',
    run: async (api) => {
      for (const [resource, place] of [
        [{ resourceType: 'Observation', code: { text: 'x' } }, 'Observation.status'],
        [identified(api, 'v', { gender: 'zzz-secret' }), 'Patient.gender'],
        [identified(api, 'v', { birthDate: '1980-13-40' }), 'Patient.birthDate'],
        [identified(api, 'v', { nonsense: 1 }), 'Patient'],
      ] as const) {
        const reply = await api.ask(`POST ${resource.resourceType}`, resource);
        assert.ok([400, 422].includes(reply.status), place);
        isOutcome(reply);
        assert.ok(JSON.stringify(reply.body.issue).includes(place), place);
        assert.ok(!JSON.stringify(reply.body).includes('zzz-secret'));
      }
    },
  },
  {
    name: 'validation: a reference leads somewhere, but not to what is absent, deleted or only in another request',
    open: 'whether references are checked is for the server to decide (http.html, Transactional Integrity)',
    run: async (api) => {
      const gone = (await api.ask('POST Patient', identified(api, 'gone'))).body.id;
      await api.ask(`DELETE Patient/${gone}`);
      for (const target of ['Patient/never-was', `Patient/${gone}`, `urn:uuid:${randomUUID()}`]) {
        const reply = await api.ask('POST Observation', observation(target));
        assert.ok([400, 422].includes(reply.status), `${reply.status}`);
        assert.ok(JSON.stringify(reply.body.issue).includes('subject'));
        assert.ok(!JSON.stringify(reply.body.issue).includes(gone));
      }
      const elsewhere = observation('http://elsewhere.example/fhir/Patient/1');
      assert.equal((await api.ask('POST Observation', elsewhere)).status, 201);
    },
  },
  {
    name: '$validate answers 200 with issues',
    run: async (api) => {
      const reply = await api.ask('POST Patient/$validate', { resourceType: 'Patient', gender: 'x' });
      assert.equal(reply.status, 200);
      assert.ok(reply.body.issue.some((issue: { severity: string }) => issue.severity === 'error'));
    },
  },
  {
    name: 'validation: invariants, reference types, and US Core where it is claimed',
    open: 'how much is checked at a write is for the server to decide (validation.html)',
    run: async (api) => {
      const refused: readonly (readonly [
        { readonly resourceType: string; readonly [element: string]: unknown },
        string,
      ])[] = [
        [identified(api, 'v', { contact: [{ gender: 'male' }] }), 'contact'],
        [observation('Practitioner/x', { dataAbsentReason: { text: 'x' }, valueInteger: 1 }), 'Observation'],
        [{ ...observation('Medication/x') }, 'subject'],
        [
          {
            ...identified(api, 'v'),
            meta: { profile: ['http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient'] },
          },
          'Patient.',
        ],
      ];
      for (const [resource, place] of refused) {
        const reply = await api.ask(`POST ${resource.resourceType}`, resource);
        assert.ok([400, 422].includes(reply.status), `${place}: ${reply.status}`);
        assert.ok(JSON.stringify(reply.body.issue).includes(place), `${place}: ${JSON.stringify(reply.body.issue)}`);
      }
      const right = identified(api, 'core', {
        meta: { profile: ['http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient'] },
        name: [{ family: 'Core', given: ['Ana'] }],
        gender: 'female',
      });
      assert.equal((await api.ask('POST Patient', right)).status, 201);
    },
  },
];
