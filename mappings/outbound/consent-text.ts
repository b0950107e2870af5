import type { Consent, DocumentReference } from '@medplum/fhirtypes';
import type { Writing } from '../../src/mapping/outbound/row.ts';
import { readableTime } from '../../src/mapping/outbound/time.ts';

/**
 * The scope of each consent the disclosure rests on, in one line: what 42 CFR 2.32 wants beside the content. The document that
 * only repeats the notice counts as told.
 */
export function consentLines(writing: Writing): readonly string[] {
  for (const entry of writing.scene.all('DocumentReference')) {
    if ((entry.value as DocumentReference).description === writing.event.notice) writing.carried(entry.path);
  }
  return writing.scene.all('Consent').map((entry) => {
    const consent = entry.value as Consent;
    const { provision } = consent;
    writing.carried(entry.path);
    const purposes = (provision?.purpose ?? []).map(({ code }) => code).filter((code) => code !== undefined);
    const until = provision?.period?.end;
    const parts = [
      `Disclosed under the consent ${consent.identifier?.[0]?.value ?? consent.id ?? ''}`,
      consent.dateTime === undefined ? '' : `of ${readableTime(consent.dateTime, writing.partner.zone) ?? ''}`,
      until === undefined ? '' : `valid until ${readableTime(until, writing.partner.zone) ?? ''}`,
      purposes.length === 0 ? '' : `for ${purposes.join(', ')}`,
    ];
    return parts.filter((part) => part !== '').join(', ');
  });
}
