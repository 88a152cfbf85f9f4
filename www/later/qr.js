// QR codes (ISO/IEC 18004): bytes, versions 1 to 20, error correction L or, where there is room, M. Written here
// because the site is built without any JavaScript packages; tests read its codes with a decoder of others.

/** What version 20 holds at level L, with a little to spare. */
export const BYTES_MAX = 800;

const VERSION_MAX = 20;
/** Format bits; check codewords of each block and number of blocks, by version from 1 on (table 9). */
const LEVELS = [
  {
    format: 1, // L
    check: [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28],
    blocks: [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8],
  },
  {
    format: 0, // M
    check: [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26],
    blocks: [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16],
  },
];
const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (x, y) => y % 2 === 0,
  x => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => (x * y) % 2 + (x * y) % 3 === 0,
  (x, y) => ((x * y) % 2 + (x * y) % 3) % 2 === 0,
  (x, y) => ((x + y) % 2 + (x * y) % 3) % 2 === 0,
];

/** Rows of modules, dark ones true, without the quiet zone. */
export function encode(text) {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > BYTES_MAX) throw new RangeError(`more than ${BYTES_MAX} bytes`);
  const fits = (version, level) => 12 + 8 * (version > 9) + 8 * bytes.length <= 8 * dataCodewords(version, level);
  let version = 1;
  while (!fits(version, LEVELS[0])) version += 1;
  const level = LEVELS.findLast(level => fits(version, level));
  const bits = withChecks(codewords(bytes, version, level), version, level);
  const { modules, reserved } = skeleton(version);
  place(bits, modules, reserved);
  const masked = MASKS.map((mask, number) => {
    const rows = modules.map((row, y) => row.map((dark, x) => (reserved[y][x] ? dark : dark !== mask(x, y))));
    writeFormat(rows, level.format << 3 | number);
    return rows;
  });
  return masked.reduce((best, rows) => (penalty(rows) < penalty(best) ? rows : best));
}

function allCodewords(version) {
  const marks = alignments(version).length;
  const bits = (16 * version + 128) * version + 64
    - (version > 1 ? (25 * marks - 10) * marks - 55 : 0) - (version > 6 ? 36 : 0);
  return bits >> 3;
}

function dataCodewords(version, level) {
  return allCodewords(version) - level.check[version - 1] * level.blocks[version - 1];
}

/** Mode, length, bytes, end, padding. */
function codewords(bytes, version, level) {
  const bits = [];
  const push = (value, length) => {
    for (let at = length - 1; at >= 0; at--) bits.push(value >> at & 1);
  };
  push(0b0100, 4);
  push(bytes.length, version > 9 ? 16 : 8);
  for (const byte of bytes) push(byte, 8);
  const room = 8 * dataCodewords(version, level);
  push(0, Math.min(4, room - bits.length));
  push(0, -bits.length & 7);
  for (let pad = 0xec; bits.length < room; pad ^= 0xec ^ 0x11) push(pad, 8);
  return Array.from({ length: room / 8 }, (_, at) => parseInt(bits.slice(8 * at, 8 * at + 8).join(''), 2));
}

/** Cuts the codewords into blocks, adds the check codewords of each, and weaves them into bits. */
function withChecks(data, version, level) {
  const [blocks, check, all] = [level.blocks[version - 1], level.check[version - 1], allCodewords(version)];
  const divisor = generator(check);
  const short = Math.floor(all / blocks) - check;
  let at = 0;
  const parts = Array.from({ length: blocks }, (_, block) => {
    const part = data.slice(at, at += short + (block >= blocks - all % blocks));
    return { part, checks: remainder(part, divisor) };
  });
  const woven = [];
  for (let row = 0; row <= short; row++) for (const { part } of parts) if (row < part.length) woven.push(part[row]);
  for (let row = 0; row < check; row++) for (const { checks } of parts) woven.push(checks[row]);
  return woven.flatMap(word => Array.from({ length: 8 }, (_, bit) => (word >> 7 - bit & 1) === 1));
}

/** A product in GF(2⁸) modulo x⁸ + x⁴ + x³ + x² + 1. */
function times(a, b) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) product = product << 1 ^ (product >> 7) * 0x11d ^ (b >> bit & 1) * a;
  return product;
}

/** (x − 1)(x − 2)(x − 4)…, highest power left out. */
function generator(degree) {
  const result = [...Array(degree - 1).fill(0), 1];
  for (let step = 0, root = 1; step < degree; step++, root = times(root, 2)) {
    for (let at = 0; at < degree; at++) result[at] = times(result[at], root) ^ (result[at + 1] ?? 0);
  }
  return result;
}

