/** Requests for transitions: to approve, one's own, and what became of the closed ones. */

import { useMemo } from "preact/hooks";
import { get } from "../api/client";
import type { Board, OpenRequest } from "../api/registry";
import { useSetQuery } from "../app/address";
import { useGet, useLoaded } from "../app/data";
import { Empty, Failure } from "../app/failure";
import { Crumbs, Heading } from "../app/frame";
import { Button, RelTime, Skeleton, Tabs } from "../app/parts";
import { href, type Query } from "../lib/url";
import { useActivity } from "./models/activity-list";
import { StageChip } from "./models/chips";
import { RequestLine } from "./models/requests";
import { useTitle } from "../app/title";
import "../styles/models.css";

const MOST_BOARDS = 20;
const CLOSING = "stage_transitioned,request_rejected,request_withdrawn";

export default function RequestsPage({ query }: { query: Query }) {
  useTitle("Requests");
  const setQuery = useSetQuery();
  const open = useGet<{ requests: OpenRequest[]; truncated: boolean }>("cloudtrack/transition-requests/open");
  const words = (query.get("q") ?? "").trim().toLowerCase();
  const all = useMemo(() => (open.data?.requests ?? []).filter((each) => !words || [each.name, each.user_id, each.to_stage, each.comment].some((text) => text.toLowerCase().includes(words))), [open.data, words]);
  const names = [...new Set(all.map((each) => each.name))].slice(0, MOST_BOARDS);
  const boards = useLoaded<Map<string, Board>>(names.length ? `boards ${names.join("/")}` : null, async (signal) => {
    const found = await Promise.allSettled(names.map((name) => get<Board>("cloudtrack/models/board", { name }, signal)));
    return new Map(found.flatMap((each) => (each.status === "fulfilled" ? [[each.value.model.name, each.value] as const] : [])));
  });
  const refresh = async (): Promise<void> => {
    await Promise.all([open.refresh(), boards.refresh()]);
  };
  const view = query.get("view") ?? "approve";
  const shown = { approve: all.filter((each) => !each.is_mine || each.may_approve), mine: all.filter((each) => each.is_mine) }[view] ?? [];
  const tab = (id: string, title: string, count: number | null) => ({ id, title: count === null ? title : `${title} (${count})`, to: href(["requests"], { q: query.get("q"), view: id === "approve" ? null : id }) });
  const counts = open.data ? { approve: all.filter((each) => !each.is_mine || each.may_approve).length, mine: all.filter((each) => each.is_mine).length } : null;
  return (
    <>
      <Crumbs parts={[{ title: "Requests" }]} />
      <Heading title="Requests" />
      <Tabs label="Kinds of requests" current={view} tabs={[tab("approve", "To approve", counts?.approve ?? null), tab("mine", "Mine", counts?.mine ?? null), tab("closed", "Closed", null)]} />
      <div class="toolbar"><input type="search" aria-label="Find a request" placeholder="model, person, stage" value={query.get("q") ?? ""} onInput={(event) => setQuery({ q: event.currentTarget.value }, "typing")} /></div>
      {view === "closed" ? <Closed words={words} /> : (
        <>
          {open.error && <Failure error={open.error} retry={open.refresh} what="The list of requests" />}
          {open.isLoading && <Skeleton rows={4} what="the requests" />}
          {open.data?.truncated && <p class="banner">There are requests of more models than are looked at here; those of a model are on its board.</p>}
          {open.data && !shown.length && (
            <Empty title={words ? "No open request has these words" : view === "mine" ? "You have no open request" : "Nothing waits for approval"}>
              <p>{words ? <Button onClick={() => setQuery({ q: null })}>Clear the search</Button> : <>Who may not move a version asks for it on the model's board, or with <code>cloudtrack models request churn 7 Production -m "why"</code>.</>}</p>
            </Empty>
          )}
          <ul class="requests">
            {shown.map((each) => (
              <li key={`${each.name} ${each.id}`}>
                <RequestLine request={each} board={boards.data?.get(each.name) ?? null} done={refresh} asker={{ isMine: each.is_mine, approve: each.may_approve ? "" : `only approvers of ${each.name} answer requests`, hasApproved: each.has_approved }} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

/** What became of requests: those that were overtaken by another move have no event of their own. */
function Closed({ words }: { words: string }) {
  const { first, entries, more, busy } = useActivity("cloudtrack/activity", { action: CLOSING });
  const closed = entries.filter((each) => each.request !== undefined && (!words || [each.name, each.user, each.to_stage ?? "", each.comment ?? ""].some((text) => text.toLowerCase().includes(words))));
  if (first.error) return <Failure error={first.error} retry={first.refresh} what="The closed requests" />;
  if (!first.data) return <Skeleton rows={4} />;
  return (
    <>
      {closed.length === 0 && <Empty title="No request was closed lately"><p>Approved, rejected and withdrawn requests are listed here.</p></Empty>}
      {closed.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Closed requests">
          <table class="plain">
            <thead><tr><th>when</th><th>model</th><th>version</th><th>to</th><th>outcome</th><th>by</th><th>comment</th></tr></thead>
            <tbody>
              {closed.map((each) => (
                <tr key={`${each.name} ${each.number}`}>
                  <td><RelTime ms={each.time} /></td><td><a href={href(["models", each.name])}>{each.name}</a></td>
                  <td><a href={href(["models", each.name, "versions", String(each.version)])}>v{each.version}</a></td>
                  <td><StageChip stage={each.to_stage ?? ""} /></td><td>{{ stage_transitioned: "approved and moved", request_rejected: "rejected", request_withdrawn: "withdrawn" }[each.action]}</td>
                  <td>{each.user || "somebody"}</td><td class="words">{each.comment}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {more && <p><Button onClick={more} disabled={busy}>Look further back</Button></p>}
    </>
  );
}
