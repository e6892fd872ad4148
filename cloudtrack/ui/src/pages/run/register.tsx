/** Make a version of a registered model from what a run logged. */

import { useRef, useState } from "preact/hooks";
import { get, post } from "../../api/client";
import { ApiError } from "../../api/errors";
import { useLoaded } from "../../app/data";
import { Dialog, Form, show } from "../../app/dialog";
import { Failure } from "../../app/failure";
import { Button, Skeleton } from "../../app/parts";
import { parentOf } from "../../lib/folders";
import { href } from "../../lib/url";
import { listAll, listFolder } from "../../preview/source";
import type { RunView, VersionWire } from "./model";

interface Choice {
  source: string;
  title: string;
  modelId: string;
}

interface Choices {
  folders: Choice[];
  names: string[];
}

/** The run of which a model is registered, and what shows it anew. */
type Registering = Pick<RunView, "id" | "refresh">;

export function openRegister(view: Registering): void {
  show((close) => <Register view={view} onClose={close} />);
}

function Register({ view, onClose }: { view: Registering; onClose: () => void }) {
  const [made, setMade] = useState<VersionWire | null>(null);
  const isDone = useRef(false);
  const found = useLoaded<Choices>(`register ${view.id}`, (signal) => choices(view.id, signal));
  if (made) return <Done version={made} onClose={onClose} />;
  if (!found.data || found.data.folders.length === 0) {
    return (
      <Dialog title="Register a model" onClose={onClose}>
        {found.error ? <Failure error={found.error} retry={found.refresh} what="list of files" />
          : !found.data ? <Skeleton rows={4} what="the models of the run" />
          : <p>This run has no model: no folder of it has an <code>MLmodel</code> file. Log one with <code>ct.sklearn.log_model(model, name="model")</code>.</p>}
      </Dialog>
    );
  }
  const { folders, names } = found.data;
  return (
    <Form
      title="Register a model" action="Register" onClose={() => {
        if (!isDone.current) onClose();
      }}
      fields={[
        { name: "model", label: "Registered model", required: true, suggestions: names, hint: "an existing one gets its next version; any other name makes a new one" },
        { name: "source", label: "Model of the run", value: folders[0]?.source, options: folders.map(({ source, title }) => ({ value: source, title })) },
        { name: "description", label: "Description of the version", lines: 3 },
      ]}
      act={async ({ model = "", source = "", description = "" }) => {
        const chosen = folders.find((each) => each.source === source);
        if (!names.includes(model.trim())) await makeModel(model.trim());
        const version = await register(model.trim(), source, view.id, chosen?.modelId ?? "", description.trim());
        isDone.current = true; // what was made is shown in its place
        void view.refresh();
        setMade(version);
      }}
    />
  );
}

/** Where there are more models than were listed, or somebody was faster, it is there already. */
async function makeModel(name: string): Promise<void> {
  try {
    await post("mlflow/registered-models/create", { name });
  } catch (error) {
    if (!(error instanceof ApiError && error.code === "RESOURCE_ALREADY_EXISTS")) throw error;
  }
}

async function register(name: string, source: string, run: string, model: string, description: string): Promise<VersionWire> {
  const asked = { name, source, run_id: run, ...(model ? { model_id: model } : {}), ...(description ? { description } : {}) };
  return (await post<{ model_version: VersionWire }>("mlflow/model-versions/create", asked)).model_version;
}

function Done({ version, onClose }: { version: VersionWire; onClose: () => void }) {
  return (
    <Dialog title="Registered" onClose={onClose}>
      <p><a href={href(["models", version.name, "versions", version.version])} onClick={onClose}>{version.name} v{version.version}</a> is there.</p>
      <footer><Button onClick={onClose}>Close</Button></footer>
    </Dialog>
  );
}

/** The folders of the run that are models: those with an MLmodel file; a logged model by its own id. */
async function choices(run: string, signal: AbortSignal): Promise<Choices> {
  const [root, all, known] = await Promise.all([
    listFolder({ run_id: run }, "", signal),
    listAll({ run_id: run }, "", signal),
    get<{ registered_models?: { name: string }[] }>("mlflow/registered-models/search", { max_results: 200 }, signal),
  ]);
  const ids = new Map(root.files.flatMap((each) => (each.model_id ? [[each.path, each.model_id] as const] : [])));
  const folders = all.files.filter(({ path }) => /(^|\/)MLmodel$/.test(path)).map(({ path }): Choice => {
    const folder = parentOf(path);
    const id = ids.get(folder) ?? "";
    return { source: id ? `models:/${id}` : `runs:/${run}${folder ? `/${folder}` : ""}`, title: id ? `${folder} (logged model)` : folder || "the root", modelId: id };
  });
  return { folders, names: (known.registered_models ?? []).map((each) => each.name) };
}
