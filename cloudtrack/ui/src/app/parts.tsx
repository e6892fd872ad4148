/** Small parts that every page uses. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ago, duration, moment, short } from "../lib/format";
import { Icon, type IconName } from "./icons";
import { useSettings } from "./settings";
import { toast } from "./toasts";

export function Button(props: {
  children?: ComponentChildren;
  icon?: IconName;
  label?: string;
  title?: string;
  kind?: "plain" | "main" | "danger" | "quiet";
  pressed?: boolean;
  disabled?: boolean | string;
  onClick?: (event: MouseEvent) => void;
  type?: "button" | "submit";
  class?: string;
  expanded?: boolean;
}) {
  const why = typeof props.disabled === "string" ? props.disabled : undefined;
  const isOff = Boolean(props.disabled);
  return (
    <button
      type={props.type ?? "button"}
      class={`button ${props.kind ?? "plain"} ${props.class ?? ""}`}
      aria-label={props.label}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      aria-disabled={isOff || undefined}
      title={why ?? props.title ?? props.label}
      onClick={(event) => {
        if (isOff) {
          event.preventDefault();
          if (why) toast(why);
        } else props.onClick?.(event);
      }}
    >
      {props.icon && <Icon name={props.icon} />}
      {props.children}
    </button>
  );
}

/** A run's or a version's state: a shape, a word and a colour. */
export function Status({ status, wordless = false }: { status: string; wordless?: boolean }) {
  const known = status in SHAPES ? (status as keyof typeof SHAPES) : "UNKNOWN";
  return (
    <span class={`status ${known.toLowerCase()}`} title={status}>
      <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
        <path d={SHAPES[known]} fill="currentColor" />
      </svg>
      <span class={wordless ? "unseen" : undefined}>{status.toLowerCase().replace(/_/g, " ")}</span>
    </span>
  );
}

const SHAPES = {
  RUNNING: "M5 0a5 5 0 100 10A5 5 0 005 0zm0 2.500a2.500 2.500 0 110 5z",
  FINISHED: "M0 5.500L1.500 4 4 6.500 8.500 1 10 2.500 4.200 9.500z",
  FAILED: "M1.500 0L5 3.500 8.500 0 10 1.500 6.500 5 10 8.500 8.500 10 5 6.500 1.500 10 0 8.500 3.500 5 0 1.500z",
  KILLED: "M1 1h8v8H1z",
  LOST: "M5 0l5 9.500H0zM4.500 3.500v3h1v-3z",
  SCHEDULED: "M5 0a5 5 0 100 10A5 5 0 005 0zm0 1.500a3.500 3.500 0 110 7 3.500 3.500 0 010-7z",
  READY: "M0 5.500L1.500 4 4 6.500 8.500 1 10 2.500 4.200 9.500z",
  PENDING: "M5 0a5 5 0 100 10A5 5 0 005 0zm0 1.500a3.500 3.500 0 110 7 3.500 3.500 0 010-7z",
  UNKNOWN: "M2 4h6v2H2z",
} as const;

/** A number, short, with its full value on hover. */
export function Num({ value }: { value: number | null | undefined }) {
  const { digits } = useSettings();
  if (value === null || value === undefined) return <span class="none">–</span>;
  return (
    <span class="num" title={String(value)}>
      {short(value, digits)}
    </span>
  );
}

/** A moment as its age, with the moment itself on hover. */
export function RelTime({ ms }: { ms: number | null | undefined }) {
  const { utc } = useSettings();
  if (!ms) return <span class="none">–</span>;
  return (
    <time dateTime={new Date(ms).toISOString()} title={moment(ms, utc)}>
      {ago(ms, Date.now())}
    </time>
  );
}

