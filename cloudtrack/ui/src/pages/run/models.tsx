/** The models of a run: those that it logged, and the versions that were made of them. */

import { Empty } from "../../app/failure";
import { Button } from "../../app/parts";
import type { RunView } from "./model";
import { LoggedModels, Versions } from "./outcomes";
import { openRegister } from "./register";

export default function ModelsTab({ view }: { view: RunView }) {
  const isEmpty = !view.run.outputs?.model_outputs?.length && !view.versions.length;
  return (
    <div class="overview">
      <p class="actions"><Button icon="models" disabled={view.readOnly} onClick={() => openRegister(view)}>Register a model</Button></p>
      {isEmpty && <Empty title="No models"><p>Log one with <code>ct.sklearn.log_model(model, name="model")</code>.</p></Empty>}
      <LoggedModels view={view} />
      <Versions view={view} />
    </div>
  );
}
