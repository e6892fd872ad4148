/** Whether what is shown is of now. */

import { useEffect, useState } from "preact/hooks";
import { ago, moment } from "../lib/format";
import type { Live } from "./data";
import { useSettings } from "./settings";

export function LiveBadge({ live }: { live: Live }) {
  const { utc } = useSettings();
  const [now, tick] = useState(Date.now());
  useEffect(() => {
    if (live.state !== "live") return undefined;
    const timer = setInterval(() => tick(Date.now()), 5000);
    return () => clearInterval(timer);
  }, [live]);
  if (live.state === "off") return null;
  const text = { live: `Live · ${ago(live.at, Math.max(now, live.at))}`, paused: "Paused", offline: `Offline, showing ${moment(live.at, utc).slice(11)}` }[live.state];
  return <span class={`live ${live.state}`}>{text}</span>;
}
