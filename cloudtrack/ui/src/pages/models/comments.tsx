/** What people say of a version. */

import { useState } from "preact/hooks";
import { post, write } from "../../api/client";
import type { Comment } from "../../api/registry";
import { useGet } from "../../app/data";
import { ask, attempt } from "../../app/dialog";
import { Failure } from "../../app/failure";
import { MarkdownView } from "../../app/markdown";
import { Button, RelTime, Skeleton } from "../../app/parts";
import type { Rights } from "./model";

export function Comments({ name, version, rights, done }: { name: string; version: string; rights: Rights; done: () => void }) {
  const told = useGet<{ comments?: Comment[] }>("cloudtrack/comments/list", { name, version });
  const [text, setText] = useState("");
  const act = (work: () => Promise<unknown>): void => void attempt(async () => {
    await work();
    await told.refresh();
    done();
  });
  const add = (event: Event): void => {
    event.preventDefault();
    if (!text.trim() || rights.edit) return;
    act(async () => {
      await post("cloudtrack/comments/create", { name, version, comment: text.trim() });
      setText("");
    });
  };
  return (
    <section class="pane">
      <h2>Comments</h2>
      {told.error && <Failure error={told.error} retry={told.refresh} what="The comments" />}
      {told.isLoading && <Skeleton rows={2} />}
      <ul class="comments">
        {(told.data?.comments ?? []).map((each) => (
          <li key={each.id}>
            <p class="note"><strong>{each.user_id || "somebody"}</strong> <RelTime ms={each.creation_timestamp} />{each.last_updated_timestamp > each.creation_timestamp && ", changed"}{each.request_id && <>, on request {each.request_id}</>}
              {each.user_id === rights.user && (
                <>
                  <Button kind="quiet" icon="edit" label="Edit the comment" disabled={rights.edit} onClick={() => edit(each, act)} />
                  <Button kind="quiet" icon="trash" label="Delete the comment" disabled={rights.edit} onClick={() => act(() => write("DELETE", "cloudtrack/comments/delete", { name, id: each.id }))} />
                </>
              )}
            </p>
            <MarkdownView text={each.comment} />
          </li>
        ))}
      </ul>
      <form onSubmit={add}>
        <label class="field"><span>Say something of v{version}</span><textarea rows={2} value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>
        <Button type="submit" disabled={rights.edit || !text.trim()}>Comment</Button>
      </form>
    </section>
  );
}

function edit(comment: Comment, act: (work: () => Promise<unknown>) => void): void {
  ask("Comment", [{ name: "comment", label: "Comment", value: comment.comment, lines: 4, required: true }], "Save", ({ comment: text }) => {
    act(() => write("PATCH", "cloudtrack/comments/update", { name: comment.name, id: comment.id, comment: text }));
  });
}
