// Links to scenarios, made apart from the app; the form is described in src/scenario/envelope.rs.

import { deflateRawSync } from 'node:zlib';

/** The scenario as an address's fragment. */
export function fragment(scenario) {
  return pack(JSON.stringify(scenario));
}

/** Any text in such an envelope. */
export function pack(text) {
  const payload = deflateRawSync(text, { level: 9 });
  return `#s1.${payload.toString('base64url')}.${crc32(payload).toString(36).padStart(7, '0')}`;
}

/** CRC-32 (ISO-HDLC), bit by bit. */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
