import assert from 'node:assert/strict';
import { type Check, finds, identified, ids, made, observation, only } from './api.ts';

const V2_IDENTIFIER_TYPE = 'http://terminology.hl7.org/CodeSystem/v2-0203';
const LAB = [{ system: 'http://loinc.org', code: '29463-7' }];

/** Parameter types, modifiers and prefixes. Source: FHIR R4 search.html. */
export const SEARCH: readonly Check[] = [
  {
    name: 'search: every parameter type and prefix, and the modifiers of every server',
    run: async (api) => {
      const system = `urn:conformance:${api.run}`;
      const patient = await made(
        api,
        identified(api, 'search', {
          name: [{ family: 'Conformance', given: ['Ana'] }],
          birthDate: '1980-05-06',
          gender: 'female',
        }),
      );
      const subject = `Patient/${patient.id}`;
      const weight = await made(
        api,
        observation(subject, {
          valueQuantity: { value: 70, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
          effectiveDateTime: '2026-03-01T10:00:00Z',
        }),
      );
      const risk = await made(api, {
        resourceType: 'RiskAssessment',
        status: 'final',
        subject: { reference: subject },
        prediction: [{ probabilityDecimal: 0.5 }],
      } as never);
      const url = `http://conformance.example/${api.run}/q`;
      const questionnaire = await made(api, { resourceType: 'Questionnaire', status: 'active', url } as never);
      const only = `identifier=${system}|search`;
      const about = `subject=${subject}`;
      const cases: readonly (readonly [string, string | undefined])[] = [
        [`Patient?${only}`, patient.id],
        [`Patient?${only}&name=conf`, patient.id],
        [`Patient?${only}&family:exact=Conformance`, patient.id],
        [`Patient?${only}&family:exact=conformance`, undefined],
        [`Patient?${only}&gender=female,male`, patient.id],
        [`Patient?${only}&gender:not=male`, patient.id],
        [`Patient?${only}&telecom:missing=true`, patient.id],
        [`Patient?${only}&telecom:missing=false`, undefined],
        [`Patient?${only}&birthdate=1980`, patient.id],
        [`Patient?${only}&birthdate=lt1980-05-06`, undefined],
        [`Patient?${only}&birthdate=ge1980-05-06`, patient.id],
        [`Patient?${only}&birthdate=sa1980-05-05`, patient.id],
        [`Patient?${only}&birthdate=eb1980-05-06`, undefined],
        [`Patient?${only}&birthdate=ne1981`, patient.id],
        [`Patient?${only}&_lastUpdated=gt2020`, patient.id],
        [`Patient?${only}&_id=${patient.id}`, patient.id],
        [`Patient?${only}&_has:Observation:patient:code=29463-7`, patient.id],
        [`Observation?${about}&value-quantity=70|http://unitsofmeasure.org|kg`, weight.id],
        [`Observation?${about}&value-quantity=gt70`, undefined],
        [`Observation?${about}&value-quantity=le70`, weight.id],
        [`Observation?${about}&code-value-quantity=29463-7$70`, weight.id],
        [`Observation?${about}&date=2026-03-01`, weight.id],
        [`Observation?subject:Patient.family=conformance&subject.identifier=${system}|search`, weight.id],
        [`Observation?patient=${patient.id}`, weight.id],
        [`RiskAssessment?${about}&probability=gt0.4`, risk.id],
        [`RiskAssessment?${about}&probability=0.5`, risk.id],
        [`Questionnaire?url=${url}`, questionnaire.id],
      ];
      for (const [query, expected] of cases) {
        const reply = await api.ask(`GET ${query}`);
        assert.equal(reply.status, 200, query);
        assert.deepEqual(ids(reply), expected === undefined ? [] : [expected], query);
      }
      const post = await api.ask('POST Patient/_search', `${only}&gender=female`, {
        'content-type': 'application/x-www-form-urlencoded',
      });
      assert.deepEqual(ids(post), [patient.id]);
    },
  },
  {
    name: 'search: ap, :contains, :below, :of-type, another unit, _list',
    open: 'parameters and modifiers are for the server to choose (search.html#modifiers)',
    run: async (api) => {
      const system = `urn:conformance:${api.run}`;
      const typed = { coding: [{ system: V2_IDENTIFIER_TYPE, code: 'MR' }] };
      const patient = await made(api, {
        resourceType: 'Patient',
        identifier: [{ system, value: 'chosen', type: typed }],
        name: [{ family: 'Conformance' }],
        birthDate: '1980-05-06',
      });
      const kg = { value: 70, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' };
      const weight = await made(api, observation(`Patient/${patient.id}`, { valueQuantity: kg }));
      const url = `http://conformance.example/${api.run}/below`;
      const questionnaire = await made(api, { resourceType: 'Questionnaire', status: 'active', url });
      const list = await made(api, {
        resourceType: 'List',
        status: 'current',
        mode: 'working',
        entry: [{ item: { reference: `Patient/${patient.id}` } }],
      });
      const just = only(api, 'chosen');
      await finds(api, [
        [`Patient?${just}&birthdate=ap1980-05-06`, patient.id],
        [`Patient?${just}&name:contains=forman`, patient.id],
        [`Questionnaire?url:below=http://conformance.example/${api.run}/below`, questionnaire.id],
        [`Patient?identifier:of-type=${V2_IDENTIFIER_TYPE}|MR|chosen&${just}`, patient.id],
        [`Patient?identifier:of-type=${V2_IDENTIFIER_TYPE}|SS|chosen&${just}`],
        [`Observation?patient=${patient.id}&value-quantity=70000|http://unitsofmeasure.org|g`, weight.id],
        [`Patient?_list=${list.id}`, patient.id],
      ]);
    },
  },
  {
    name: 'search: _tag, _security, _profile, _source, _filter',
    run: async (api) => {
      const tag = `urn:conformance:${api.run}`;
      const meta = {
        tag: [{ system: tag, code: 'one' }],
        security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HTEST' }],
        profile: ['http://hl7.org/fhir/StructureDefinition/Patient'],
        source: tag,
      };
      const { id } = await made(api, identified(api, 'meta', { meta }));
      const just = only(api, 'meta');
      await finds(api, [
        [`Patient?_tag=${tag}|one`, id],
        [`Patient?_tag=${tag}|two`],
        [`Patient?${just}&_security=HTEST`, id],
        [`Patient?${just}&_profile=http://hl7.org/fhir/StructureDefinition/Patient`, id],
        [`Patient?${just}&_source=${tag}`, id],
      ]);
      // Beyond what the base asks: an answer, or a refusal that says so.
      const strict = { prefer: 'handling=strict' };
      const filter = await api.ask(`GET Patient?_filter=${encodeURIComponent(`_id eq "${id}"`)}`, undefined, strict);
      assert.ok(filter.status === 400 || ids(filter).join() === id);
    },
  },
  {
    name: 'search: modifiers of tokens, references and addresses',
    open: 'parameters and modifiers are for the server to choose and to refuse (search.html#modifiers)',
    run: async (api) => {
      const system = `urn:conformance:${api.run}`;
      const patient = await made(api, identified(api, 'modified', { gender: 'female' }));
      const subject = { reference: `Patient/${patient.id}`, identifier: { system, value: 'named' } };
      const seen = await made(api, { ...observation('x'), subject, code: { text: 'Evening mood diary', coding: LAB } });
      const place = await made(api, { resourceType: 'Location', identifier: [{ system, value: 'top' }], name: 'Top' });
      const room = await made(api, {
        resourceType: 'Location',
        identifier: [{ system, value: 'room' }],
        partOf: { reference: `Location/${place.id}` },
      });
      const set = 'http://hl7.org/fhir/ValueSet/administrative-gender';
      const just = only(api, 'modified');
      await finds(api, [
        [`Patient?${just}&gender:in=${set}`, patient.id],
        [`Patient?${just}&gender:not-in=${set}`],
        [`Observation?patient=${patient.id}&code:text=evening`, seen.id],
        [`Observation?subject:identifier=${system}|named`, seen.id],
        [`Observation?subject:Patient=${patient.id}`, seen.id],
        [`Observation?subject:Group=${patient.id}`],
      ]);
      // A hierarchy of references may be searched; a server that does not must say so and not leave the modifier out.
      const below = await api.ask(`GET Location?partof:below=Location/${place.id}&identifier=${system}|room`);
      assert.ok(below.status === 400 || ids(below).includes(room.id));
    },
  },
  {
    name: 'search: chains over two steps, reverse chains, several values and several parameters',
    run: async (api) => {
      const system = `urn:conformance:${api.run}`;
      const organization = await made(api, {
        resourceType: 'Organization',
        identifier: [{ system, value: 'chain' }],
        name: 'Chain clinic',
      });
      const patient = await made(
        api,
        identified(api, 'chain', { managingOrganization: { reference: `Organization/${organization.id}` } }),
      );
      const seen = await made(api, observation(`Patient/${patient.id}`));
      await finds(api, [
        [`Observation?patient.organization.name=chain&patient=${patient.id}`, seen.id],
        [`Observation?subject:Patient.organization.identifier=${system}|chain`, seen.id],
        [`Organization?_has:Patient:organization:identifier=${system}|chain`, organization.id],
        [`Organization?_has:Patient:organization:_has:Observation:patient:_id=${seen.id}`, organization.id],
        [`Patient?_id=${patient.id},${seen.id}&${only(api, 'chain')}`, patient.id],
        [`Patient?_id=${patient.id}&${only(api, 'other')}`],
      ]);
    },
  },
  {
    name: 'compartments hold what is about the patient, and nothing else',
    open: 'no server need support a compartment (compartmentdefinition.html)',
    run: async (api) => {
      const patient = await made(api, identified(api, 'compartment'));
      const other = await made(api, identified(api, 'compartment-other'));
      const seen = await made(api, observation(`Patient/${patient.id}`));
      await made(api, observation(`Patient/${other.id}`));
      await finds(api, [
        [`Patient/${patient.id}/Observation`, seen.id],
        [`Patient/${patient.id}/Observation?code=29463-7`, seen.id],
        [`Patient/${patient.id}/Observation?code=none`],
        [`Patient/${patient.id}/Condition`],
      ]);
    },
  },
];
