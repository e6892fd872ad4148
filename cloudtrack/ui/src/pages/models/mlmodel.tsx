/** What a model says of itself: signature, example, flavors, requirements, and the text of it. */

import type { Column, MlModel } from "../../api/registry";
import { CopyButton } from "../../app/parts";

export function SignatureTable({ model }: { model: MlModel }) {
  const { signature } = model;
  if (!signature) return <p class="none">No signature. Log one with <code>signature=ct.models.infer_signature(features, predictions)</code>.</p>;
  const parts: [string, readonly Column[]][] = [["input", signature.inputs], ["output", signature.outputs], ["param", signature.params]];
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Columns of the signature">
      <table class="plain">
        <thead><tr><th>of</th><th>name</th><th>type</th><th>shape</th><th>needed</th></tr></thead>
        <tbody>
          {parts.flatMap(([part, columns]) => columns.map((column, at) => (
            <tr key={`${part}${at}`}>
              <td>{part}</td>
              <th scope="row">{column.name ?? <span class="none">no name</span>}</th>
              <td>{column.nested ? <code title={JSON.stringify(column.nested, null, 1)}>{column.type} {JSON.stringify(column.nested)}</code> : column.type}</td>
              <td>{column.shape ? `(${column.shape.join(", ")})` : ""}</td>
              <td>{part === "param" ? `default ${JSON.stringify(column.default)}` : column.required === false ? "optional" : "yes"}</td>
            </tr>
          )))}
        </tbody>
      </table>
    </div>
  );
}

export function MlModelView({ model }: { model: MlModel }) {
  return (
    <>
      {model.problem && <p class="problem">It cannot be read as a model: {model.problem}</p>}
      {Object.entries(model.flavors ?? {}).map(([flavor, fields]) => (
        <div key={flavor}>
          <h3>{flavor}</h3>
          <Fields fields={fields} />
        </div>
      ))}
      {model.fields && <><h3>besides</h3><Fields fields={model.fields} /></>}
      <details>
        <summary>The text of MLmodel</summary>
        <CopyButton text={model.raw} label="Copy MLmodel" />
        <pre tabIndex={0} aria-label="MLmodel">{model.raw}</pre>
      </details>
    </>
  );
}

function Fields({ fields }: { fields: Record<string, unknown> }) {
  return (
    <dl class="pairs">
      {Object.entries(fields).filter(([, value]) => value !== null).map(([key, value]) => <div key={key}><dt>{key}</dt><dd>{typeof value === "object" ? <code>{JSON.stringify(value)}</code> : String(value)}</dd></div>)}
    </dl>
  );
}
