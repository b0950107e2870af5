import type { FieldValue, OutboundMaps, Trigger } from './row.ts';
import type { Scene } from './scene.ts';
import type { RawSegment } from './segment.ts';
import { v2Time } from './time.ts';
import { componentsOf } from './version.ts';

const ACT_REASON = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';

/**
 * MSH. Times are the event's own and not the attempt's, so that a retry has the same bytes. MSH-15/16 stay empty: original mode,
 * the answer comes on the same connection. Rule: DOMAIN C0.
 */
export function headerOf(maps: OutboundMaps, trigger: Trigger, scene: Scene): RawSegment {
  const { event, endpoint, partner } = scene;
  const time = v2Time(event.at, partner.zone, endpoint.dialect?.offset !== false)?.text ?? '';
  const type = [trigger.type, trigger.event, trigger.structure].slice(0, componentsOf('MSG', endpoint.version));
  const charset = isAscii(endpoint.charset) ? '' : endpoint.charset;
  const texts: readonly (readonly [number, string])[] = [
    [3, maps.application],
    [4, maps.facility],
    [5, endpoint.application],
    [6, endpoint.facility],
    [7, time],
    [10, event.controlId],
    [11, processingId(scene)],
    [12, endpoint.version],
    [18, charset],
  ];
  const fields = new Map<number, FieldValue>([[9, [type]]]);
  for (const [field, text] of texts) if (text !== '') fields.set(field, [[text]]);
  return { name: 'MSH', fields };
}

const isAscii = (charset: string): boolean => ['', 'ASCII'].includes(charset.toUpperCase());

/** Test data says so itself, whatever the endpoint is configured for: a test patient never arrives as a real one. */
function processingId(scene: Scene): string {
  const isTest = scene.entries.some(({ value }) =>
    value.meta?.security?.some(({ system, code }) => system === ACT_REASON && code === 'HTEST'),
  );
  return isTest ? 'T' : (scene.endpoint.dialect?.processingId ?? 'P');
}
