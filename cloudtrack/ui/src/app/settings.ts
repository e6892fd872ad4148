/** Preferences of this browser: theme, density, clock, digits. */

import { useEffect, useState } from "preact/hooks";

export interface Settings {
  theme: "auto" | "light" | "dark" | "contrast";
  density: "normal" | "compact";
  utc: boolean;
  digits: number;
  keys: boolean;
  motion: "auto" | "none";
  heat: boolean;
  pollSeconds: number;
  rail: boolean;
  starred: string[];
}

const KEY = "cloudtrack.settings";
export const DEFAULTS: Settings = {
  theme: "auto", density: "normal", utc: false, digits: 4, keys: true, motion: "auto", heat: true, pollSeconds: 5, rail: true, starred: [],
};
let settings: Settings = { ...DEFAULTS, ...stored() };
const listeners = new Set<() => void>();

export function getSettings(): Settings {
  return settings;
}

export function changeSettings(patch: Partial<Settings>): void {
  settings = { ...settings, ...patch };
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // it holds for this tab
  }
  apply();
  for (const listener of listeners) listener();
}

export function useSettings(): Settings {
  const [, again] = useState(0);
  useEffect(() => onSettings(() => again((count) => count + 1)), []);
  return settings;
}

export function onSettings(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Put the settings where the styles read them. */
export function apply(): void {
  const root = document.documentElement;
  set(root, "theme", settings.theme === "auto" ? "" : settings.theme);
  set(root, "density", settings.density === "compact" ? "compact" : "");
  set(root, "motion", settings.motion === "none" ? "none" : "");
}

/** Whether things may move. */
export function mayMove(): boolean {
  return settings.motion !== "none" && !matchMedia("(prefers-reduced-motion: reduce)").matches;
}

function set(root: HTMLElement, name: string, value: string): void {
  if (value) root.dataset[name] = value;
  else delete root.dataset[name];
}

function stored(): Partial<Settings> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>;
  } catch {
    return {};
  }
}
