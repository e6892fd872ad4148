/** Saved views: an address of this experiment under a name, kept as a tag of the experiment, for everyone who sees it. */

import { useEffect, useMemo } from "preact/hooks";
import { post } from "../../api/client";
import { type Experiment, record } from "../../api/types";
import { setView } from "../../app/address";
import { readerName, useUiConfig } from "../../app/config";
import { useGet } from "../../app/data";
import { ask, attempt } from "../../app/dialog";
import { Icon } from "../../app/icons";
import { Button, Popover } from "../../app/parts";
import { toast } from "../../app/toasts";
import { current, go, href, parse, type Query } from "../../lib/url";
import { layered, slugOf, viewsOf, VIEW_TAG } from "../../lib/views";
import type { Runs } from "./model";

/** The query that an address means: that of its saved view, with the address laid over it; null while the view is looked up. */
export function useView(experiment: string, query: Query): Query | null {
  const slug = query.get("v");
  const found = useGet<{ experiment: Experiment }>(slug ? "mlflow/experiments/get" : null, { experiment_id: experiment });
  const view = useMemo(() => {
    const saved = viewsOf(record(found.data?.experiment.tags)).find((each) => each.slug === slug);
    return saved ? parse(`?${saved.query}`).query : null;
  }, [found.data, slug]);
  useEffect(() => {
    setView(slug ? view : null);
    return () => setView(null);
  }, [slug, view]);
  if (!slug) return query;
  if (!found.data && !found.error) return null;
  return layered(view ?? new Map(), query);
}

export function ViewsMenu({ runs }: { runs: Runs }) {
  const config = useUiConfig();
  const views = viewsOf(record(runs.experiment?.tags));
  const id = runs.experiments[0] ?? "";
  const readOnly = config?.read_only ? "this page is read-only" : "";
  return (
    <Popover label="Views" button={<><Icon name="eye" /> Views</>}>
      {(close) => (
        <ul class="menu">
          <li><Button kind="quiet" icon="add" disabled={readOnly} onClick={() => { close(); saveView(runs, id); }}>Save this view</Button></li>
          {views.map(({ slug, title, by }) => (
            <li key={slug} class="view-line">
              <a class="button quiet" href={href(["experiments", runs.experiments.join(",")], { v: slug })}>{title} <small>{by}</small></a>
              <Button kind="quiet" icon="close" label={`Remove the view ${title}`} disabled={readOnly} onClick={() => { close(); remove(runs, id, slug, title); }} />
            </li>
          ))}
        </ul>
      )}
    </Popover>
  );
}

export function saveView(runs: Runs, experimentId: string): void {
  ask("Save this view", [{ name: "title", label: "Name", required: true, hint: "everyone who sees the experiment sees it" }], "Save", async ({ title }) => {
    const slug = slugOf(title ?? "");
    const { query } = current();
    const text = href([], layered(new Map(), new Map([...runs.query].filter(([key]) => key !== "v")))).slice(3);
    await post("mlflow/experiments/set-experiment-tag", {
      experiment_id: experimentId, key: VIEW_TAG + slug, value: JSON.stringify({ title: title?.trim(), query: text, by: readerName() }),
    });
    await runs.reload();
    go(href(["experiments", runs.experiments.join(",")], { v: slug }));
    toast(`view ${title} saved; ${query.size ? "its address is short" : "it is the whole table"}`);
  });
}

function remove(runs: Runs, experimentId: string, slug: string, title: string): void {
  void attempt(async () => {
    await post("mlflow/experiments/delete-experiment-tag", { experiment_id: experimentId, key: VIEW_TAG + slug });
    await runs.reload();
    toast(`view ${title} removed`);
  });
}
