import { describe, expect, it } from 'vitest';
import { codingsOf, conceptOf } from '../../../mappings/datatypes/coded.ts';
import { locationOf, organizationOf, practitionerOf } from '../../../mappings/datatypes/directory.ts';
import { cxIdentifier, eiIdentifier } from '../../../mappings/datatypes/identifier.ts';
import { encapsulated } from '../../../mappings/datatypes/observed.ts';
import { addressOf, contactPoint, humanName, xpn } from '../../../mappings/datatypes/person.ts';
import { cq, measured, range, unitOf } from '../../../mappings/datatypes/quantity.ts';
import { eip, ndl } from '../../../mappings/datatypes/role.ts';
import { decimal, whole, yesNo } from '../../../mappings/datatypes/text.ts';
import { birthTime, ssn } from '../../../mappings/datatypes/us-core.ts';
import { parseMessage } from '../../../src/hl7/parse.ts';
import { Several } from '../../../src/mapping/annotated.ts';
import { compileMap } from '../../../src/mapping/compile.ts';
import { Node } from '../../../src/mapping/node.ts';
import { Scope } from '../../../src/mapping/scope.ts';
import { PERSON_NAME } from '../../../src/model/systems.ts';
import { partner } from './network.ts';

/** A field's text as the node a data type map reads, and the scope of its message. */
function read(field: string): { node: Node; scope: Scope } {
  const bytes = Buffer.from(`MSH|^~\\&|A|F|H|H|20260302100000||ADT^A01|1|T|2.5.1\rZZZ|${field}`);
  const { message } = parseMessage(bytes);
  const of = partner();
  const context = {
    partner: of,
    partners: [of],
    hubKey: Buffer.alloc(32),
    receivedAt: '2026-03-02T15:00:00.000Z',
    bodyHash: '0',
    unidentified: 'refuse',
  } as const;
  const scope = new Scope(context, message, 'ADT', 'A01', compileMap);
  return { node: new Node(message.segment('ZZZ')!.field(1).repetition(1)), scope };
}

const by =
  <T>(map: (node: Node, scope: Scope) => T) =>
  (field: string): T => {
    const { node, scope } = read(field);
    return map(node, scope);
  };

/** The resource of a type that reading a field states. */
function stated(field: string, map: (node: Node, scope: Scope) => unknown, type: string) {
  const { node, scope } = read(field);
  map(node, scope);
  return [...scope.drafts].filter((draft) => draft.type === type).map((draft) => draft.finish([], undefined).elements);
}

