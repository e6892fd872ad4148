/** How a file is shown, by its name; and how large it may be to be loaded by itself. */

export type FileKind = "text" | "json" | "table" | "image" | "html" | "notebook" | "markdown" | "audio" | "video" | "pdf" | "array" | "tensors" | "binary" | "unknown";

const MB = 1 << 20;
const ENDS: Record<Exclude<FileKind, "unknown">, string> = {
  text: "txt log py ipy r sh bash toml yaml yml ini cfg conf js ts tsx jsx css scss sql c h cc cpp hpp java go rs rb pl kt scala swift jl m lua tex rst diff patch xml out err env lock gitignore dockerfile proto properties",
  json: "json geojson",
  table: "csv tsv parquet pq jsonl ndjson",
  image: "png jpg jpeg webp gif svg bmp avif ico",
  html: "html htm",
  notebook: "ipynb",
  markdown: "md markdown",
  audio: "mp3 wav ogg oga flac m4a aac",
  video: "mp4 webm ogv mov m4v",
  pdf: "pdf",
  array: "npy",
  tensors: "safetensors",
  binary: "pkl pickle joblib pt pth onnx h5 hdf5 ckpt bin npz zip gz tgz tar bz2 xz zst whl jar so dll exe pb tflite cbm ubj feather arrow db sqlite",
};
const BY_END = new Map(Object.entries(ENDS).flatMap(([kind, ends]) => ends.split(" ").map((end) => [end, kind as FileKind] as const)));
const NAMED: Record<string, FileKind> = { MLmodel: "text", MLproject: "text", Dockerfile: "text", Makefile: "text", LICENSE: "text", README: "text" };

/** Files of at most so many bytes are loaded whole when they are opened; -1: never whole, but by pages or ranges. */
export const CAPS: Record<FileKind, number> = {
  text: -1, table: -1, audio: -1, video: -1, pdf: -1, array: -1, tensors: -1, binary: 0, unknown: MB,
  json: 5 * MB, image: 20 * MB, html: 20 * MB, notebook: 10 * MB, markdown: MB,
};

export function kindOf(path: string): FileKind {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (Object.hasOwn(NAMED, name)) return NAMED[name] as FileKind;
  const dot = name.lastIndexOf(".");
  if (dot < 0) return "unknown";
  return BY_END.get(name.slice(dot + 1).toLowerCase()) ?? "unknown";
}
