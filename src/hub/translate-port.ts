import { NEWS } from '../../mappings/messages/result.ts';
import { isSafetyNote } from '../../mappings/messages/safety-note.ts';
import { hasSafetyResult } from '../../mappings/messages/safety-result.ts';
import { parseMessage } from '../hl7/parse.ts';
import type { Message } from '../hl7/tree.ts';
import { type Maps, mapMessage } from '../mapping/map-message.ts';
import type { ClassifyPort, Inbound, Translated, TranslatePort } from '../model/flow.ts';
import type { Partner } from '../model/partner.ts';

/** Refusals of the mapping which say that there is no map, and not that the message is at fault. */
const NO_MAP = 'map.no-map';
const IDENTITY_WITHOUT_MAP = 'map.identity-unsupported';

/** Bytes to assertions with the compiled maps and the partners' settings. */
export function translatePort(
  maps: Maps,
  partners: readonly Partner[],
  hubKey: Buffer,
  configVersion: string,
): TranslatePort {
  return {
    version: `${maps.version}/${configVersion}`,
    translate(inbound: Inbound): Translated {
      const { bytes, feed, partner, hash, receivedAt } = inbound;
      const { message } = parseMessage(bytes, { defaultCharset: feed.charset });
      const mapped = mapMessage(
        maps,
        message,
        {
          partner,
          partners,
          hubKey,
          receivedAt: new Date(receivedAt).toISOString(),
          bodyHash: hash,
          unidentified: 'refuse',
        },
        { loss: true },
      );
      if (mapped.refused?.code === NO_MAP) return { kind: 'unsupported', identity: false };
      if (mapped.refused?.code === IDENTITY_WITHOUT_MAP) return { kind: 'unsupported', identity: true };
      const identity = maps.find(mapped.event)?.movesIdentity;
      if (!isTaken(inbound, mapped.event)) return { kind: 'unsupported', identity: identity === true };
      const software = softwareOf(message);
      return {
        kind: 'mapped',
        mapped,
        stamp: mapped.stamp,
        event: mapped.event,
        ...(software.length > 0 && { software }),
        ...(identity && { identity }),
      };
    },
  };
}

/** Whether the feed takes the content of this event. What nobody expects of a partner may still be a safety note (H14). */
function isTaken(inbound: Inbound, event: string): boolean {
  const { triggers } = inbound.feed;
  if (triggers.length === 0 || triggers.some((each) => each === event || each === event.split('^')[0])) return true;
  return classify(inbound, event) === 'safety';
}

const SOFTWARE_MAX = 5;
const SOFTWARE_MAX_CHARS = 200;

/** SFT: vendor, product and version of what sent the message, and of what it passed through. */
function softwareOf(message: Message): string[] {
  return message
    .segments('SFT')
    .flatMap((sft) => {
      const parts = [sft.get(1), sft.get(3), sft.get(2)].flatMap((part) => part?.trim() || []);
      return parts.length > 0 ? [parts.join(' ').slice(0, SOFTWARE_MAX_CHARS)] : [];
    })
    .slice(0, SOFTWARE_MAX);
}

/**
 * Safety notes are a class of their own from the socket on, by the words that make the document, or the result, a note when it is
 * mapped. Rule: DESIGN 3 "Lanes", DOMAIN D5.
 */
export const classify: ClassifyPort = ({ bytes, feed, partner: { safety } }, trigger) => {
  const isDocument = trigger.startsWith('MDM^');
  const { documentTypes, reasons, results = [] } = safety;
  if (documentTypes.length === 0 && Object.keys(reasons).length === 0 && results.length === 0) return 'normal';
  if (!isDocument && !NEWS.includes(trigger.slice(0, 3))) return 'normal';
  const { message } = parseMessage(bytes, { defaultCharset: feed.charset });
  return (isDocument ? isSafetyNote(message, safety) : hasSafetyResult(message, safety)) ? 'safety' : 'normal';
};