describe('data types', () => {
  it('CX: system by the partner table, type, check digit, facility, period', () => {
    expect(by(cxIdentifier)('100^4^M10^MRN^MR^North&1.2&ISO^20200101^20301231')).toEqual({
      type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] },
      system: 'https://clinic.example/mrn',
      value: '100',
      period: { start: '2020-01-01', end: '2030-12-31' },
      extension: [
        { url: 'http://hl7.org/fhir/StructureDefinition/identifier-checkDigit', valueString: '4' },
        { url: 'https://handoff.example/fhir/StructureDefinition/assigning-facility', valueString: 'North' },
      ],
    });
  });

  it.each([
    ['1^^^X&2.16.840.1.113883.19&ISO', 'urn:oid:2.16.840.1.113883.19'],
    ['1^^^X&6ba7b810-9dad-11d1-80b4-00c04fd430c8&UUID', 'urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8'],
    ['1^^^X&https://x.example/id&URI', 'https://x.example/id'],
    ['1^^^X&host.example&DNS', 'urn:handoff:dns:host.example'],
    ['1^^^X&not.an.oid.&ISO', 'urn:handoff:authority:clinic:X'],
    ['1^^^^SS', 'http://hl7.org/fhir/sid/us-ssn'],
  ])('the assigner of %s is %s', (field, system) => expect(by(cxIdentifier)(field)?.system).toBe(system));

  it('EI and EIP: an entity and its assigner, placer before filler', () => {
    expect(by(eiIdentifier)('7^ID')).toEqual({ system: 'https://clinic.example/id', value: '7' });
    expect(by(eip(1, 'PLAC').read)('7&ID^8&ID')).toMatchObject({ value: '7', type: { coding: [{ code: 'PLAC' }] } });
    expect(by(eip(2, 'FILL').read)('7&ID^8&ID')).toMatchObject({ value: '8', type: { coding: [{ code: 'FILL' }] } });
  });

  it('XPN: parts, use, order, period, family parts; a called-by name is a second one', () => {
    expect(by(humanName)('van Doe&van&Doe^Pat^Q R^III^Dr^MD^L^^^^G^20200101^20201231^PhD')).toEqual({
      use: 'official',
      family: 'van Doe',
      _family: {
        extension: [
          { url: 'http://hl7.org/fhir/StructureDefinition/humanname-own-prefix', valueString: 'van' },
          { url: 'http://hl7.org/fhir/StructureDefinition/humanname-own-name', valueString: 'Doe' },
        ],
      },
      given: ['Pat', 'Q R'],
      prefix: ['Dr'],
      suffix: ['III', 'MD', 'PhD'],
      period: { start: '2020-01-01', end: '2020-12-31' },
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/humanname-assembly-order', valueCode: 'NL1' }],
    });
    expect(by(xpn.read)('Doe^Pat^^^^^L^^^^^^^^Patty')).toEqual(
      new Several([
        { use: 'official', family: 'Doe', given: ['Pat'] },
        { use: 'nickname', given: ['Patty'] },
      ]),
    );
    expect(by(humanName)('^^^^^^L')).toBeUndefined();
  });

  it.each([
    [
      '1 Elm St^Apt 2^Town^NY^10001^USA^H',
      { use: 'home', line: ['1 Elm St', 'Apt 2'], city: 'Town', state: 'NY', postalCode: '10001', country: 'USA' },
    ],
    ['1000&Elm Street', { line: ['1000', 'Elm Street'] }],
    ['12 Elm St&Elm St&12', { line: ['12 Elm St'] }],
    ['PO 7^^^^^^M', { type: 'postal', line: ['PO 7'] }],
    ['^^^^^^^^Kent', { district: 'Kent' }],
  ])('XAD %s', (field, expected) => expect(by(addressOf)(field)).toEqual(expected));

  it.each([
    ['5550101', { system: 'phone', value: '5550101' }],
    ['^PRN^PH^^1^555^5550101^9', { system: 'phone', use: 'home', value: '+1 555 5550101 X9' }],
    ['^NET^Internet^a@b.example', { system: 'email', use: 'home', value: 'a@b.example' }],
    ['^PRN^CP^^^555^5550101', { system: 'phone', use: 'mobile', value: '555 5550101' }],
    ['^WPN^FX^^^^^^^^^5550102', { system: 'fax', use: 'work', value: '5550102' }],
  ])('XTN %s', (field, expected) =>
    expect(by((node, scope) => contactPoint(node, scope))(field)).toMatchObject(expected),
  );

  it('CWE: up to three codings by table 0396, versions, original text', () => {
    expect(by((node, scope) => conceptOf(node, scope))('A^a^LN^B^b^99LOC^2.1^1^words^C^c^SCT^3')).toEqual({
      coding: [
        { system: 'http://loinc.org', version: '2.1', code: 'A', display: 'a' },
        { system: 'urn:handoff:code:clinic:99LOC', version: '1', code: 'B', display: 'b' },
        { system: 'http://snomed.info/sct', version: '3', code: 'C', display: 'c' },
      ],
      text: 'words',
    });
    expect(by((node, scope) => conceptOf(node, scope))('^only words')).toEqual({ text: 'only words' });
    expect(by((node, scope) => codingsOf(node, scope, '0001'))('F')).toEqual([
      { system: 'http://terminology.hl7.org/CodeSystem/v2-0001', code: 'F' },
    ]);
  });

  it('XCN: an NPI is national whatever its assigner; without an id the name alone travels', () => {
    expect(by(practitionerOf)('123^Doe^Ann^B^Jr^Dr^MD^^NPI^L^7^^NPI')).toMatchObject({ display: 'Dr Ann B Doe Jr MD' });
    const [elements] = stated('123^Doe^Ann^^^^^^X^L^7^^NPI', practitionerOf, 'Practitioner');
    expect(elements).toContainEqual(
      expect.objectContaining({
        element: 'identifier',
        value: [expect.objectContaining({ system: 'http://hl7.org/fhir/sid/us-npi', value: '123' })],
      }),
    );
    expect(by(practitionerOf)('^Doe^Ann')).toEqual({
      display: 'Ann Doe',
      extension: [{ url: PERSON_NAME, valueHumanName: { family: 'Doe', given: ['Ann'] } }],
    });
  });

  it('XON: by its number, else by its name whatever the case', () => {
    const one = by(organizationOf)('North Clinic');
    expect(one?.reference).toBe(by(organizationOf)('NORTH CLINIC')?.reference);
    expect(one?.reference).not.toBe(by(organizationOf)('North Clinic^L^^^^ID^XX^^^N1')?.reference);
  });

  it('PL: places inside places; the reference is to the innermost', () => {
    const places = stated('WARD^2^B^SITE^^^^3^Sunny room', locationOf, 'Location');
    expect(places.map((elements) => elements.find((each) => each.element === 'physicalType'))).toMatchObject(
      ['si', 'lvl', 'wa', 'ro', 'bd'].map((code) => ({ value: { coding: [{ code }] } })),
    );
    expect(by(locationOf)('^^^^^^^^Somewhere')).toEqual({ display: 'Somewhere' });
  });

  it('NDL: a practitioner at a place, for a time', () => {
    const [elements] = stated('9&Doe&Ann&&&&&&ID^20260101^20260131^WARD', ndl.read, 'PractitionerRole');
    expect(elements?.map((each) => each.element)).toEqual(
      expect.arrayContaining(['practitioner', 'location', 'period.start', 'period.end']),
    );
    expect(stated('9&Doe&Ann&&&&&&ID', ndl.read, 'Practitioner')[0]).toContainEqual(
      expect.objectContaining({
        value: [expect.objectContaining({ system: 'https://clinic.example/id', value: '9' })],
      }),
    );
  });

  it.each([
    ['mg', { unit: 'mg', system: 'http://unitsofmeasure.org', code: 'mg' }],
    ['mmHg', { unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' }],
    ['mL^milliliter^UCUM', { unit: 'milliliter', system: 'http://unitsofmeasure.org', code: 'mL' }],
    ['puff^Puff^L', { unit: 'Puff' }],
    ['^tablets', { unit: 'tablets' }],
  ])('unit %s', (field, expected) => expect(by((node, scope) => unitOf(node, scope))(field)).toEqual(expected));

  it('CQ, NM, NR: numbers as they are written, or nothing', () => {
    expect(by(cq)('2.50^mg')).toMatchObject({ value: 2.5, code: 'mg' });
    expect(measured('>= 7', {})).toEqual({ value: 7, comparator: '>=' });
    expect(measured('7 mg', {})).toBeUndefined();
    expect(range(1, undefined, {})).toEqual({ low: { value: 1 } });
    expect([decimal('1e5'), decimal('.5'), decimal('-3'), decimal('x')]).toEqual([undefined, 0.5, -3, undefined]);
    expect([whole('3'), whole('0'), whole('0', 0), whole('2.5'), whole('99999999999')]).toEqual([
      3,
      undefined,
      0,
      undefined,
      undefined,
    ]);
  });

  it('ED: what is not base64 is packed, never passed on as if it were', () => {
    expect(by(encapsulated)('LAB^application^PDF^Base64^JVBERi0=')).toEqual({
      contentType: 'application/pdf',
      data: 'JVBERi0=',
    });
    expect(by(encapsulated)('LAB^TEXT^plain^A^hello')).toEqual({ contentType: 'text/plain', data: 'aGVsbG8=' });
    expect(by(encapsulated)('LAB^application^PDF^Base64^no base64!')).toMatchObject({
      data: Buffer.from('no base64!').toString('base64'),
    });
  });

  it('DTM of a birth, SSN, Y/N', () => {
    expect(by(birthTime.read)('199001010830')).toMatchObject({
      extension: [{ valueDateTime: '1990-01-01T08:30:00-05:00' }],
    });
    expect(by(birthTime.read)('19900101')).toBeUndefined();
    expect(by(ssn.read)('123')).toMatchObject({ system: 'http://hl7.org/fhir/sid/us-ssn' });
    expect(['Y', 'n', 'maybe'].map(by(yesNo.read))).toEqual([true, false, undefined]);
  });
});
