/** Answers as state of a component: asked once, shared by address, kept while they are asked for anew. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { get, type Params } from "../api/client";
import { onAuth } from "../api/auth";
import { ApiError } from "../api/errors";
import { nextWait, SOONEST_MS, spreadWait } from "../lib/poll";

export interface Data<T> {
  data: T | null;
  error: ApiError | null;
  /** The first answer is still to come. */
  isLoading: boolean;
  /** Ask again; true where something was new. */
  refresh: () => Promise<boolean>;
  /** Put something in its place until the next answer. */
  set: (data: T) => void;
}

/** What a function gives for a key; null asks nothing. What was shown stays until the new is there if the key's first word is the same. */
export function useLoaded<T>(key: string | null, load: (signal: AbortSignal) => Promise<T>): Data<T> {
  const [state, setState] = useState<{ key: string | null; data: T | null; error: ApiError | null }>({ key: null, data: null, error: null });
  const loader = useRef(load);
  loader.current = load;
  const latest = useRef(state);
  latest.current = state;
  const running = useRef<AbortController | null>(null);

  const refresh = useCallback(async (): Promise<boolean> => {
    if (key === null) return false;
    running.current?.abort();
    const control = new AbortController();
    running.current = control;
    try {
      const data = await loader.current(control.signal);
      if (control.signal.aborted) return false;
      const isNew = data !== latest.current.data || latest.current.key !== key;
      if (isNew || latest.current.error) setState({ key, data, error: null });
      return isNew;
    } catch (error) {
      if (control.signal.aborted || (error instanceof DOMException && error.name === "AbortError")) return false;
      const failure = error instanceof ApiError ? error : new ApiError(0, "PAGE_ERROR", String(error));
      setState((before) => ({ key, data: before.key === key ? before.data : null, error: failure }));
      throw failure;
    }
  }, [key]);

  useEffect(() => {
    if (key === null) return undefined;
    refresh().catch(() => undefined);
    const stop = onAuth(() => refresh().catch(() => undefined));
    return () => {
      stop();
      running.current?.abort();
    };
  }, [key, refresh]);

  const set = useCallback((data: T) => setState({ key, data, error: null }), [key]);
  const isOwn = state.key === key;
  return { data: isOwn ? state.data : null, error: isOwn ? state.error : null, isLoading: key !== null && (!isOwn || (!state.data && !state.error)), refresh, set };
}

/** A GET of the API; a null path asks nothing. */
export function useGet<T>(path: string | null, params: Params = {}): Data<T> {
  const key = path === null ? null : `${path} ${JSON.stringify(params)}`;
  return useLoaded<T>(key, (signal) => get<T>(path as string, params, signal));
}

export type Live = { state: "off" | "live" | "paused" | "offline"; at: number };

/** Ask again and again while the tab is seen and `active`; nothing else polls. */
export function usePoll(active: boolean, ask: () => Promise<boolean>): Live {
  const [live, setLive] = useState<Live>({ state: active ? "live" : "off", at: Date.now() });
  const asker = useRef(ask);
  asker.current = ask;
  useEffect(() => {
    if (!active) {
      setLive((before) => ({ ...before, state: "off" }));
      return undefined;
    }
    let wait = SOONEST_MS;
    let timer = 0;
    let ended = false;
    const plan = (ms: number): void => {
      clearTimeout(timer);
      if (!ended && !document.hidden) timer = setTimeout(turn, ms) as unknown as number;
    };
    const turn = async (): Promise<void> => {
      try {
        const isNew = await asker.current();
        wait = nextWait(wait, isNew ? "new" : "same");
        if (!ended) setLive({ state: "live", at: Date.now() });
      } catch (error) {
        const after = error instanceof ApiError ? error.retryAfter * 1000 : 0;
        wait = nextWait(wait, "failed", after);
        if (!ended) setLive((before) => ({ state: "offline", at: before.at }));
      }
      plan(spreadWait(wait, Math.random()));
    };
    const seen = (): void => {
      if (document.hidden) {
        clearTimeout(timer);
        setLive((before) => ({ ...before, state: "paused" }));
      } else {
        void turn();
      }
    };
    document.addEventListener("visibilitychange", seen);
    setLive({ state: "live", at: Date.now() });
    plan(spreadWait(wait, Math.random()));
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [active]);
  return live;
}
