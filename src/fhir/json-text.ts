/** Sees the characters of a JSON text that stand outside of its strings, as code units; ends when `see` says true. One pass, nothing is built. */
export function scanJson(text: string, see: (char: number) => boolean | undefined): void {
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (inText) {
      if (char === 0x5c) at += 1;
      else if (char === 0x22) inText = false;
    } else if (char === 0x22) inText = true;
    else if (see(char)) return;
  }
}