/** How long a run has taken; of a running one, so far, ticking. */
export function Took({ start, end, running }: { start: number | null; end: number | null; running?: boolean }) {
  const [now, tick] = useState(Date.now());
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => tick(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  if (!start || !(end || running)) return <span class="none">–</span>;
  return <span class="num">{duration(Math.max(0, (end || now) - start))}</span>;
}

export function CopyButton({ text, label, children }: { text: string; label: string; children?: ComponentChildren }) {
  return (
    <Button icon="copy" kind="quiet" label={label} onClick={() => copy(text, label)}>
      {children}
    </Button>
  );
}

/** Text to the clipboard, and a word about it. */
export function copy(text: string, what: string): void {
  const done = (): void => toast(`${what.replace(/^copy /i, "")} copied`);
  if (navigator.clipboard) {
    navigator.clipboard.writeText(text).then(done, () => toast(`the browser does not let this page copy; it is: ${text}`));
    return;
  }
  const area = document.createElement("textarea"); // pages without TLS have no clipboard but this one
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  done();
}

/** Text to copy: a command or a program. */
export function Snippet({ text, label }: { text: string; label: string }) {
  return (
    <div class="snippet">
      {/* biome-ignore lint: a region that scrolls must be reachable by keyboard */}
      <pre tabIndex={0} aria-label={label}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} label={`Copy ${label}`} />
    </div>
  );
}

export function Chip({ children, kind = "", title, onRemove, removeLabel }: {
  children: ComponentChildren; kind?: string; title?: string; onRemove?: () => void; removeLabel?: string;
}) {
  return (
    <span class={`chip ${kind}`} title={title}>
      {children}
      {onRemove && <Button icon="close" kind="quiet" label={removeLabel ?? "Remove"} onClick={onRemove} />}
    </span>
  );
}

/** Nothing for 150 ms, then grey shapes where the content will be; after 5 s a word. */
export function Skeleton({ rows = 8, what = "" }: { rows?: number; what?: string }) {
  const [shown, show] = useState(0);
  useEffect(() => {
    const timers = [setTimeout(() => show(1), 150), setTimeout(() => show(2), 5000)];
    return () => timers.forEach(clearTimeout);
  }, []);
  return (
    <div class="skeleton" aria-busy="true" role="status">
      <span class={shown < 2 ? "unseen" : "note"}>still loading{what && `: ${what}`}</span>
      {shown > 0 && Array.from({ length: rows }, (_, row) => <div key={row} class="bone" />)}
    </div>
  );
}

/** One page's tabs: links, so that each has its address. */
export function Tabs({ tabs, current, label }: { tabs: { id: string; title: ComponentChildren; to: string; key?: string }[]; current: string; label: string }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a key={tab.id} href={tab.to} aria-current={tab.id === current ? "page" : undefined}>
          {tab.title}
        </a>
      ))}
    </nav>
  );
}

/** Something below a button that closes by Escape, by a click elsewhere and when it loses the focus. */
export function Popover({ button, label, children, align = "left", kind }: {
  button: ComponentChildren; label: string; children: (close: () => void) => ComponentChildren; align?: "left" | "right"; kind?: "plain" | "quiet";
}) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const close = (): void => {
    setOpen(false);
    root.current?.querySelector<HTMLElement>("button")?.focus();
  };
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener("pointerdown", outside);
    return () => removeEventListener("pointerdown", outside);
  }, [open]);
  return (
    <div
      class="popover-root"
      ref={root}
      onKeyDown={(event) => {
        if (open && event.key === "Escape") {
          event.stopPropagation();
          close();
        }
      }}
    >
      <Button kind={kind ?? "plain"} label={label} expanded={open} onClick={() => setOpen(!open)}>
        {button}
      </Button>
      {open && (
        <div class={`popover ${align}`} role="dialog" aria-label={label}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

/** A menu of actions below a button; arrows walk it. */
export function Menu({ label, items, icon = "more", align = "right", children }: {
  label: string; icon?: IconName; align?: "left" | "right"; children?: ComponentChildren;
  items: ({ title: string; onClick: () => void; danger?: boolean; disabled?: string } | null)[];
}) {
  return (
    <Popover label={label} kind="quiet" align={align} button={children ?? <Icon name={icon} />}>
      {(close) => (
        <ul
          class="menu"
          ref={(list) => {
            if (list && !list.contains(document.activeElement)) list.querySelector<HTMLElement>("button")?.focus();
          }}
          onKeyDown={(event) => {
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (!step) return;
            event.preventDefault();
            const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>("button")];
            const next = (buttons.indexOf(document.activeElement as HTMLElement) + step + buttons.length) % buttons.length;
            buttons[next]?.focus();
          }}
        >
          {items.map((item) => item && (
            <li key={item.title}>
              <Button
                kind={item.danger ? "danger" : "quiet"}
                disabled={item.disabled}
                onClick={() => {
                  close();
                  item.onClick();
                }}
              >
                {item.title}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </Popover>
  );
}
