const VT = 0x0b;
const FS = 0x1c;
const CR = 0x0d;

/** Wraps content for the wire. Gives undefined if it holds a byte that would end or restart the frame. */
export function frame(content: Uint8Array): Buffer | undefined {
  if (content.includes(VT) || content.includes(FS)) return undefined;
  const framed = Buffer.allocUnsafe(content.length + 3);
  framed[0] = VT;
  framed.set(content, 1);
  framed[content.length + 1] = FS;
  framed[content.length + 2] = CR;
  return framed;
}
