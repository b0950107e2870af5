import type { CareTeam } from '@medplum/fhirtypes';
import { cwe } from '../../src/mapping/outbound/coded.ts';
import { isOrganization, partyAt, xcn } from '../../src/mapping/outbound/people.ts';
import { every, first, type SegmentPlan } from '../../src/mapping/outbound/row.ts';
import { patientOf, pointsAt, type Scene } from '../../src/mapping/outbound/scene.ts';
import { atLeast } from '../../src/mapping/outbound/version.ts';
import { dtm, xad, xtn } from '../../src/mapping/outbound/writers.ts';

/** Members of the patient's team with a stated role. ROL-4 holds persons: an organization is listed as left out. */
function members(scene: Scene) {
  const patient = patientOf(scene);
  // ROL gave way to PRT in 2.9.
  if (patient === undefined || atLeast(scene.endpoint.version, '2.9')) return [];
  return scene
    .all('CareTeam')
    .filter(({ value }) => pointsAt((value as CareTeam).subject, patient))
    .flatMap(({ value, path }) =>
      ((value as CareTeam).participant ?? []).flatMap((each, index) =>
        each.role === undefined || each.member === undefined || isOrganization(each.member)
          ? []
          : [
              {
                team: { value, path },
                participant: { value: each, path: `${path}.participant[${index}]` },
                ...partyAt(scene, each.member),
              },
            ],
      ),
    );
}

/** CareTeam → ROL. Rule: DOMAIN C1 ADT. */
export const TEAM_ROL: SegmentPlan = {
  segment: 'ROL',
  worth: 'ROL-4',
  since: '2.4',
  each: members,
  rows: [
    { to: 'ROL-2', give: () => [['AD']] },
    { to: 'ROL-3', from: 'participant.role', as: first(cwe('0443')) },
    { to: 'ROL-4', from: 'participant.member', as: first(xcn) },
    { to: 'ROL-5', from: 'participant.period.start', as: first(dtm) },
    { to: 'ROL-6', from: 'participant.period.end', as: first(dtm) },
    { to: 'ROL-11', from: 'Practitioner.address', as: every(xad) },
    { to: 'ROL-12', from: 'Practitioner.telecom', as: every(xtn) },
  ],
  also: ['team.subject', 'team.status'],
};
