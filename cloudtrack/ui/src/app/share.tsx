/** The address to give away, and other names of what is shown. */

import { Icon } from "./icons";
import { useKeys } from "./keys";
import { Button, copy, Popover } from "./parts";
import { toast } from "./toasts";
import { whole } from "../lib/url";

const LONGEST = 6000;

/** `tooLong` is done instead of copying an address that chats and mails would cut off. */
export function ShareMenu({ more = [], tooLong }: { more?: { title: string; text: string }[]; tooLong?: () => void }) {
  const share = (text: string, what: string): void => {
    if (tooLong && text.length > LONGEST) {
      toast(`this address has ${text.length} characters: save the view, and share its short one`);
      tooLong();
    } else copy(text, what);
  };
  useKeys((key) => {
    if (key !== "s") return false;
    share(whole(), "Address");
    return true;
  });
  return (
    <Popover label="Share" align="right" button={<><Icon name="link" /> Share</>}>
      {(close) => (
        <ul class="menu">
          {[{ title: "Copy the address of this view", text: whole() }, ...more].map(({ title, text }) => (
            <li key={title}><Button kind="quiet" onClick={() => { share(text, title.replace(/^Copy (the )?/, "")); close(); }}>{title}</Button></li>
          ))}
        </ul>
      )}
    </Popover>
  );
}
