/** What the first bytes of array files say of them; nothing else of such files is read. */

/** A safetensors header may be long; more is not read. */
export const MOST_HEADER_BYTES = 128 << 10;
const NPY_MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

export interface NpyHeader {
  dtype: string;
  shape: number[];
  isFortran: boolean;
}

/** Of the beginning of a `.npy` file; null where it is none. Source: NumPy's NEP 1. */
export function npyHeader(bytes: Uint8Array): NpyHeader | null {
  if (!NPY_MAGIC.every((byte, at) => bytes[at] === byte)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isFirst = bytes[6] === 1;
  if (bytes.length < 12) return null;
  const start = isFirst ? 10 : 12;
  const length = isFirst ? view.getUint16(8, true) : view.getUint32(8, true);
  const text = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));
  const dtype = /'descr':\s*('[^']*'|\[.*?\](?=,\s*'))/.exec(text)?.[1]?.replace(/^'|'$/g, "");
  const shape = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  if (dtype === undefined || shape === undefined) return null;
  return { dtype, shape: shape.split(",").map((each) => each.trim()).filter(Boolean).map(Number), isFortran: /'fortran_order':\s*True/.test(text) };
}

export interface Tensor {
  name: string;
  dtype: string;
  shape: number[];
  bytes: number;
}

/** How many bytes the JSON header of a `.safetensors` file has, by its first eight. */
export function tensorsHeaderLength(bytes: Uint8Array): number {
  if (bytes.length < 8) return 0;
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
}

/** The tensors of a `.safetensors` header, and its own words. Null where it is none. */
export function tensorsOf(header: string): { tensors: Tensor[]; metadata: Record<string, string> } | null {
  let found: Record<string, { dtype?: string; shape?: number[]; data_offsets?: [number, number] } & Record<string, string>>;
  try {
    found = JSON.parse(header) as typeof found;
  } catch {
    return null;
  }
  const tensors = Object.entries(found).flatMap(([name, each]) => {
    if (name === "__metadata__" || !Array.isArray(each?.shape)) return [];
    const [start, end] = each.data_offsets ?? [0, 0];
    return [{ name, dtype: String(each.dtype), shape: each.shape.map(Number), bytes: end - start }];
  });
  return { tensors, metadata: (found.__metadata__ as Record<string, string> | undefined) ?? {} };
}

export function elements(shape: readonly number[]): number {
  return shape.reduce((product, each) => product * each, 1);
}
