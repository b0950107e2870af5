import type { Bundle, Communication, Patient, Resource } from '@medplum/fhirtypes';
import type { OutboundEvent } from '../../../src/mapping/outbound/event.ts';
import { concept, SAFETY_REASON } from '../../../src/model/codes.ts';

export const bundleOf = (...resources: Resource[]): Bundle => ({
  resourceType: 'Bundle',
  type: 'collection',
  entry: resources.map((resource) => ({ resource })),
});

export const eventOf = (kind: OutboundEvent['kind'], parts: Partial<OutboundEvent> = {}): OutboundEvent => ({
  kind,
  controlId: 'HO-1',
  at: '2026-11-21T19:05:00Z',
  ...parts,
});

export const patient = (parts: Partial<Patient> = {}): Patient => ({
  resourceType: 'Patient',
  id: 'p1',
  identifier: [{ system: 'https://riverside.example/sid/mrn', value: 'R-1' }],
  name: [{ family: 'Testperson', given: ['Avery'] }],
  ...parts,
});

export const note = (parts: Partial<Communication> = {}): Communication => ({
  resourceType: 'Communication',
  id: 'c1',
  status: 'completed',
  subject: { reference: 'Patient/p1' },
  sent: '2026-11-21T19:05:00Z',
  reasonCode: [concept(SAFETY_REASON, 'dissociation')],
  payload: [{ contentString: 'Detached.' }],
  ...parts,
});
