/** How to load a version: by number, stage, alias, from any client. */

import { useState } from "preact/hooks";
import { isFrozen } from "../../api/frozen";
import type { MlModel, Version } from "../../api/registry";
import { useUiConfig } from "../../app/config";
import { Snippet } from "../../app/parts";
import { isHeld } from "../../lib/stage-rules";
import { loadSnippets } from "../../lib/snippets";
import { serverUri } from "../../lib/url";

const LONGEST_EXAMPLE = 2000;
/** Models are not loaded from an export. */
const SOME_SERVER = "https://your-server";

export function LoadIt({ version, model, isNewest }: { version: Version; model: MlModel | null; isNewest: boolean }) {
  const config = useUiConfig();
  const [shown, show] = useState("this version");
  const stage = version.current_stage;
  const snippets = loadSnippets(isFrozen() ? SOME_SERVER : serverUri(), version.name, version.version, isHeld(stage) && isNewest ? [stage] : [], version.aliases ?? [], {
    flavors: Object.keys(model?.flavors ?? {}),
    hasCode: model?.flavors?.python_function?.loader_module === "mlflow.pyfunc.model",
    isGuarded: config?.auth === "token",
    example: exampleOf(model),
  });
  const current = snippets.find((each) => each.title === shown) ?? snippets[0];
  return (
    <section class="pane">
      <h2>Load it</h2>
      <div class="choices" role="group" aria-label="Ways to load it">
        {snippets.map(({ title }) => <button key={title} type="button" aria-pressed={title === current?.title} onClick={() => show(title)}>{title}</button>)}
      </div>
      {current && <Snippet label={`snippet: ${current.title}`} text={current.text} />}
    </section>
  );
}

/** The input example as a scoring server takes it, where it is a short table. */
function exampleOf(model: MlModel | null): string | undefined {
  const text = model?.input_example?.text.trim();
  if (!text || text.length > LONGEST_EXAMPLE || model?.input_example?.size !== text.length) return undefined;
  return /^\{\s*"columns"/.test(text) ? `{"dataframe_split": ${text}}` : undefined;
}
