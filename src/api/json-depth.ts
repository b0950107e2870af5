import { scanJson } from '../fhir/json-text.ts';

/** How deep objects and lists are nested in a JSON text; stops counting beyond `max`. */
export function depthOf(text: string, max: number): number {
  let depth = 0;
  let deepest = 0;
  scanJson(text, (char) => {
    if (char === 0x7b || char === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
      return deepest > max;
    }
    if (char === 0x7d || char === 0x5d) depth -= 1;
    return undefined;
  });
  return deepest;
}
