/** Requests to the API beside the page: the only place that fetches. Answers are kept with their ETag, and a 304 is no work. */

import { relative } from "../lib/url";
import { demand, token } from "./auth";
import { ApiError, errorOf } from "./errors";
import { frozenAnswer, isFrozen } from "./frozen";

export type Params = Record<string, string | number | boolean | readonly (string | number)[] | null | undefined>;

const KEPT = 60;
const kept = new Map<string, { etag: string; body: unknown }>();

/** When an answer last came from the server, for "offline, showing 14:02". */
export let lastGood = 0;

let tellFirst: () => void = () => undefined;
const first = new Promise<void>((resolve) => {
  tellFirst = resolve;
});

/** After the first answer, or some ms without one. */
export function firstAnswer(patienceMs: number): Promise<void> {
  return Promise.race([first, new Promise<void>((resolve) => setTimeout(resolve, patienceMs))]);
}

/** A GET's answer; the very same object where nothing has changed. Raises ApiError. */
export async function get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  const address = url(path, params);
  if (isFrozen()) return (await frozenAnswer(path, address)) as T;
  const known = kept.get(address);
  const headers: Record<string, string> = known ? { "if-none-match": known.etag } : {};
  const answer = await send(address, { headers, signal });
  if (answer.status === 304 && known) return known.body as T;
  const body = await parsed<T>(answer);
  const etag = answer.headers.get("etag");
  if (etag) keep(address, etag, body);
  return body;
}

/** A write. Raises ApiError. */
export async function write<T = Record<string, never>>(method: string, path: string, body: unknown = {}): Promise<T> {
  if (isFrozen()) throw new ApiError(403, "READ_ONLY", "this page is a frozen export: nothing can be changed here");
  const headers = { "content-type": "application/json", "x-requested-with": "cloudtrack" };
  kept.clear(); // what one has changed oneself is asked for anew
  const answer = await send(url(path, {}), { method, headers, body: JSON.stringify(body) });
  return parsed<T>(answer);
}

export const post = <T = Record<string, never>>(path: string, body: unknown = {}): Promise<T> => write<T>("POST", path, body);

/** The body of an artifact's address, which may be another origin's; with a range the bytes from the first to before the second. Raises ApiError. */
export async function download(address: string, signal?: AbortSignal, range?: readonly [number, number]): Promise<Response> {
  const own = address.startsWith(relative("./"));
  const headers: Record<string, string> = range ? { range: `bytes=${range[0]}-${range[1] - 1}` } : {};
  const answer = await send(address, { signal, headers, ...(own ? {} : { credentials: "omit" as const }) }, own);
  if (!range || answer.status !== 200) return answer;
  return new Response((await answer.arrayBuffer()).slice(range[0], range[1])); // a server of files that knows no ranges
}

/** The whole address of a route and its parameters; lists repeat their name. */
export function url(path: string, params: Params): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === undefined || value === "") continue;
    for (const each of Array.isArray(value) ? value : [value]) query.append(name, String(each));
  }
  const text = query.toString();
  return relative(`ajax-api/2.0/${path}${text ? `?${text}` : ""}`);
}

async function send(address: string, init: RequestInit, own = true): Promise<Response> {
  const headers = new Headers(init.headers);
  if (own && token()) headers.set("authorization", `Bearer ${token()}`);
  let answer: Response;
  try {
    answer = await fetch(address, { ...init, headers, cache: "no-store" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "NETWORK", "the server cannot be reached");
  }
  if (answer.status === 401) demand();
  if (!answer.ok && answer.status !== 304) throw await errorOf(answer);
  lastGood = Date.now();
  tellFirst();
  return answer;
}

async function parsed<T>(answer: Response): Promise<T> {
  try {
    return (await answer.json()) as T;
  } catch {
    throw new ApiError(answer.status, "BAD_JSON", "the server's answer cannot be read: it is cut off or no JSON", answer.headers.get("x-request-id") ?? "");
  }
}

function keep(address: string, etag: string, body: unknown): void {
  kept.delete(address);
  kept.set(address, { etag, body });
  if (kept.size > KEPT) kept.delete(kept.keys().next().value as string);
}
