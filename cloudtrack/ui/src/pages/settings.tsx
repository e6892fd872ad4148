/** Preferences of this browser. */

import { signIn, token } from "../api/auth";
import { useUiConfig } from "../app/config";
import { Crumbs, Heading } from "../app/frame";
import { Button, Snippet } from "../app/parts";
import { changeSettings, DEFAULTS, type Settings, useSettings } from "../app/settings";
import { toast } from "../app/toasts";
import { save } from "../lib/export";
import { useTitle } from "../app/title";

const CHOICES: { key: keyof Settings; title: string; options: [Settings[keyof Settings], string][] }[] = [
  { key: "theme", title: "Theme", options: [["auto", "as the system"], ["light", "light"], ["dark", "dark"], ["contrast", "high contrast"]] },
  { key: "density", title: "Density", options: [["normal", "normal"], ["compact", "compact"]] },
  { key: "utc", title: "Times", options: [[false, "of this place"], [true, "UTC"]] },
  { key: "digits", title: "Digits of numbers", options: [[3, "3"], [4, "4"], [6, "6"], [9, "9"]] },
  { key: "heat", title: "Bars below metrics", options: [[true, "shown"], [false, "not shown"]] },
  { key: "motion", title: "Motion", options: [["auto", "as the system"], ["none", "none"]] },
  { key: "keys", title: "Single keys", options: [[true, "on"], [false, "off"]] },
];

export function SettingsPage() {
  useTitle("Settings");
  const settings = useSettings();
  const config = useUiConfig();
  return (
    <>
      <Crumbs parts={[{ title: "cloudtrack", to: "#/experiments" }, { title: "Settings" }]} />
      <Heading title="Settings" />
      <p>They are kept in this browser.</p>
      <form class="settings" onSubmit={(event) => event.preventDefault()}>
        {CHOICES.map(({ key, title, options }) => (
          <label key={key} class="field">
            <span>{title}</span>
            <select
              value={options.findIndex(([value]) => value === settings[key])}
              onChange={(event) => changeSettings({ [key]: options[Number(event.currentTarget.value)]?.[0] } as Partial<Settings>)}
            >
              {options.map(([, text], at) => <option key={text} value={at}>{text}</option>)}
            </select>
          </label>
        ))}
      </form>
      <p class="actions">
        <Button icon="download" onClick={() => save("cloudtrack-settings.json", "application/json", JSON.stringify(settings, null, 1))}>Export</Button>
        <label class="button plain">
          Import
          <input type="file" accept="application/json" class="unseen" onChange={(event) => void take(event.currentTarget.files?.[0])} />
        </label>
        <Button onClick={() => changeSettings(DEFAULTS)}>Reset</Button>
      </p>
      <h2>Server</h2>
      <dl class="facts">
        <div><dt>Version</dt><dd>{config?.version ?? "–"}</dd></div>
        <div><dt>Store</dt><dd>{config?.store ?? "–"}</dd></div>
        <div><dt>You are</dt><dd>{config?.user || "nobody in particular"}</dd></div>
      </dl>
      {token() && <p><Button onClick={() => signIn("")}>Sign out</Button></p>}
      <h2>Use this store</h2>
      <Snippet label="environment" text={`export CLOUDTRACK_URI=${config?.store ?? ""}`} />
    </>
  );
}

async function take(file: File | undefined): Promise<void> {
  if (!file) return;
  try {
    const found = JSON.parse(await file.text()) as Record<string, unknown>;
    const known = Object.entries(found).filter(([key, value]) => key in DEFAULTS && typeof value === typeof DEFAULTS[key as keyof Settings]);
    changeSettings(Object.fromEntries(known) as Partial<Settings>);
    toast(`${known.length} settings taken`);
  } catch {
    toast("this is no file of settings", { isError: true });
  }
}
