const NAME =
  /^(value|effective|onset|abatement|deceased|multipleBirth|performed|occurrence|medication|asNeeded|product|collected|reported)(Quantity|CodeableConcept|String|Boolean|Integer|Range|Ratio|SampledData|Time|DateTime|Period|Age|Timing|Reference)$/;

type Choice = readonly [choice: string, type: string];

const known = new Map<string, Choice | undefined>();
const KNOWN_MAX = 4096;

/**
 * The choice an element path belongs to, and which of its types: `['value', 'valueQuantity']`, `['effective', 'effectivePeriod']` for
 * `effectivePeriod.start`. Of one choice a resource holds one type. `dataAbsentReason` counts to `value`: either, never both (obs-6).
 * Undefined for what is no choice.
 */
export function choiceOf(path: string): Choice | undefined {
  // Paths are few and asked for by the million; one with a slot names a list, which no choice is.
  if (known.has(path)) return known.get(path);
  const found = path.includes('[') ? undefined : find(path);
  if (known.size < KNOWN_MAX && !path.includes('[')) known.set(path, found);
  return found;
}

function find(path: string): Choice | undefined {
  let from = 0;
  for (;;) {
    const dot = path.indexOf('.', from);
    const step = dot < 0 ? path.slice(from) : path.slice(from, dot);
    const name = step.startsWith('_') ? step.slice(1) : step;
    const choice = name === 'dataAbsentReason' ? 'value' : NAME.exec(name)?.[1];
    if (choice !== undefined) return [path.slice(0, from) + choice, path.slice(0, from) + name];
    if (dot < 0) return undefined;
    from = dot + 1;
  }
}
