import { leaves } from '../hl7/leaves.ts';
import { printLocation } from '../hl7/location.ts';
import type { Message } from '../hl7/tree.ts';
import { Origins } from './explain-origin.ts';
import { type MappedMessage, type Maps, mapMessage } from './map-message.ts';
import type { MapContext, Traced } from './scope.ts';

/** One element that came out: the row that made it, and the field it came from. */
export interface Made {
  /** `Patient/<id> birthDate`. */
  readonly element: string;
  /** `PID[Patient] PID-7 → birthDate`; of what no row of a table states, the code of the message map that does. */
  readonly by: string;
  /** `PID[1]-7`; several are parted by `, `. `MSH[1]-9`: the event alone says it. */
  readonly from: string;
}

/** One leaf that went in, and what became of it. Names places and rows, never values. */
export interface Used {
  readonly location: string;
  readonly fate: 'carried' | 'decided' | 'lost';
  readonly by: readonly string[];
}

export interface Explanation {
  readonly mapped: MappedMessage;
  readonly outputs: readonly Made[];
  readonly inputs: readonly Used[];
}

/** Maps a message and says of each output element what made it, and of each input what became of it. Slower than `mapMessage`. */
export function explain(maps: Maps, message: Message, context: MapContext): Explanation {
  const made: Traced[] = [];
  const inputs: Used[] = [];
  const mapped = mapMessage(maps, message, context, {
    loss: true,
    trace: {
      row: (traced) => made.push(traced),
      end: (scope, fateOf) => {
        for (const leaf of leaves(message)) {
          if (leaf.text.trim() === '') continue;
          const fate = fateOf(leaf, scope);
          const location = printLocation(leaf.location);
          if (fate === undefined) inputs.push({ location, fate: 'lost', by: ['no row for this segment'] });
          else if (fate.carried.length > 0) inputs.push({ location, fate: 'carried', by: fate.carried });
          else if (fate.decided !== undefined) inputs.push({ location, fate: 'decided', by: [fate.decided] });
          else inputs.push({ location, fate: 'lost', by: ['no row for this place'] });
        }
      },
    },
  });
  return { mapped, outputs: outputsOf(mapped, new Origins(maps, message, mapped, made)), inputs };
}

function outputsOf(mapped: MappedMessage, origins: Origins): Made[] {
  const outputs = mapped.resources.flatMap((resource): Made[] => {
    const name = `${resource.type}/${resource.id}`;
    const elements = resource.elements.map(({ element }) => ({
      element: `${name} ${element}`,
      ...origins.of(resource, element),
    }));
    const defaults = (resource.defaults ?? []).map(({ element }) => {
      const { by, from } = origins.of(resource, element);
      return { element: `${name} ${element}`, by: `${by}; while nothing else states it`, from };
    });
    const labels = resource.labels.length === 0 ? [] : [{ element: `${name} meta.security`, ...origins.ofLabels() }];
    return [...elements, ...defaults, ...labels];
  });
  for (const said of mapped.identity) {
    const [one, other] = said.op === 'merge' ? [said.survivor, said.loser] : [said.patient, said.other];
    outputs.push({ element: `Patient/${one} link (${said.op} Patient/${other})`, ...origins.ofIdentity() });
  }
  return outputs;
}
