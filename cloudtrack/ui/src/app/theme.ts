/** Colours of the theme for what is drawn on canvas, and when they change. */

import { useEffect, useState } from "preact/hooks";
import { changeSettings, getSettings, onSettings, type Settings } from "./settings";

const ORDER: Settings["theme"][] = ["auto", "light", "dark", "contrast"];

export function nextTheme(): string {
  const theme = ORDER[(ORDER.indexOf(getSettings().theme) + 1) % ORDER.length] as Settings["theme"];
  changeSettings({ theme });
  return theme;
}

/** A number that changes with the theme: whatever draws on canvas draws anew. */
export function useTheme(): number {
  const [count, set] = useState(0);
  useEffect(() => {
    const again = (): void => set((before) => before + 1);
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", again);
    const stop = onSettings(again);
    return () => {
      system.removeEventListener("change", again);
      stop();
    };
  }, []);
  return count;
}

const colors = new Map<string, string>();
onSettings(() => colors.clear());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => colors.clear());

/** What colour a custom property such as "--hue-0" is in the theme of now, as `rgb()`: canvas knows no `light-dark()`. */
export function cssColor(name: string): string {
  let color = colors.get(name);
  if (color === undefined) {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    color = getComputedStyle(probe).color;
    probe.remove();
    colors.set(name, color);
  }
  return color;
}
