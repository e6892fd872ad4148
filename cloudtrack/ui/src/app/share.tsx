/** The address to give away, and other names of what is shown. */

import { Icon } from "./icons";
import { useKeys } from "./keys";
import { Button, copy, Popover } from "./parts";
import { whole } from "../lib/url";

export function ShareMenu({ more = [] }: { more?: { title: string; text: string }[] }) {
  useKeys((key) => {
    if (key !== "s") return false;
    copy(whole(), "Address");
    return true;
  });
  return (
    <Popover label="Share" align="right" button={<><Icon name="link" /> Share</>}>
      {(close) => (
        <ul class="menu">
          {[{ title: "Copy the address of this view", text: whole() }, ...more].map(({ title, text }) => (
            <li key={title}><Button kind="quiet" onClick={() => { copy(text, title.replace(/^Copy (the )?/, "")); close(); }}>{title}</Button></li>
          ))}
        </ul>
      )}
    </Popover>
  );
}
