/** Every key there is. */

import { Crumbs, Heading } from "../app/frame";
import { KEYS } from "../app/keys";
import { useTitle } from "../app/title";

export function KeysPage() {
  useTitle("Keys");
  return (
    <>
      <Crumbs parts={[{ title: "cloudtrack", to: "#/experiments" }, { title: "Keys" }]} />
      <Heading title="Keys" />
      <p>They are off inside inputs, and can be turned off in the <a href="#/settings">settings</a>.</p>
      <div class="keys">
        {KEYS.map(({ where, keys }) => (
          <section key={where}>
            <h2>{where}</h2>
            <dl>{keys.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl>
          </section>
        ))}
      </div>
    </>
  );
}
