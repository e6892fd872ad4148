/** The datasets that a run read. */

import { isFrozen } from "../../api/frozen";
import { Chip } from "../../app/parts";
import { columnsOf, placeOf, readersFilter, sizeOf, widthOf } from "../../lib/dataset";
import { counted } from "../../lib/format";
import { href } from "../../lib/url";
import type { RunView } from "./model";

const CONTEXT = "mlflow.data.context";

export function Datasets({ view }: { view: RunView }) {
  const uses = view.run.inputs?.dataset_inputs ?? [];
  if (!uses.length) return null;
  return (
    <section aria-labelledby="datasets-head">
      <h2 id="datasets-head">Datasets</h2>
      <div class="wide-table" role="group" aria-labelledby="datasets-head" tabIndex={0}>
        <table class="plain-rows">
          <thead><tr><th scope="col">name</th><th scope="col">used for</th><th scope="col">rows</th><th scope="col">columns</th><th scope="col">from</th><th scope="col">digest</th></tr></thead>
          <tbody>
            {uses.map(({ dataset, tags = [] }, at) => (
              <tr key={at}>
                <th scope="row">{dataset.name}</th>
                <td>
                  <span>{tags.find((tag) => tag.key === CONTEXT)?.value ?? "–"}</span>{" "}
                  {tags.filter((tag) => tag.key !== CONTEXT).map(({ key, value }) => <Chip key={key}>{value ? `${key}: ${value}` : key}</Chip>)}
                </td>
                <td class="num">{sizeOf(dataset.profile)}</td>
                <td><Columns schema={dataset.schema} /></td>
                <td>{dataset.source_type || "–"} <Place source={dataset.source} /></td>
                <td>
                  <code>{dataset.digest}</code>{" "}
                  {!isFrozen() && <a class="readers" href={href(["experiments", view.run.info.experiment_id], { q: readersFilter(dataset.digest) })} title={`Runs of this experiment that read the digest ${dataset.digest}`}>runs that used it</a>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Columns({ schema }: { schema: string | undefined }) {
  const columns = columnsOf(schema);
  if (!columns.length) return <>–</>;
  const width = widthOf(schema);
  return (
    <details>
      <summary>{width}</summary>
      <ul class="schema">
        {columns.map(({ name, type, missing }, at) => <li key={at}>{name} <span class="note">{type}{missing && ", some missing"}</span></li>)}
        {width > columns.length && <li class="note">and {counted(width - columns.length, "more column")}</li>}
      </ul>
    </details>
  );
}

function Place({ source }: { source: string | undefined }) {
  const place = placeOf(source);
  if (!/^https?:\/\//.test(place)) return <span class="note place">{place}</span>;
  return <a class="place" href={place} rel="noreferrer noopener" target="_blank">{place}</a>;
}
