/** How requests prove who asks: nothing on an open server, else a token that lives as long as the tab. */

const KEY = "cloudtrack.token";
const listeners = new Set<() => void>();
let needed = false;

export function token(): string {
  return sessionStorage.getItem(KEY) ?? "";
}

/** Sign in with a token of `cloudtrack tokens create`; with "" out. */
export function signIn(secret: string): void {
  if (secret) sessionStorage.setItem(KEY, secret);
  else sessionStorage.removeItem(KEY);
  needed = false;
  tell();
}

/** An answer of 401: whoever asks must sign in first. */
export function demand(): void {
  if (needed) return;
  needed = true;
  tell();
}

export function isDemanded(): boolean {
  return needed;
}

export function onAuth(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}
