/** No page has this address. */

import { Crumbs, Heading } from "../app/frame";
import { Button } from "../app/parts";
import { openPalette } from "../app/palette";
import { href } from "../lib/url";
import { useTitle } from "../app/title";

export function UnknownPage({ path }: { path: readonly string[] }) {
  useTitle("Not found");
  const parent = path.slice(0, -1);
  return (
    <>
      <Crumbs parts={[{ title: "cloudtrack", to: "#/experiments" }, { title: "Not found" }]} />
      <Heading title="There is no such page" />
      <p>Nothing is at <code>{href(path)}</code>.</p>
      <p class="actions">
        <Button kind="main" onClick={openPalette}>Search</Button>
        <a href={parent.length ? href(parent) : "#/experiments"}>Go to {parent.length ? parent.join(" / ") : "experiments"}</a>
      </p>
    </>
  );
}
