import type { TransportCode } from '../model/transport.ts';

/** A transport that cannot be set up as configured; never thrown for what a partner does. */
export class TransportError extends Error {
  readonly code: TransportCode;

  constructor(code: TransportCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'TransportError';
    this.code = code;
  }
}
