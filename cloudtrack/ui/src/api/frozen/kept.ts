/** What an export has: answers by route and canonical query, and files. */

import { relative } from "../../lib/url";
import { ApiError } from "../errors";
import { canonical, type Pair } from "./query";
import { Memory } from "./memory";

export interface Kept {
  /** Canonical queries that a route has answers to; none for a route that was not exported. */
  queries(route: string): Promise<readonly string[]>;
  /** Raises ApiError 404 NOT_FROZEN. */
  read<T>(route: string, query: readonly Pair[]): Promise<T>;
  /** Bytes of a file at an address beside the page, from `start` to before `end`. */
  bytes(address: string, start: number, end: number): Promise<Uint8Array>;
}

const MOST = 60;

export function notFrozen(message = "The export was made without it."): ApiError {
  return new ApiError(404, "NOT_FROZEN", message);
}

export function isNotFrozen(error: unknown): boolean {
  return error instanceof ApiError && error.code === "NOT_FROZEN";
}

/** The answer, or what stands for one that is not there. */
export async function orElse<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFrozen(error)) return otherwise;
    throw error;
  }
}

/** All pages of an answer that has the cursor of the next in a field. */
export async function pages<T extends object>(kept: Kept, route: string, query: readonly Pair[], field: keyof T, parameter: string): Promise<T[]> {
  const found: T[] = [];
  let cursor: Pair[] = [];
  for (;;) {
    const page = await kept.read<T>(route, [...query, ...cursor]);
    found.push(page);
    const next = page[field];
    if (next === null || next === undefined || next === "") return found;
    cursor = [[parameter, String(next)]];
  }
}

/** The export that this page is part of. */
export class Beside implements Kept {
  private readonly answers = new Memory<unknown>(MOST);
  private readonly indexes = new Memory<Record<string, string>>(Number.POSITIVE_INFINITY);
  private routes: Promise<readonly string[]> | null = null;

  async queries(route: string): Promise<readonly string[]> {
    return Object.keys(await this.index(route));
  }

  async read<T>(route: string, query: readonly Pair[]): Promise<T> {
    const index = await this.index(route);
    const text = canonical(query);
    if (!Object.hasOwn(index, text)) throw notFrozen();
    return (await this.answers.get(`frozen/${route}/${index[text]}`, json)) as T;
  }

  async bytes(address: string, start: number, end: number): Promise<Uint8Array> {
    if (end <= start) return new Uint8Array();
    const answer = await load(address, { range: `bytes=${start}-${end - 1}` });
    const body = new Uint8Array(await answer.arrayBuffer());
    return answer.status === 206 ? body : body.subarray(start, end);
  }

  private async index(route: string): Promise<Record<string, string>> {
    this.routes ??= json("site.json").then((site) => [...(site as { routes: string[] }).routes, "places"]);
    if (!(await this.routes).includes(route)) return {};
    return this.indexes.get(route, async () => ((await json(`frozen/${route}/index.json`)) as { answers: Record<string, string> }).answers);
  }
}

async function json(address: string): Promise<unknown> {
  return (await load(address)).json();
}

async function load(address: string, headers: Record<string, string> = {}): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(relative(address), { headers });
  } catch {
    throw new ApiError(0, "NETWORK", "the server of this export cannot be reached");
  }
  if (answer.status === 404) throw notFrozen();
  if (!answer.ok) throw new ApiError(answer.status, "HTTP_ERROR", `the server of this export answered ${answer.status}`);
  return answer;
}
