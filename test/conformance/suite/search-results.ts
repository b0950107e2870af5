import assert from 'node:assert/strict';
import { type Check, identified, ids, isOutcome, linkOf, made, observation, only, type Reply } from './api.ts';

/** What a search gives back. Source: FHIR R4 search.html#return. */
export const SEARCH_RESULTS: readonly Check[] = [
  {
    name: 'search results: includes, sort, count, paging, total, elements, summary',
    run: async (api) => {
      const patients: string[] = [];
      for (const family of ['Ca', 'Aa', 'Ba'])
        patients.push((await made(api, identified(api, 'page', { name: [{ family }] }))).id);
      const seen = await made(api, observation(`Patient/${patients[0]}`));
      const only = `identifier=urn:conformance:${api.run}|page`;
      assert.deepEqual(ids(await api.ask(`GET Patient?${only}&_sort=family`)), [patients[1], patients[2], patients[0]]);
      assert.deepEqual(ids(await api.ask(`GET Patient?${only}&_sort=-family`)), [
        patients[0],
        patients[2],
        patients[1],
      ]);
      const first = await api.ask(`GET Patient?${only}&_count=2&_sort=family&_total=accurate`);
      assert.deepEqual([ids(first).length, first.body.total], [2, 3]);
      const second = await api.ask(`GET ${linkOf(first, 'next')}`);
      assert.deepEqual(ids(second), [patients[0]]);
      assert.equal(linkOf(second, 'next'), undefined);
      assert.deepEqual(ids(await api.ask(`GET Observation?_id=${seen.id}&_include=Observation:subject`), 'include'), [
        patients[0],
      ]);
      assert.deepEqual(
        ids(await api.ask(`GET Patient?_id=${patients[0]}&_revinclude=Observation:subject`), 'include'),
        [seen.id],
      );
      const elements = await api.ask(`GET Observation?_id=${seen.id}&_elements=subject`);
      assert.equal(elements.body.entry[0].resource.meta.tag.at(-1).code, 'SUBSETTED');
      const counted = await api.ask(`GET Patient?${only}&_summary=count`);
      assert.deepEqual([counted.body.total, counted.body.entry], [3, undefined]);
    },
  },
  {
    name: 'search: what is wrong is 400; what is unknown is refused when strict and reported when lenient',
    run: async (api) => {
      for (const query of ['Patient?birthdate=x', 'Patient?_count=x', 'Observation?value-quantity=x']) {
        const reply = await api.ask(`GET ${query}`);
        assert.equal(reply.status, 400, query);
        isOutcome(reply);
      }
      assert.equal((await api.ask('GET Patient?nonsense=1', undefined, { prefer: 'handling=strict' })).status, 400);
      const lenient = await api.ask('GET Patient?nonsense=1&_count=1', undefined, { prefer: 'handling=lenient' });
      assert.ok(!(linkOf(lenient, 'self') ?? '').includes('nonsense'));
    },
  },
  {
    name: 'paging links stay good while others write: nothing twice, nothing left out',
    run: async (api) => {
      const before: string[] = [];
      for (let n = 0; n < 5; n++) before.push((await made(api, identified(api, 'stable', { gender: 'other' }))).id);
      const seen: string[] = [];
      let next: string | undefined = `Patient?${only(api, 'stable')}&_count=2`;
      for (let page = 0; next !== undefined && page < 20; page++) {
        const reply: Reply = await api.ask(`GET ${next}`);
        seen.push(...ids(reply));
        next = linkOf(reply, 'next');
        await api.ask(`PUT Patient/${before[0]}`, {
          ...identified(api, 'stable', { gender: 'male' }),
          id: before[0],
          active: page % 2 === 0,
        });
        await made(api, identified(api, 'stable'));
      }
      assert.equal(new Set(seen).size, seen.length);
      assert.deepEqual(
        before.filter((id) => !seen.includes(id)),
        [],
      );
    },
  },
  {
    name: '_include:iterate, _revinclude with a target, and includes marked as such',
    run: async (api) => {
      const practitioner = await made(api, { resourceType: 'Practitioner', name: [{ family: 'Include' }] });
      const patient = await made(
        api,
        identified(api, 'iterate', { generalPractitioner: [{ reference: `Practitioner/${practitioner.id}` }] }),
      );
      const seen = await made(api, observation(`Patient/${patient.id}`));
      const iterated = await api.ask(
        `GET Observation?_id=${seen.id}&_include=Observation:patient&_include:iterate=Patient:general-practitioner`,
      );
      assert.deepEqual(ids(iterated), [seen.id]);
      assert.deepEqual(ids(iterated, 'include').sort(), [patient.id, practitioner.id].sort());
      const reverse = await api.ask(`GET Practitioner?_id=${practitioner.id}&_revinclude=Patient:general-practitioner`);
      assert.deepEqual(ids(reverse, 'include'), [patient.id]);
    },
  },
  {
    name: '_summary true, text and data; _elements leaves out; _total accurate',
    run: async (api) => {
      const { id } = await made(
        api,
        identified(api, 'summary', {
          text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' },
          communication: [{ language: { text: 'en' } }],
          gender: 'other',
        }),
      );
      const summary = async (value: string) =>
        (await api.ask(`GET Patient?_id=${id}&_summary=${value}`)).body.entry[0].resource;
      assert.deepEqual(Object.hasOwn(await summary('true'), 'communication'), false);
      assert.equal((await summary('text')).gender, undefined);
      assert.ok((await summary('text')).text);
      assert.deepEqual([(await summary('data')).text, (await summary('data')).gender], [undefined, 'other']);
      assert.equal((await summary('true')).meta.tag.at(-1).code, 'SUBSETTED');
      const seen = await made(api, observation(`Patient/${id}`, { note: [{ text: 'x' }] }));
      const elements = (await api.ask(`GET Observation?_id=${seen.id}&_elements=subject`)).body.entry[0].resource;
      assert.deepEqual([elements.subject.reference, elements.note], [`Patient/${id}`, undefined]);
      assert.equal((await api.ask(`GET Patient?${only(api, 'summary')}&_total=accurate`)).body.total, 1);
    },
  },
  {
    name: '_elements keeps what is mandatory; _total none leaves the total out',
    open: 'mandatory elements SHOULD be there, and a total may be given unasked (search.html#elements, #total)',
    run: async (api) => {
      const { id } = await made(api, identified(api, 'mandatory'));
      const seen = await made(api, observation(`Patient/${id}`));
      const elements = (await api.ask(`GET Observation?_id=${seen.id}&_elements=subject`)).body.entry[0].resource;
      assert.equal(elements.status, 'final');
      assert.equal((await api.ask(`GET Patient?${only(api, 'mandatory')}&_total=none`)).body.total, undefined);
    },
  },
  {
    name: '_sort by several keys, by _lastUpdated, and over what has no value',
    run: async (api) => {
      const of = async (family: string | undefined, birthDate: string) =>
        (await made(api, identified(api, 'sort', { birthDate, ...(family ? { name: [{ family }] } : {}) }))).id;
      const all = [await of('B', '1990-01-01'), await of('A', '1990-01-01'), await of('A', '1980-01-01')];
      const none = await of(undefined, '1970-01-01');
      const sorted = async (by: string) => ids(await api.ask(`GET Patient?${only(api, 'sort')}&_sort=${by}`));
      assert.deepEqual(
        (await sorted('family,birthdate')).filter((id) => id !== none),
        [all[2], all[1], all[0]],
      );
      assert.deepEqual(await sorted('_lastUpdated'), [...all, none]);
      assert.equal((await sorted('family')).length, 4);
    },
  },
];
