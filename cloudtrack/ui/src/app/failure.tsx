/** What failed, what it means, and what to do: of a page, a pane or a card, while the rest lives. */

import { Component, type ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { lastGood } from "../api/client";
import { ApiError } from "../api/errors";
import { moment } from "../lib/format";
import { reload } from "../lib/url";
import { Button, CopyButton } from "./parts";
import { useSettings } from "./settings";

const FIRST_RETRY_S = 2;
const LONGEST_RETRY_S = 30;

export function Failure({ error, retry, what = "this" }: { error: ApiError; retry?: () => Promise<unknown> | void; what?: string }) {
  const { utc } = useSettings();
  if (error.code === "NOT_FROZEN") return <Empty title="Not part of the export"><p>{error.message}</p></Empty>;
  return (
    <div class="failure" role="alert">
      <h2>{title(error, what)}</h2>
      <p>{error.message}</p>
      {error.status === 0 && lastGood > 0 && <p>The last answer came at {moment(lastGood, utc)}.</p>}
      {error.status === 403 && <p>Someone with MANAGE on it can give you the right.</p>}
      {error.status === 404 && (
        <p>
          It may have been deleted: <a href="#/trash">look in the trash</a>, or search with <kbd>Ctrl</kbd> <kbd>K</kbd>.
        </p>
      )}
      {error.requestId && <p class="note">request {error.requestId}</p>}
      <p class="actions">
        {retry && (error.isPassing ? <Retry error={error} retry={retry} /> : <Button onClick={() => void retry()}>Try again</Button>)}
        {error.status >= 500 && <CopyButton text={`${error.status} ${error.code} ${error.message} request ${error.requestId}`} label="Copy details">details</CopyButton>}
      </p>
    </div>
  );
}

/** Asks again by itself, later and later, as the server said. */
function Retry({ error, retry }: { error: ApiError; retry: () => Promise<unknown> | void }) {
  const [tries, setTries] = useState(0);
  const [left, setLeft] = useState(0);
  useEffect(() => {
    let seconds = Math.max(error.retryAfter, Math.min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** tries));
    setLeft(seconds);
    const timer = setInterval(() => {
      seconds -= 1;
      setLeft(seconds);
      if (seconds > 0) return;
      clearInterval(timer);
      Promise.resolve(retry()).catch(() => setTries((count) => count + 1));
    }, 1000);
    return () => clearInterval(timer);
  }, [error, tries]);
  return (
    <Button onClick={() => void Promise.resolve(retry()).catch(() => undefined)}>
      Try again now ({left} s)
    </Button>
  );
}

function title(error: ApiError, what: string): string {
  switch (error.status) {
    case 0: return error.code === "NETWORK" ? "The server cannot be reached" : `${what} cannot be shown`;
    case 401: return "Sign in to see this";
    case 403: return "You may not see this";
    case 404: return `There is no such ${what}`;
    case 409: return "It has changed in the meantime";
    case 429: return "Too many requests just now";
    case 503: case 504: case 502: return "The server is busy";
    default: return `${what} cannot be shown`;
  }
}

/** Keeps an error of drawing to its own part of the page. */
export class Boundary extends Component<{ children: ComponentChildren; what?: string }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static override getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    if (/dynamically imported module|Failed to fetch|preload/i.test(error.message)) return <NewBuild />;
    return (
      <div class="failure" role="alert">
        <h2>{this.props.what ?? "This part"} cannot be drawn</h2>
        <p>{error.message}</p>
        <p class="actions">
          <Button onClick={() => this.setState({ error: null })}>Try again</Button>
          <CopyButton text={`${error.message}\n${error.stack ?? ""}`} label="Copy details">details</CopyButton>
        </p>
      </div>
    );
  }
}

function NewBuild() {
  return (
    <div class="failure" role="alert">
      <h2>There is a newer page</h2>
      <p>This part of the old one is gone from the server.</p>
      <p class="actions"><Button kind="main" onClick={reload}>Reload to update</Button></p>
    </div>
  );
}

/** Nothing there: why, and what to type. */
export function Empty({ title: heading, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{heading}</h2>
      {children}
    </div>
  );
}