function remainder(data, divisor) {
  const result = divisor.map(() => 0);
  for (const word of data) {
    const factor = word ^ result.shift();
    result.push(0);
    divisor.forEach((coefficient, at) => { result[at] ^= times(coefficient, factor); });
  }
  return result;
}

/** Where alignment marks have their middles, in both directions. */
function alignments(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = 2 * Math.ceil((4 * version + 4) / (2 * count - 2));
  return Array.from({ length: count }, (_, at) => (at === 0 ? 6 : 4 * version + 10 - step * (count - 1 - at)));
}

/** Everything that is not data; `reserved` says where that is. */
function skeleton(version) {
  const size = 4 * version + 17;
  const grid = () => Array.from({ length: size }, () => Array(size).fill(false));
  const [modules, reserved] = [grid(), grid()];
  const set = (x, y, dark) => {
    if (x < 0 || y < 0 || x >= size || y >= size) return;
    modules[y][x] = dark;
    reserved[y][x] = true;
  };
  const square = (cx, cy, radius, isDark) => {
    for (let dy = -radius; dy <= radius; dy++) {
      for (let dx = -radius; dx <= radius; dx++) set(cx + dx, cy + dy, isDark(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  };
  for (let at = 0; at < size; at++) {
    set(at, 6, at % 2 === 0);
    set(6, at, at % 2 === 0);
  }
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]]) square(x, y, 4, ring => ring !== 2 && ring !== 4);
  const middles = alignments(version);
  const last = middles.at(-1);
  for (const x of middles) {
    for (const y of middles) {
      const onFinder = (x === 6 && (y === 6 || y === last)) || (x === last && y === 6);
      if (!onFinder) square(x, y, 2, ring => ring !== 1);
    }
  }
  if (version > 6) {
    const bits = version << 12 | bch(version, 12, 0x1f25);
    for (let at = 0; at < 18; at++) {
      const [across, along, dark] = [size - 11 + at % 3, Math.floor(at / 3), (bits >> at & 1) === 1];
      set(across, along, dark);
      set(along, across, dark);
    }
  }
  for (let at = 0; at < 9; at++) {
    for (const [x, y] of [[at, 8], [8, at], [size - 1 - at, 8], [8, size - 1 - at]]) {
      if (at < 8 || (x < 9 && y < 9)) reserved[y][x] = true;
    }
  }
  set(8, size - 8, true);
  return { modules, reserved };
}

/** What is left of value · 2^degree when it is divided by the polynomial. */
function bch(value, degree, polynomial) {
  let rest = value << degree;
  for (let bit = 31; bit >= degree; bit--) if (rest >>> bit & 1) rest ^= polynomial << bit - degree;
  return rest;
}

/** Error correction and mask, twice. */
function writeFormat(rows, format) {
  const bits = (format << 10 | bch(format, 10, 0x537)) ^ 0x5412;
  const size = rows.length;
  for (let at = 0; at < 15; at++) {
    const dark = (bits >> at & 1) === 1;
    if (at < 8) rows[at + (at > 5)][8] = rows[8][size - 1 - at] = dark;
    else rows[8][at === 8 ? 7 : 14 - at] = rows[size - 15 + at][8] = dark;
  }
}

/** Up and down in pairs of columns, from the right. */
function place(bits, modules, reserved) {
  const size = modules.length;
  let next = 0;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    const upward = (right + 1 & 2) === 0;
    for (let step = 0; step < size; step++) {
      const y = upward ? size - 1 - step : step;
      for (const x of [right, right - 1]) if (!reserved[y][x]) modules[y][x] = bits[next++] ?? false;
    }
  }
}

/** How much a pattern may confuse readers: long runs, blocks, what looks like a corner, too dark or too light. */
function penalty(rows) {
  const size = rows.length;
  const lines = [...rows, ...rows.map((_, x) => rows.map(row => row[x]))].map(line => line.map(Number).join(''));
  let sum = 0;
  for (const line of lines) {
    for (const [run] of line.matchAll(/0{5,}|1{5,}/g)) sum += run.length - 2;
    sum += 40 * [...line.matchAll(/(?=00001011101|10111010000)/g)].length;
  }
  for (let y = 1; y < size; y++) {
    for (let x = 1; x < size; x++) {
      const dark = rows[y][x];
      if (dark === rows[y - 1][x] && dark === rows[y][x - 1] && dark === rows[y - 1][x - 1]) sum += 3;
    }
  }
  const dark = rows.flat().filter(Boolean).length / size ** 2;
  return sum + 10 * Math.floor(Math.abs(dark - 0.5) * 20);
}
