const NAME =
  /^(value|effective|onset|abatement|deceased|multipleBirth|performed|occurrence|medication|asNeeded|product|collected|reported)(Quantity|CodeableConcept|String|Boolean|Integer|Range|Ratio|SampledData|Time|DateTime|Period|Age|Timing|Reference)$/;

const known = new Map<string, string | undefined>();
const KNOWN_MAX = 4096;

/**
 * The choice an element path belongs to, and which of its types: `['value', 'valueQuantity']`, `['effective', 'effectivePeriod']` for
 * `effectivePeriod.start`. Of one choice a resource holds one type. `dataAbsentReason` counts to `value`: either, never both (obs-6).
 * Undefined for what is no choice.
 */
export function choiceOf(path: string): readonly [choice: string, type: string] | undefined {
  let from = 0;
  for (;;) {
    const dot = path.indexOf('.', from);
    const step = dot < 0 ? path.slice(from) : path.slice(from, dot);
    const name = step.startsWith('_') ? step.slice(1) : step;
    const choice = name === 'dataAbsentReason' ? 'value' : prefixOf(name);
    if (choice !== undefined) return [path.slice(0, from) + choice, path.slice(0, from) + name];
    if (dot < 0) return undefined;
    from = dot + 1;
  }
}

function prefixOf(name: string): string | undefined {
  if (known.has(name)) return known.get(name);
  const prefix = NAME.exec(name)?.[1];
  if (known.size < KNOWN_MAX) known.set(name, prefix);
  return prefix;
}
