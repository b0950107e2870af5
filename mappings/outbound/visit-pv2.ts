import type { Encounter, Extension } from '@medplum/fhirtypes';
import { cwe, isOfTable, tableCode } from '../../src/mapping/outbound/coded.ts';
import { first, type OutRow, type SegmentPlan, type Writer } from '../../src/mapping/outbound/row.ts';
import { about } from '../../src/mapping/outbound/scene.ts';
import { dtm, nm, st } from '../../src/mapping/outbound/writers.ts';
import { hubExtension } from '../../src/model/systems.ts';
import { visitOf } from './visit-pv1.ts';

const R5 = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.';

/** An extension of the visit that has a field of its own. */
const extended = (to: string, url: string, element: 'valueDateTime' | 'valueString', as: Writer): OutRow => ({
  to,
  from: 'Encounter.extension',
  only: (value) => (value as Extension).url === url,
  as: first({
    ...as,
    write: ({ value, path }, writing) =>
      as.write({ value: (value as Extension)[element], path: `${path}.${element}` }, writing),
  }),
});

const isDays = ({ length }: Encounter): boolean => length?.code === 'd';

/** What else is known of the visit → PV2; left out where there is nothing. */
export const VISIT_PV2: SegmentPlan = {
  segment: 'PV2',
  each: (scene) => {
    const visit = visitOf(scene);
    const { reasonCode, priority, length, extension } = (visit?.value ?? {}) as Encounter;
    return [reasonCode, priority, length, extension].some((each) => each !== undefined) ? about(visit) : [];
  },
  rows: [
    { to: 'PV2-3', from: 'Encounter.reasonCode', as: first(cwe()) },
    extended('PV2-8', `${R5}plannedStartDate`, 'valueDateTime', dtm),
    extended('PV2-9', `${R5}plannedEndDate`, 'valueDateTime', dtm),
    {
      to: 'PV2-11',
      give: ({ Encounter }) => {
        const visit = (Encounter?.value ?? {}) as Encounter;
        return isDays(visit) && visit.length?.value !== undefined ? [[`${visit.length.value}`]] : undefined;
      },
      type: nm.type,
      carries: ['Encounter.length'],
    },
    extended('PV2-12', hubExtension('visit-description'), 'valueString', st),
    { to: 'PV2-25', from: 'Encounter.priority', only: isOfTable('0217'), as: first(tableCode('0217')) },
  ],
};
