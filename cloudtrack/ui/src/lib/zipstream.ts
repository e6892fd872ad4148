/** A zip archive made file by file, without compression: what is in it was compressed where that helps. Up to 4 GB and 65,535 files. */

export const MOST_BYTES = 2 ** 32 - 2 ** 24;
export const MOST_FILES = 65_535;

export interface ZipFile {
  name: string;
  /** Its bytes in pieces, asked for when it is its turn. */
  chunks: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Milliseconds since the epoch. */
  modified?: number;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** CRC-32 of bytes that follow others of which it was `before`. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let value = ~before;
  for (let at = 0; at < bytes.length; at++) value = (value >>> 8) ^ (TABLE[(value ^ (bytes[at] as number)) & 255] as number);
  return ~value >>> 0;
}

/** The archive in pieces. Raises RangeError where it grows beyond what a zip without extensions holds. */
export async function* zip(files: Iterable<ZipFile>): AsyncGenerator<Uint8Array> {
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const file of files) {
    const name = new TextEncoder().encode(file.name);
    const [time, date] = dosTime(file.modified ?? Date.UTC(1980, 0, 1));
    const head = [0x0014, 0x0808, 0, time, date]; // version 2.0; sizes follow the data, names are UTF-8; stored
    const local = record(0x04034b50, [...head, 0, 0, 0, 0, 0, 0, name.length, 0], name);
    yield local;
    let [crc, size] = [0, 0];
    for await (const chunk of file.chunks()) {
      crc = crc32(chunk, crc);
      size += chunk.length;
      if (offset + size > MOST_BYTES) throw new RangeError("the archive would be larger than 4 GB");
      yield chunk;
    }
    const told = [...halves(crc), ...halves(size), ...halves(size)];
    const after = record(0x08074b50, told);
    yield after;
    directory.push(record(0x02014b50, [0x0314, ...head, ...told, name.length, 0, 0, 0, 0, ...halves(0o100644 * 65536), ...halves(offset)], name));
    offset += local.length + size + after.length;
    if (directory.length > MOST_FILES) throw new RangeError("the archive would have more than 65,535 files");
  }
  yield* directory;
  const length = directory.reduce((sum, each) => sum + each.length, 0);
  yield record(0x06054b50, [0, 0, directory.length, directory.length, ...halves(length), ...halves(offset), 0]);
}

function record(signature: number, words: readonly number[], tail: Uint8Array = new Uint8Array()): Uint8Array {
  const bytes = new Uint8Array(4 + words.length * 2 + tail.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  words.forEach((word, at) => view.setUint16(4 + at * 2, word, true));
  bytes.set(tail, 4 + words.length * 2);
  return bytes;
}

function halves(value: number): [number, number] {
  return [value & 0xffff, Math.floor(value / 65536) & 0xffff];
}

function dosTime(ms: number): [number, number] {
  const at = new Date(Math.max(ms, Date.UTC(1980, 0, 1)));
  return [
    (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
    ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
  ];
}
