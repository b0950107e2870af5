import { type Config, ConfigError } from '../config/load.ts';
import { charsetNamed } from '../hl7/charset.ts';
import type { Maps } from '../mapping/map-message.ts';
import { outboundCharset } from '../mapping/outbound/bytes.ts';
import { OUTBOUND_VERSIONS } from '../mapping/outbound/version.ts';

/**
 * Throws ConfigError when a setting names what this hub does not have: a file of maps, a character set it cannot read or write, a version
 * it does not write. It must not be learnt from the first message, which may be a safety note.
 */
export function requireKnown({ file, partners }: Config, maps: Maps): void {
  const problems: { path: string; reason: string }[] = [];
  const require = (isKnown: boolean, path: string, reason: string): void => {
    if (!isKnown) problems.push({ path, reason });
  };
  for (const [i, { mappingFile, feeds, endpoints }] of partners.entries()) {
    const at = `partners[${i}]`;
    const isThere = mappingFile === undefined || maps.dialect(mappingFile) !== undefined;
    require(isThere, `${at}.mappingFile`, 'is no file of mappings/partners');
    for (const [j, { charset }] of feeds.entries()) {
      const isReadable = charset === '' || charsetNamed(charset) !== undefined;
      require(isReadable, `${at}.feeds[${j}].charset`, 'is no character set of table 0211 that can be read');
    }
    for (const [j, { charset, version }] of endpoints.entries()) {
      const to = `${at}.endpoints[${j}]`;
      require(outboundCharset(charset) !== undefined, `${to}.charset`, 'is no character set that MLLP can carry');
      require(OUTBOUND_VERSIONS.includes(version), `${to}.version`, 'is no version the hub writes');
    }
  }
  if (problems.length > 0) throw new ConfigError(file, problems);
}
