/** The frame of all pages: where one can go, the page, and what lies over it. */

import { useEffect, useState } from "preact/hooks";
import { isDemanded, onAuth, signIn } from "../api/auth";
import { isFrozen } from "../api/frozen";
import { route, type Route } from "../lib/routes";
import { go } from "../lib/url";
import { ExperimentsPage } from "../pages/experiments";
import { KeysPage } from "../pages/keys";
import { RunsPage } from "../pages/runs/page";
import { SettingsPage } from "../pages/settings";
import { UnknownPage } from "../pages/unknown";
import { useAddress } from "./address";
import { useUiConfig } from "./config";
import { Form } from "./dialog";
import { Boundary } from "./failure";
import { Icon, type IconName, Mark } from "./icons";
import { listenToKeys, useKeys } from "./keys";
import { lazy } from "./lazy";
import { openPalette } from "./palette";
import { Button } from "./parts";
import { changeSettings, useSettings } from "./settings";
import { nextTheme } from "./theme";
import { toast, Toasts, undoLast } from "./toasts";

const RunPage = lazy(() => import("../pages/run/page"));
const FindPage = lazy(() => import("../pages/run/find"));
const ComparePage = lazy(() => import("../pages/compare/page"));
const MetricPage = lazy(() => import("../pages/metric"));
const ModelsPage = lazy(() => import("../pages/models/list"));
const ModelPage = lazy(() => import("../pages/models/page"));
const VersionPage = lazy(() => import("../pages/models/version"));
const SeveralPage = lazy(() => import("../pages/models/several"));
const VersionsPage = lazy(() => import("../pages/models/versions"));
const RequestsPage = lazy(() => import("../pages/requests"));
const ActivityPage = lazy(() => import("../pages/activity"));
const TrashPage = lazy(() => import("../pages/trash"));

const PLACES: { title: string; icon: IconName; to: string; pages: Route["page"][]; key: string }[] = [
  { title: "Experiments", icon: "experiments", to: "#/experiments", pages: ["experiments", "runs", "run", "compare", "metric", "find"], key: "e" },
  { title: "Models", icon: "models", to: "#/models", pages: ["models", "model", "version", "versions", "several"], key: "m" },
  { title: "Requests", icon: "requests", to: "#/requests", pages: ["requests"], key: "r" },
  { title: "Activity", icon: "activity", to: "#/activity", pages: ["activity"], key: "a" },
  { title: "Trash", icon: "trash", to: "#/trash", pages: ["trash"], key: "t" },
];
const AFTER_G_MS = 1000;

export function Shell() {
  const address = useAddress();
  const shown = route(address);
  const { rail } = useSettings();
  useEffect(() => {
    listenToKeys();
  }, []);
  useGlobalKeys();
  return (
    <div class={`shell ${rail ? "" : "narrow"}`}>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.querySelector<HTMLElement>("main")?.focus(); }}>Skip to the page</a>
      <header class="rail">
        <a class="brand" href="#/experiments" aria-label="cloudtrack"><Mark /><span>cloudtrack</span></a>
        <nav aria-label="Main">
          {PLACES.map(({ title, icon, to, pages }) => (
            <a key={to} href={to} aria-current={pages.includes(shown.page) ? "page" : undefined} title={title}><Icon name={icon} /><span>{title}</span></a>
          ))}
        </nav>
        <div class="rail-foot">
          <Button kind="quiet" icon="search" label="Go to (Ctrl K)" onClick={openPalette} />
          <Button kind="quiet" icon="theme" label="Theme (t)" onClick={() => toast(`theme: ${nextTheme()}`)} />
          <a class="button quiet" href="#/settings" aria-label="Settings" title="Settings"><Icon name="settings" /></a>
          <a class="button quiet" href="#/keys" aria-label="Keys (?)" title="Keys (?)"><Icon name="help" /></a>
          <Button kind="quiet" icon="menu" class="fold" label={rail ? "Fold the menu" : "Unfold the menu"} onClick={() => changeSettings({ rail: !rail })} />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <Banner />
        <Boundary key={address.path.join("/")} what="This page">
          <Page shown={shown} address={address} />
        </Boundary>
      </main>
      <Toasts />
      <SignIn />
    </div>
  );
}

function Page({ shown, address: { query } }: { shown: Route; address: ReturnType<typeof useAddress> }) {
  switch (shown.page) {
    case "experiments": return <ExperimentsPage query={query} />;
    case "runs": return <RunsPage key={shown.experiments.join()} experiments={shown.experiments} query={query} />;
    case "run": return <RunPage key={shown.run} {...shown} query={query} />;
    case "find": return <FindPage run={shown.run} path={shown.path} />;
    case "compare": return <ComparePage query={query} />;
    case "metric": return <MetricPage name={shown.key} query={query} />;
    case "models": return <ModelsPage query={query} />;
    case "model": return <ModelPage key={shown.name} {...shown} query={query} />;
    case "version": return <VersionPage key={`${shown.name}/${shown.version}`} {...shown} query={query} />;
    case "versions": return <VersionsPage {...shown} query={query} />;
    case "several": return <SeveralPage {...shown} query={query} />;
    case "requests": return <RequestsPage query={query} />;
    case "activity": return <ActivityPage query={query} />;
    case "trash": return <TrashPage query={query} />;
    case "settings": return <SettingsPage />;
    case "keys": return <KeysPage />;
    default: return <UnknownPage path={shown.path} />;
  }
}

function Banner() {
  const config = useUiConfig();
  if (!isFrozen() && !config?.read_only) return null;
  return <p class="banner">This page is read-only{isFrozen() ? ": it is an export" : ""}.</p>;
}

function useGlobalKeys(): void {
  const [after, setAfter] = useState(0);
  useKeys((key) => {
    if (Date.now() - after < AFTER_G_MS) {
      setAfter(0);
      const place = PLACES.find((each) => each.key === key);
      if (place) go(place.to);
      return Boolean(place);
    }
    switch (key) {
      case "palette": openPalette(); return true;
      case "g": setAfter(Date.now()); return true;
      case "?": go("#/keys"); return true;
      case "t": toast(`theme: ${nextTheme()}`); return true;
      case "u": return undoLast();
      case "/": {
        const filter = document.querySelector<HTMLInputElement>("#filter, input[type=search]");
        filter?.focus();
        return Boolean(filter);
      }
      default: return false;
    }
  });
}

/** Asked for by the first answer of 401; afterwards the very same page goes on. */
function SignIn() {
  const [demanded, set] = useState(isDemanded());
  useEffect(() => onAuth(() => set(isDemanded())), []);
  if (!demanded) return null;
  return (
    <Form
      title="Sign in" action="Sign in" onClose={() => set(false)}
      fields={[{ name: "token", label: "API token", required: true, hint: "made by `cloudtrack tokens create`; it is kept until this tab is closed" }]}
      act={({ token }) => signIn(token?.trim() ?? "")}
    />
  );
}
